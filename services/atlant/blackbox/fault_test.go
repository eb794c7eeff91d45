package blackbox_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/jedib0t/go-pretty/v6/table"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// faults is production under traffic, to which one thing after the other happens.
type faults struct {
	*production
	traffic *traffic
	auditor *auditor
	report  table.Writer
}

// TestFaults has everything happen that can happen to a process, a NATS server or the database while lists are fetched, with
// real ones of each. After each fault, and with the traffic over, every row that was accepted must be in the log once, and
// the views must be what the lists say, worked out without Atlant, and what a fold of the log says.
//
//	ATLANT_BLACKBOX_FAULTS=all go test -v -run TestFaults ./services/atlant/blackbox
//
// prints a table of what was done and what came of it. Without the variable it does less of everything, to end sooner, and
// leaves the NATS servers alone: on a busy machine their elections take as long as they like.
func TestFaults(t *testing.T) { //nolint:tparallel // one fault after the other, on the same processes
	t.Parallel()
	p := newProduction(t, faultShards, 2)
	f := &faults{production: p, traffic: newTraffic(t, p.serving), auditor: newAuditor(t, p), report: table.NewWriter()}
	f.report.AppendHeader(table.Row{"fault", "what was done", "in flight", "took", "fetches", "rows accepted", "lost", "twice", "views"})
	defer func() { t.Log("\n" + f.report.Render()) }()
	for _, fault := range []struct {
		name string
		does func(*faults, *testing.T) figures
	}{
		{"worker stopped", (*faults).stopWorkers},
		{"worker killed", (*faults).killWorkers},
		{"worker paused", (*faults).pauseWorkers},
		{"NATS leader killed", (*faults).killLeaders},
		{"NATS minority cut off", (*faults).cutOffMinority},
		{"database down", (*faults).stopDatabase},
		{"database slow", (*faults).slowDatabase},
		{"delivered twice", (*faults).deliverTwice},
		{"two rebuilds at once", (*faults).rebuildTwice},
	} {
		if strings.HasPrefix(fault.name, "NATS") && !thorough() {
			t.Logf("left out: %s; set ATLANT_BLACKBOX_FAULTS=all for it", fault.name)
			continue
		}
		if !t.Run(fault.name, func(t *testing.T) { f.bring(t, fault.name, fault.does) }) {
			return // the next one would begin with what this one has left
		}
	}
}

func thorough() bool { return os.Getenv("ATLANT_BLACKBOX_FAULTS") == "all" }

// extent is how much of something is done: some of it, or all.
func extent[T int | time.Duration](some, all T) T {
	if thorough() {
		return all
	}
	return some
}

// sampledChanges is of how many products the changes are looked at one by one after each fault; all are compared with a fold.
const sampledChanges = 200

// figures are what a fault has to say for itself.
type figures struct {
	did      string
	inFlight []int64         // messages that were in the log and not in the views yet, when it came
	took     []time.Duration // until others had taken over, or all went on
}

// bring has a fault happen amid traffic, and looks at what is left.
func (f *faults) bring(t *testing.T, name string, does func(*faults, *testing.T) figures) {
	t.Helper()
	f.traffic.flow(t)
	defer func() {
		if t.Failed() { // where it stands still
			status, err := f.serving.projection.GetStatus(t.Context(), connect.NewRequest(&atlantv1.GetStatusRequest{}))
			t.Logf("status: %v, %v", status, err)
		}
		f.traffic.ebbs()
	}()
	f.awaitInFlight(t)
	got := does(f, t)
	fetches := f.traffic.ebb(t)
	f.auditor.take(t)
	lost, accepted := f.auditor.lost(t, fetches)
	if lost != 0 || f.auditor.doubled != 0 || accepted == 0 {
		t.Errorf("%d rows accepted, %d of them lost, %d there twice", accepted, lost, f.auditor.doubled)
	}
	f.traffic.wantViews(t, sampledChanges)
	views := "equal"
	if t.Failed() {
		views = "NOT as they should be"
	}
	f.report.AppendRow(table.Row{
		name, got.did, span(got.inFlight), span(got.took), len(fetches), accepted, lost, f.auditor.doubled, views,
	})
}

// span writes the least, the middle and the most of some figures.
func span[T int64 | time.Duration](all []T) string {
	slices.Sort(all)
	texts := make([]string, len(all))
	for i, figure := range all {
		texts[i] = fmt.Sprint(figure)
		if took, ok := any(figure).(time.Duration); ok {
			texts[i] = took.Round(10 * time.Millisecond).String()
		}
	}
	switch len(all) {
	case 0:
		return ""
	case 1:
		return texts[0]
	default:
		return fmt.Sprintf("%s … %s … %s", texts[0], texts[len(all)/2], texts[len(all)-1])
	}
}

// lag returns how many messages are in the log and not in the views.
func (f *faults) lag(tb testing.TB) int64 {
	tb.Helper()
	return insist(tb, f.serving.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetLag()
}

// awaitInFlight waits until the views are behind the log, and returns how far.
func (f *faults) awaitInFlight(tb testing.TB) (lag int64) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		lag = f.lag(tb)
		return lag > 0
	}, "nothing is in flight")
	return lag
}

// awaitCaughtUp waits, under traffic, until the views hold all that is in the log now, and returns how long that took.
func (f *faults) awaitCaughtUp(tb testing.TB) time.Duration {
	tb.Helper()
	began, want := time.Now(), map[string]uint64{}
	eventuallyf(tb, func() bool {
		status := insist(tb, f.serving.projection.GetStatus, &atlantv1.GetStatusRequest{})
		for _, s := range status.GetProjections() {
			if _, known := want[s.GetStream()]; !known {
				want[s.GetStream()] = s.GetLastSequence()
			}
		}
		for _, s := range status.GetProjections() {
			if s.GetSequence() < want[s.GetStream()] || strings.Contains(s.GetError(), "not available") {
				return false
			}
		}
		return true
	}, "the views do not catch up")
	return time.Since(began)
}
