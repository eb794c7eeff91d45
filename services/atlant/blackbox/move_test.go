package blackbox_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestMove moves the log of an `atlant up` to a cluster, with fetches in it and some that wait: nothing that a client can see
// changes, neither in new views nor in the old ones, and what waited is done there.
func TestMove(t *testing.T) {
	t.Parallel()
	s, data, cluster := newShop(t), t.TempDir(), natstest.StartCluster(t, 3)
	move := []string{"move", "--data", data, "--nats", cluster.URL(), "--leaf", cluster.LeafURL(), "--replicas", "3"}
	a := start(t, data, allowPrivate)
	fill(t, a, s)
	a.caughtUp(t)
	expectRefusal(t, run(t, move...), 1, "another Atlant works on "+data)
	want := a.dump(t)
	sequence, late := a.prices(t)
	slow := s.handle("/slow.csv", slowList(smallList, 1000, patience/1000))
	waiting := []*atlantv1.Fetch{
		a.ask(t, &atlantv1.FetchRequest{Url: slow, Source: "waiting"}),
		a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/second.csv", header+"Second;2\n"), Source: "waiting"}),
	}
	a.awaitRunning(t, waiting[0].GetId())
	a.stop(t)

	interruptMove(t, move)
	r := run(t, move...)
	if r.code != 0 || !strings.Contains(r.out, "PRICES_00") || !strings.Contains(r.out, "was moved, with") || !strings.Contains(r.errOut, "atlant serve") {
		t.Fatalf("got %+v", r)
	}
	expectRefusal(t, run(t, upArguments(data)...), 1, "moved to "+cluster.URL(), "start with --nats "+cluster.URL(), "`atlant move`")

	s.sell("/slow.csv", header+"First;1\n")
	flags := []string{"--nats", cluster.URL(), "--replicas", "3", allowPrivate}
	a = start(t, t.TempDir(), append(flags, "--views", "sqlite:"+filepath.Join(t.TempDir(), "views"))...)
	for _, fetch := range waiting {
		if got := a.await(t, fetch.GetId()); got.GetState() != completed || got.GetPublished() != 1 {
			t.Errorf("got %v", got)
		}
	}
	a.caughtUp(t)
	moved := a.dump(t)
	withoutNew(moved).expectSame(t, want)
	if gotSequence, gotLate := a.prices(t); gotSequence != sequence+4 || gotLate != late { // each fetch is a price and a marker
		t.Errorf("got sequence %d and %d late, want %d and %d", gotSequence, gotLate, sequence+4, late)
	}
	a.stop(t)

	a = start(t, data, flags...) // the old views
	a.caughtUp(t)
	a.dump(t).expectSame(t, moved)
	a.get(t, &atlantv1.FetchRequest{Url: s.sell("/third.csv", header+"First;3\n"), Source: "waiting"})
	if got := run(t, "verify", "--addr", a.url); got.code != 0 || !strings.Contains(got.out, "equal") {
		t.Errorf("got %+v", got)
	}
	if r := run(t, move...); r.code != 0 || !strings.Contains(r.out, "nothing was done") {
		t.Errorf("got %+v", r)
	}
	backUpCluster(t, a, cluster)
}

// backUpCluster copies the log of a cluster that is in use, and restores it to a server, where all of it is.
func backUpCluster(t *testing.T, a *atlant, cluster *natstest.Cluster) {
	t.Helper()
	a.settled(t)
	want := a.dump(t)
	file := filepath.Join(t.TempDir(), "log.zip")
	if r := run(t, "backup", "--nats", cluster.URL(), file); r.code != 0 || !strings.Contains(r.out, "PRICES_00") {
		t.Fatalf("got %+v", r)
	}
	expectRefusal(t, run(t, "restore", "--nats", cluster.URL(), file), 1, "must be nothing of a log")
	other := natstest.StartServer(t, &server.Options{ServerName: "other", JetStream: true})
	restore := []string{"restore", "--nats", other.ClientURL(), file}
	if r := run(t, restore...); r.code != 0 || !strings.Contains(r.out, "restored to "+other.ClientURL()) {
		t.Fatalf("got %+v", r)
	}
	restored := start(t, t.TempDir(), "--nats", other.ClientURL())
	restored.caughtUp(t)
	restored.dump(t).expectSame(t, want)
	restored.cli(t, 0, "verify").holds(t, "equal")
}

// interruptMove kills a move as soon as it says that it is at a step, and then another one.
func interruptMove(tb testing.TB, arguments []string) {
	tb.Helper()
	for _, step := range []string{"creating mirrors", "sealing the old log"} {
		a := launch(tb, nil, arguments...)
		eventuallyf(tb, func() bool {
			select {
			case <-a.exited:
				tb.Fatalf("the move ended before %q:\n%s", step, a.stderr)
			default:
			}
			return strings.Contains(a.stderr.String(), step)
		}, "the move does not come to %q", step)
		a.kill(tb)
	}
}

// withoutNew returns what was there before the fetches that waited.
func withoutNew(d dump) dump {
	old := dump{Changes: d.Changes, Rejects: d.Rejects}
	for _, p := range d.Products {
		if p.GetSource() != "waiting" {
			old.Products = append(old.Products, p)
		}
	}
	for _, f := range d.Fetches {
		if f.GetSource() != "waiting" {
			old.Fetches = append(old.Fetches, f)
		}
	}
	return old
}
