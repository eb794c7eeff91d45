package main

import (
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	s := &fakeServer{status: func() (*atlantv1.GetStatusResponse, error) {
		return &atlantv1.GetStatusResponse{
			Lag: 500, Parked: 2, Products: 40_000, Version: "v1.2.3", Position: "p", Generation: 3,
			Projections: []*atlantv1.ProjectionStatus{
				{Stream: "PRICES_00", Sequence: 99_500, LastSequence: 100_000, Lag: 500, Rate: 51_234.5, Parked: 2, Late: 7, Owner: "w1"},
				{Stream: "FETCH_EVENTS", Sequence: 12, LastSequence: 12, Error: "the store is down"},
			},
		}, nil
	}}
	s.run(t, "status").expect(t, exitOK, ``+
		`stream        sequence     last  lag     rate  parked  late  owner  error
PRICES_00       99,500  100,000  500  51234/s       2     7  w1
FETCH_EVENTS        12       12    0      0/s       0     0         the store is down
40,000 products, lag 500, parked 2; generation 3; version v1.2.3
`, "")
	if r := s.run(t, "status", "--json"); r.code != exitOK || field(t, r.out, "products") != "40000" {
		t.Errorf("got %+v", r)
	}
}
