package projections

import (
	"testing"
	"time"
)

func TestRateMeter(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_760_000_000, 0)
	type step struct {
		after time.Duration // since start
		count int
	}
	tests := []struct {
		name  string
		steps []step
		at    time.Duration
		want  float64
	}{
		{"nothing", nil, 0, 0},
		{"one second", []step{{0, 500}}, 0, 500},
		{"within one second", []step{{0, 500}, {900 * time.Millisecond, 100}}, 999 * time.Millisecond, 600},
		{"two seconds", []step{{0, 500}, {time.Second, 100}}, time.Second, 300},
		{"a pause counts", []step{{0, 500}}, 9 * time.Second, 50},
		{"a burst, a pause, a burst", []step{{0, 100}, {9 * time.Second, 100}}, 9 * time.Second, 20},
		{"at the end of the window", []step{{0, 600}}, 59 * time.Second, 10},
		{"out of the window", []step{{0, 600}}, 60 * time.Second, 0},
		{"only the old leaves the window", []step{{0, 600}, {30 * time.Second, 600}}, 60 * time.Second, 600.0 / 31},
		{"a slot is used again", []step{{0, 600}, {60 * time.Second, 60}}, 60 * time.Second, 60},
		{"after a long time", []step{{0, 600}}, 24 * time.Hour, 0},
		{"nothing in between counts as no work", []step{{0, 0}, {10 * time.Second, 100}}, 10 * time.Second, 100},
		{"the clock was put back", []step{{10 * time.Second, 100}}, 0, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r rateMeter
			for _, s := range test.steps {
				r.add(start.Add(s.after), s.count)
			}
			if got := r.perSecond(start.Add(test.at)); got != test.want {
				t.Errorf("%v a second, want %v", got, test.want)
			}
		})
	}
}
