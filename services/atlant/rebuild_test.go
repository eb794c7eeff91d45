package main

import (
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// found is a comparison with a divergence of each kind.
func found() *atlantv1.Comparison {
	tea := &atlantv1.Product{Name: "Tea", Source: "shop", Price: eur(5_000_000), PriceChanges: 1, PriceChangedAt: at("10:00:00"), ObservedAt: at("10:00:00")}
	cheap := proto.CloneOf(tea)
	cheap.Price, cheap.PriceChanges = eur(1_000_000), 0
	return &atlantv1.Comparison{
		Products: 12_345, Missing: 1, Spare: 2, Differing: 3,
		Samples: []*atlantv1.Divergence{
			{ProductId: "1", Want: &atlantv1.Product{Name: "Milk", Source: "shop"}},
			{ProductId: "2", Got: &atlantv1.Product{Name: "Ghost\x1b[31m", Source: "shop"}},
			{ProductId: "3", Want: tea, Got: cheap, ChangesDiffer: true},
		},
	}
}

const foundText = `12,345 products compared: 1 missing, 2 that should not be there, 3 that differ
product        source  id  what is wrong
Milk           shop    1   missing
Ghost\x1b[31m  shop    2   should not be there
Tea            shop    3   price 1.00 EUR instead of 5.00 EUR, changes 0 instead of 1, other changes than the log has
`

func TestRebuildCommand(t *testing.T) {
	t.Parallel()
	var asked *atlantv1.RebuildRequest
	comparison, end := &atlantv1.Comparison{Products: 12_345}, error(nil)
	s := &fakeServer{rebuild: func(r *atlantv1.RebuildRequest, send func(*atlantv1.RebuildResponse) error) error {
		asked = r
		answers := []*atlantv1.RebuildResponse{
			{Stage: atlantv1.RebuildStage_REBUILD_STAGE_FILLING, Generation: 2, Done: 5, Total: 10, Rate: 3, Eta: durationpb.New(2)},
			{Stage: atlantv1.RebuildStage_REBUILD_STAGE_FILLING, Generation: 2, Done: 9, Total: 10, Rate: 3},
			{Stage: atlantv1.RebuildStage_REBUILD_STAGE_COMPARING, Generation: 2, Comparison: comparison},
		}
		if end == nil {
			answers = append(answers, &atlantv1.RebuildResponse{
				Stage: atlantv1.RebuildStage_REBUILD_STAGE_SWITCHED, Generation: 2, Comparison: comparison,
			})
		}
		for _, answer := range answers {
			if err := send(answer); err != nil {
				return err
			}
		}
		return end
	}}
	s.run(t, "rebuild", "--accept-differences", "--restart").expect(t, exitOK,
		"12,345 products compared: equal\ngeneration 2 is live; `atlant rebuild --rollback` goes back\n",
		"folding the log\ncomparing\nswitched\n")
	if !asked.GetAcceptDifferences() || !asked.GetRestart() || asked.GetRollback() {
		t.Errorf("asked for %v", asked)
	}
	s.run(t, "rebuild", "--rollback")
	if asked.GetAcceptDifferences() || asked.GetRestart() || !asked.GetRollback() {
		t.Errorf("asked for %v", asked)
	}
	if r := s.run(t, "rebuild", "--json"); r.code != exitOK || strings.Count(r.out, "\n") != 4 || field(t, strings.SplitN(r.out, "\n", 2)[0], "done") != "5" {
		t.Errorf("got %+v", r)
	}

	comparison, end = found(), connect.NewError(connect.CodeFailedPrecondition, errors.New("the rebuilt views differ from the live ones"))
	r := s.run(t, "rebuild")
	if r.code != exitFailure || r.out != foundText || !strings.Contains(r.errOut, "--accept-differences") || !strings.Contains(r.errOut, "differ") {
		t.Errorf("got %+v", r)
	}
	atlant(t, "rebuild", "--rollback", "--restart").expect(t, exitUsage, "",
		"atlant: rebuild: --rollback goes with neither --accept-differences nor --restart\n  see `atlant rebuild --help`\n")
}

func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	comparison := &atlantv1.Comparison{Products: 7}
	s := &fakeServer{verify: func(send func(*atlantv1.VerifyResponse) error) error {
		return errors.Join(send(&atlantv1.VerifyResponse{Done: 1, Total: 2}), send(&atlantv1.VerifyResponse{Comparison: comparison}))
	}}
	s.run(t, "verify").expect(t, exitOK, "7 products compared: equal\n", "folding the log\n")
	comparison = found()
	r := s.run(t, "verify")
	if r.code != exitFailure || r.out != foundText || !strings.Contains(r.errOut, "not what the log says") {
		t.Errorf("got %+v", r)
	}
	r = s.run(t, "verify", "--json")
	if r.code != exitFailure || field(t, r.out, "differing") != "3" {
		t.Errorf("got %+v", r)
	}
}

func TestRepairCommand(t *testing.T) {
	t.Parallel()
	var asked []string
	s := &fakeServer{repair: func(id string) (*atlantv1.RepairResponse, error) {
		asked = append(asked, id)
		if len(asked) == 1 {
			return &atlantv1.RepairResponse{Divergence: found().GetSamples()[0]}, nil
		}
		return &atlantv1.RepairResponse{}, nil
	}}
	const id = "d3df5eb9-c09d-5922-abff-d9185c96e3ee"
	s.run(t, "verify", "--repair", id, "--repair", " Rye,  Bread").expect(t, exitOK,
		id+": put right; it was: missing\n Rye,  Bread: nothing was wrong\n", "")
	if len(asked) != 2 || asked[0] != id || asked[1] != events.NewProductID("default", "Rye, Bread").String() {
		t.Errorf("asked for %v", asked)
	}
	s.run(t, "verify", "--repair", "Rye", "--source", "shop")
	if asked[2] != events.NewProductID("shop", "Rye").String() {
		t.Errorf("asked for %v", asked)
	}
	if r := s.run(t, "verify", "--repair", " "); r.code != exitUsage || !strings.Contains(r.errOut, "no name") {
		t.Errorf("got %+v", r)
	}
}

func TestBackendFlags(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		says string
		args []string
	}{
		{"atlant serve needs --nats and --views", []string{"serve"}},
		{"atlant work needs --views", []string{"work", "--nats", "nats://x"}},
		{"--nats-creds goes with --nats", []string{"up", "--nats-creds", "x"}},
		{"--nats-cert and --nats-key go together", []string{"up", "--nats", "nats://x", "--nats-cert", "x"}},
		{"--views must be a mongodb://", []string{"up", "--views", "postgres://x"}},
		{"--views must be a mongodb://", []string{"up", "--views", "sqlite:"}},
		{"--shards must be between 1 and 100", []string{"up", "--shards", "101"}},
		{"--replicas must be between 1 and 5", []string{"up", "--replicas=-1"}},
		{"--fetchers must be between 1 and 64", []string{"work", "--nats", "nats://x", "--views", "sqlite:x", "--fetchers", "0"}},
	} {
		if r := atlant(t, test.args...); r.code != exitUsage || !strings.Contains(r.errOut, test.says) {
			t.Errorf("%v: got %+v, want %q", test.args, r, test.says)
		}
	}
}
