package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// oldLog is a log in a folder, with something in each of its streams.
type oldLog struct {
	dir     string
	waiting []*atlantv1.FetchRequested // the first of them in hand when it was closed
	held    map[string][]natsjs.RawStreamMsg

	sources []*atlantv1.SourceRecord
	alarms  []*atlantv1.SourceAlarm // as the sources have them; that of the first has gone off
}

// movable are the streams of a log of two shards that are mirrored.
var movable = []string{"FETCH_EVENTS", "PRICES_00", "PRICES_01", "PARKED"}

func newOldLog(t testing.TB) *oldLog {
	t.Helper()
	old := &oldLog{dir: t.TempDir()}
	nc, stop := start(t, old.dir)
	log := open(t, nc, jetstream.Config{Shards: 2})
	for range 2 {
		fetch := publish(t, log, 40)
		_, err := log.AppendFetchEvents(t.Context(), fetch, 0, attempt(1), attempt(2))
		wantNoError(t, err)
	}
	_, err := log.Claim(t.Context(), "key", request(t))
	wantNoError(t, err)
	wantNoError(t, log.Park(t.Context(), events.Message{Stream: prices, Sequence: 7}, errCause))
	put(t, log.Uploads(), "upload", noise(1, 2*listChunk+1))
	put(t, log.HeldLists(), "held", noise(2, listChunk))
	put(t, log.HeldLists(), "deleted", noise(3, listChunk))
	wantNoError(t, log.HeldLists().DeleteList(t.Context(), "deleted"))
	for i := range 6 {
		r := request(t)
		r.Source = fmt.Sprint("source ", i%3)
		wantNoError(t, log.Enqueue(t.Context(), r))
		old.waiting = append(old.waiting, r)
	}
	queue, err := log.TakeFrom(t.Context(), events.PartitionOf(old.waiting[0].GetSource()))
	wantNoError(t, err)
	dequeue(t, queue, old.waiting[0])
	queue.Close()
	old.register(t, log)
	registerAlert(t, log, alertRecord("alert", "http://alert"), 0)
	wantNoError(t, log.MoveAlertPosition(t.Context(), 1, 12))
	wantNoError(t, log.Notify(t.Context(), fired("waiting")))
	wantNoError(t, log.RecordDelivery(t.Context(), &atlantv1.Delivery{Id: "delivered", Alert: "alert"}))
	old.held = holdings(t, nc)
	stop()
	return old
}

// register adds sources: one whose alarm has gone off and was not taken, one whose alarm was taken, one with an alarm to come,
// one without, and one that was deleted.
func (o *oldLog) register(t testing.TB, log *jetstream.Log) {
	t.Helper()
	taken := alarmIn("taken", -time.Hour)
	register(t, log, record("taken", "http://taken"), 0, taken)
	alarmQueue := alarms(t, log)
	wantNoError(t, nextAlarm(t, alarmQueue, taken).Done(t.Context()))
	alarmQueue.Close()
	o.alarms = []*atlantv1.SourceAlarm{alarmIn("due", -time.Hour), alarmIn("coming", time.Hour), nil}
	for i, name := range []string{"due", "coming", "by.hand"} {
		o.sources = append(o.sources, record(name, "http://"+name))
		register(t, log, o.sources[i], 0, o.alarms[i])
	}
	deleted := register(t, log, record("deleted", "http://deleted"), 0, alarmIn("deleted", time.Hour))
	wantNoError(t, log.UnregisterSource(t.Context(), "deleted", deleted))
	for set := o.alarms[0]; set != nil; time.Sleep(10 * time.Millisecond) { // until it has gone off
		var err error
		set, err = log.Alarm(t.Context(), "due")
		wantNoError(t, err)
	}
}

// wantSources checks that the sources are in a log, each with its alarm.
func (o *oldLog) wantSources(t testing.TB, log *jetstream.Log) {
	t.Helper()
	for i, want := range o.sources {
		got, err := log.RegisteredSource(t.Context(), want.GetName())
		wantNoError(t, err)
		if got == nil || !proto.Equal(got.Record, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if i > 0 {
			wantAlarm(t, log, want.GetName(), o.alarms[i])
		}
	}
	wantSource(t, log, "deleted", nil, 0)
	wantAlarm(t, log, "deleted", nil)
	queue := alarms(t, log)
	wantNoError(t, nextAlarm(t, queue, o.alarms[0]).Done(t.Context()))
	wantNoAlarm(t, queue, 500*time.Millisecond)
}

// wantAlerts checks that an alert is in a log, how far its shard is, what is to be delivered, and what was.
func wantAlerts(t testing.TB, log *jetstream.Log) {
	t.Helper()
	found, err := log.RegisteredAlert(t.Context(), "alert")
	wantNoError(t, err)
	at, err := log.AlertPosition(t.Context(), 1)
	wantNoError(t, err)
	delivery, err := log.Delivery(t.Context(), "alert", "delivered")
	wantNoError(t, err)
	if found == nil || found.Record.GetAlert().GetWebhookUrl() != "http://alert" || at != 12 || delivery.GetId() != "delivered" {
		t.Errorf("got %v at %d, and %v", found, at, delivery)
	}
	queue, err := log.TakeNotifications(t.Context())
	wantNoError(t, err)
	defer queue.Close()
	wantNoError(t, nextNotification(t, queue, "waiting").Done(t.Context()))
}

// holdings reads all messages of the streams that are moved.
func holdings(t testing.TB, nc *nats.Conn) map[string][]natsjs.RawStreamMsg {
	t.Helper()
	js, all := server(t, nc), map[string][]natsjs.RawStreamMsg{}
	for _, name := range movable {
		stream, err := js.Stream(t.Context(), name)
		wantNoError(t, err)
		for sequence := uint64(1); sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
			msg, err := stream.GetMsg(t.Context(), sequence)
			wantNoError(t, err)
			all[name] = append(all[name], *msg)
		}
	}
	return all
}

func wantHoldings(t testing.TB, nc *nats.Conn, want map[string][]natsjs.RawStreamMsg) {
	t.Helper()
	got := holdings(t, nc)
	for _, name := range movable {
		if len(got[name]) != len(want[name]) || len(want[name]) == 0 {
			t.Fatalf("%s: %d messages, want %d", name, len(got[name]), len(want[name]))
		}
		for i, msg := range got[name] {
			same := want[name][i]
			if msg.Subject != same.Subject || string(msg.Data) != string(same.Data) || !msg.Time.Equal(same.Time) || msg.Sequence != same.Sequence {
				t.Fatalf("%s: got %v, want %v", name, msg, same)
			}
		}
	}
}

// destination is where a log goes.
type destination struct{ url, leaf string }

func clusterOf(c *natstest.Cluster) destination { return destination{c.URL(), c.LeafURL()} }

// newDestination starts one server that takes leaf nodes.
func newDestination(t testing.TB) destination {
	t.Helper()
	return startDestination(t, &natsd.Options{})
}

func startDestination(t testing.TB, options *natsd.Options) destination {
	t.Helper()
	options.JetStream, options.LeafNode.Host, options.LeafNode.Port = true, "127.0.0.1", -1
	return destination{natstest.StartServer(t, options).ClientURL(), natstest.LeafURL(options)}
}

func (o *oldLog) config(to destination) jetstream.MoveConfig {
	return jetstream.MoveConfig{
		Dir: o.dir, To: jetstream.ConnectConfig{URL: to.url, Name: "move", Logger: quiet}, LeafURLs: to.leaf, Logger: quiet,
		Patience: 2 * time.Second,
	}
}

func mustMove(t testing.TB, config jetstream.MoveConfig) *jetstream.Moved {
	t.Helper()
	moved, err := jetstream.Move(t.Context(), config)
	wantNoError(t, err)
	return moved
}

// wantMoved checks that a log is there, as it was, and that it goes on.
func wantMoved(t testing.TB, old *oldLog, to destination, replicas int) {
	t.Helper()
	nc := connect(t, to.url)
	log := open(t, nc, jetstream.Config{Replicas: replicas})
	wantHoldings(t, nc, old.held)
	if log.Shards() != 2 {
		t.Errorf("%d shards", log.Shards())
	}
	wantQueued(t, log, old.waiting)
	old.wantSources(t, log)
	wantAlerts(t, log)
	wantList(t, log.Uploads(), "upload", noise(1, 2*listChunk+1))
	wantList(t, log.HeldLists(), "held", noise(2, listChunk))
	wantList(t, log.HeldLists(), "deleted", nil)
	for _, stream := range []events.Stream{"PRICES_00", "PRICES_01"} {
		before := old.held[string(stream)]
		publish(t, log, 30)
		got := readAll(t, log, stream, uint64(len(before)))
		if len(got) == 0 || got[0].Sequence != uint64(len(before))+1 {
			t.Errorf("%s does not go on after %d: %v", stream, len(before), got)
		}
	}
	claimed, err := log.Claim(t.Context(), "key", request(t))
	wantNoError(t, err)
	if claimed.GetId() == "" {
		t.Error("the claim is gone")
	}
}

// wantGone checks that the old folder is not opened any more. It is still a back-up, for who removes the mark.
func wantGone(t testing.TB, old *oldLog, to destination) {
	t.Helper()
	_, err := jetstream.StartEmbedded(old.dir, quiet)
	if moved, ok := errors.AsType[jetstream.MovedError](err); !ok || moved.To != to.url {
		t.Errorf("got %v", err)
	}
	mark := filepath.Join(old.dir, "move")
	text, err := os.ReadFile(mark)
	wantNoError(t, err)
	wantNoError(t, os.Remove(mark))
	nc, stop := start(t, old.dir)
	wantHoldings(t, nc, old.held)
	stop()
	wantNoError(t, os.WriteFile(mark, text, 0o600))
}

func TestMoveToCluster(t *testing.T) {
	t.Parallel()
	old, to := newOldLog(t), clusterOf(natstest.StartCluster(t, 3))
	config := old.config(to)
	config.Replicas = 3
	moved := mustMove(t, config)
	if moved.Already || moved.Requests != len(old.waiting) || moved.Lists != 2 || len(moved.Streams) != len(movable) {
		t.Errorf("got %+v", moved)
	}
	for i, stream := range moved.Streams {
		want := uint64(len(old.held[movable[i]]))
		if stream.Name != movable[i] || stream.Messages != want || stream.Last != want {
			t.Errorf("got %+v, want %d of %s", stream, want, movable[i])
		}
	}
	wantMoved(t, old, to, 3)
	wantGone(t, old, to)

	if again := mustMove(t, config); !again.Already || again.Requests != 0 || again.Streams[1].Messages <= moved.Streams[1].Messages {
		t.Errorf("the second time: %+v", again)
	}
	wantQueued(t, open(t, connect(t, to.url), jetstream.Config{}), nil)
}

var errInterrupted = errors.New("interrupted")

// moveUntil moves a log until a step is reported for the n-th time; false if the move ended before.
func moveUntil(t testing.TB, config jetstream.MoveConfig, stage jetstream.MoveStage, n int) bool {
	t.Helper()
	ctx, interrupt := context.WithCancelCause(t.Context())
	config.Report = func(p jetstream.MoveProgress) {
		if p.Stage == stage {
			if n--; n == 0 {
				interrupt(errInterrupted)
			}
		}
	}
	_, err := jetstream.Move(ctx, config)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return err != nil
}

// Interrupted at any step, a move goes on where it was.
func TestMoveInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage jetstream.MoveStage
		at    []int // the how-manieth report
		begun bool  // there is something of it on the other side
		used  bool  // the old log can be used
	}{
		{jetstream.MoveCreating, []int{1}, false, true},
		{jetstream.MoveCreating, []int{3}, true, true},
		{jetstream.MoveSealing, []int{1}, true, true},
		{jetstream.MoveQueue, []int{2}, true, false},
		{jetstream.MoveLists, []int{2}, true, false},
		{jetstream.MovePromoting, []int{1, 3}, true, false},
	} {
		for _, n := range c.at {
			t.Run(fmt.Sprint(c.stage, n), func(t *testing.T) {
				t.Parallel()
				old, to := newOldLog(t), newDestination(t)
				config := old.config(to)
				config.Patience = patience
				if !moveUntil(t, config, c.stage, n) {
					t.Fatal("not interrupted")
				}
				if c.begun {
					wantRefused(t, connect(t, to.url), jetstream.Config{}, "a log that is moved to here", "`atlant move`")
				}
				if c.used {
					nc, stop := start(t, old.dir)
					publish(t, open(t, nc, jetstream.Config{}), 10) // which the mirrors then lack
					old.held = holdings(t, nc)
					stop()
				} else {
					wantGone(t, old, to)
				}
				if mustMove(t, config).Already {
					t.Error("it was there already")
				}
				wantMoved(t, old, to, 1)
				wantGone(t, old, to)
			})
		}
	}
}

// wantNotMoved checks that a move is refused for all these reasons, and that the old log can be used all the same.
func wantNotMoved(t testing.TB, old *oldLog, config jetstream.MoveConfig, why ...string) {
	t.Helper()
	_, err := jetstream.Move(t.Context(), config)
	if err == nil {
		t.Fatal("moved")
	}
	for _, words := range why {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q is missing in: %v", words, err)
		}
	}
	nc, stop := start(t, old.dir)
	defer stop()
	open(t, nc, jetstream.Config{Shards: 2})
	wantHoldings(t, nc, old.held)
}

func streamNames(t testing.TB, nc *nats.Conn) []string {
	t.Helper()
	all, err := askAgain(func() (all []string, err error) {
		names := server(t, nc).StreamNames(t.Context())
		for name := range names.Name() {
			all = append(all, name)
		}
		return all, names.Err()
	})
	wantNoError(t, err)
	slices.Sort(all)
	return all
}

func TestMoveOntoAnotherLog(t *testing.T) {
	t.Parallel()
	old, other, to := newOldLog(t), newOldLog(t), newDestination(t)
	nc := connect(t, to.url)
	log := open(t, nc, jetstream.Config{})
	publish(t, log, 5)
	wantNotMoved(t, old, old.config(to), "stream FETCH_EVENTS", "stream PRICES_00", "stream PARKED", "of another log")
	if got := readAll(t, log, prices, 0); len(got) != 6 {
		t.Errorf("%d messages", len(got))
	}

	to = newDestination(t)
	moveUntil(t, other.config(to), jetstream.MoveSealing, 1)
	wantNotMoved(t, old, old.config(to), "of another log") // half of one
	mustMove(t, other.config(to))
	wantNotMoved(t, old, old.config(to), "of another log")
	wantMoved(t, other, to, 1)
}

// A stream of another name can have the subjects of the log; a mirror would be made before that shows.
func TestMoveOntoTakenSubjects(t *testing.T) {
	t.Parallel()
	old, to := newOldLog(t), newDestination(t)
	nc := connect(t, to.url)
	_, err := server(t, nc).CreateStream(t.Context(), natsjs.StreamConfig{Name: "THEIRS", Subjects: []string{"prices.1.observed"}})
	wantNoError(t, err)
	wantNotMoved(t, old, old.config(to), "stream PRICES_01", "THEIRS")
	if names := streamNames(t, nc); !slices.Equal(names, []string{"THEIRS"}) {
		t.Errorf("there are %v", names)
	}
}

func TestMoveWithoutWay(t *testing.T) {
	t.Parallel()
	old := newOldLog(t)
	closed := natstest.StartServer(t, &natsd.Options{JetStream: true})
	to := destination{closed.ClientURL(), "nats-leaf://127.0.0.1:1"}
	wantNotMoved(t, old, old.config(to), "a leaf connection", "127.0.0.1:1", "leafnodes {port: 7422}")
	if names := streamNames(t, connect(t, to.url)); len(names) > 0 {
		t.Errorf("there are %v", names)
	}

	to = startDestination(t, &natsd.Options{LeafNode: natsd.LeafNodeOpts{Username: "leaf", Password: "secret"}})
	wantNotMoved(t, old, old.config(to), "a leaf connection", "Authorization Violation")
	to.leaf = strings.Replace(to.leaf, "://", "://leaf:secret@", 1)
	mustMove(t, old.config(to))
	wantMoved(t, old, to, 1)
}

// The leaf connection may end in an account in which nobody looks for the log.
func TestMoveIntoAnotherAccount(t *testing.T) {
	t.Parallel()
	old := newOldLog(t)
	there, elsewhere := natsd.NewAccount("THERE"), natsd.NewAccount("ELSEWHERE")
	options := &natsd.Options{
		JetStream: true, Accounts: []*natsd.Account{there, elsewhere},
		Users:    []*natsd.User{{Username: "there", Password: "p", Account: there}, {Username: "elsewhere", Password: "p", Account: elsewhere}},
		LeafNode: natsd.LeafNodeOpts{Host: "127.0.0.1", Port: -1},
	}
	s := natstest.StartServer(t, options)
	account, err := s.LookupAccount("THERE")
	wantNoError(t, err)
	wantNoError(t, account.EnableJetStream(nil, nil))
	as := func(user, url string) string { return strings.Replace(url, "://", "://"+user+":p@", 1) }
	leaf := natstest.LeafURL(options)
	to := destination{as("there", s.ClientURL()), as("elsewhere", leaf)}
	wantNotMoved(t, old, old.config(to), "the way to the old log", "account")
	to.leaf = as("there", leaf)
	mustMove(t, old.config(to))
	wantMoved(t, old, to, 1)
	if _, err := jetstream.StartEmbedded(old.dir, quiet); err == nil || strings.Contains(err.Error(), "there:") {
		t.Errorf("got %v", err) // it would show a password
	}
}

func TestMoveOfNothing(t *testing.T) {
	t.Parallel()
	_, err := jetstream.Move(t.Context(), jetstream.MoveConfig{Dir: t.TempDir(), Logger: quiet})
	wantError(t, err, jetstream.ErrNoLog)
}

func TestMoveOfLogInUse(t *testing.T) {
	t.Parallel()
	old, to := newOldLog(t), newDestination(t)
	start(t, old.dir)
	_, err := jetstream.Move(t.Context(), old.config(to))
	wantError(t, err, jetstream.ErrDataInUse)
}

// Moved there, it is not moved anywhere else.
func TestMoveTwice(t *testing.T) {
	t.Parallel()
	old, to := newOldLog(t), newDestination(t)
	mustMove(t, old.config(to))
	elsewhere := newDestination(t)
	_, err := jetstream.Move(t.Context(), old.config(elsewhere))
	if moved, ok := errors.AsType[jetstream.MovedError](err); !ok || moved.To != to.url {
		t.Errorf("got %v", err)
	}
	if names := streamNames(t, connect(t, elsewhere.url)); len(names) > 0 {
		t.Errorf("there are %v", names)
	}
}

func TestMoveWithFewServers(t *testing.T) {
	t.Parallel()
	old, to := newOldLog(t), newDestination(t)
	config := old.config(to)
	config.Replicas = 3
	wantNotMoved(t, old, config, "replicas")
	mustMove(t, old.config(to))
	wantMoved(t, old, to, 1)
}
