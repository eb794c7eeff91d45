package jetstream_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func record(name, url string) *atlantv1.SourceRecord {
	return &atlantv1.SourceRecord{Name: name, Url: url, UpdatedAt: timestamppb.Now()}
}

// alarmIn returns an alarm, some whole seconds from now.
func alarmIn(name string, after time.Duration) *atlantv1.SourceAlarm {
	return &atlantv1.SourceAlarm{
		Source: name, DueAt: timestamppb.New(time.Now().Add(after).Truncate(time.Second)), LastFetchId: "last of " + name,
	}
}

func register(t testing.TB, log events.SourceRegistry, record *atlantv1.SourceRecord, revision uint64, alarm *atlantv1.SourceAlarm) uint64 {
	t.Helper()
	now, err := log.RegisterSource(t.Context(), record, revision, alarm)
	wantNoError(t, err)
	if now <= revision {
		t.Fatalf("revision %d after %d", now, revision)
	}
	return now
}

func wantSource(t testing.TB, log events.SourceRegistry, name string, want *atlantv1.SourceRecord, revision uint64) {
	t.Helper()
	got, err := log.RegisteredSource(t.Context(), name)
	wantNoError(t, err)
	switch {
	case want == nil && got != nil:
		t.Fatalf("got %v, want none", got)
	case want != nil && (got == nil || got.Revision != revision || !proto.Equal(got.Record, want)):
		t.Fatalf("got %v, want %v at %d", got, want, revision)
	}
}

func wantAlarm(t testing.TB, log events.SourceRegistry, name string, want *atlantv1.SourceAlarm) {
	t.Helper()
	got, err := log.Alarm(t.Context(), name)
	wantNoError(t, err)
	if (got == nil) != (want == nil) || !proto.Equal(got, want) {
		t.Fatalf("alarm %v, want %v", got, want)
	}
}

func alarms(t testing.TB, log events.SourceRegistry) events.AlarmQueue {
	t.Helper()
	queue, err := log.Alarms(t.Context())
	wantNoError(t, err)
	t.Cleanup(queue.Close)
	return queue
}

func nextAlarm(t testing.TB, queue events.AlarmQueue, want *atlantv1.SourceAlarm) events.AlarmItem {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	item, err := queue.Next(ctx)
	wantNoError(t, err)
	if !proto.Equal(item.Alarm(), want) {
		t.Fatalf("got %v, want %v", item.Alarm(), want)
	}
	return item
}

func wantNoAlarm(t testing.TB, queue events.AlarmQueue, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if item, err := queue.Next(ctx); err == nil {
		t.Fatalf("got %v", item.Alarm())
	}
}

// TestSourceRegistry does the same to a registry on one server and to one on a cluster.
func TestSourceRegistry(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, *jetstream.Log){
		"records": testRecords, "list": testListSources, "race": testRegisterAtOnce, "alarm": testAlarm,
		"changed alarm": testChangedAlarm, "late alarms": testLateAlarms, "shared alarms": testSharedAlarms,
	}
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		for name, test := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				log, _ := newLog(t, 1)
				test(t, log)
			})
		}
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		for name, test := range cases {
			t.Run(name, func(t *testing.T) { // one after the other, each with its own cluster
				test(t, onCluster(t, natstest.StartCluster(t, 3)))
			})
		}
	})
}

func testRecords(t *testing.T, log *jetstream.Log) {
	t.Helper()
	wantSource(t, log, "a.b", nil, 0)
	first := record("a.b", "http://one")
	at1 := register(t, log, first, 0, nil)
	wantSource(t, log, "a.b", first, at1)
	wantSource(t, log, "a", nil, 0)
	for _, wrong := range []uint64{0, at1 - 1, at1 + 1} {
		_, err := log.RegisterSource(t.Context(), record("a.b", "http://wrong"), wrong, nil)
		wantError(t, err, events.ErrConflict)
		wantError(t, log.UnregisterSource(t.Context(), "a.b", wrong), events.ErrConflict)
	}
	second := record("a.b", "http://two")
	at2 := register(t, log, second, at1, nil)
	wantSource(t, log, "a.b", second, at2)

	wantNoError(t, log.UnregisterSource(t.Context(), "a.b", at2))
	wantSource(t, log, "a.b", nil, 0)
	wantError(t, log.UnregisterSource(t.Context(), "a.b", at2), events.ErrConflict)
	_, err := log.RegisterSource(t.Context(), second, at2, nil) // what was deleted is not changed
	wantError(t, err, events.ErrConflict)
	third := record("a.b", "http://three")
	wantSource(t, log, "a.b", third, register(t, log, third, 0, nil))
}

func testListSources(t *testing.T, log *jetstream.Log) {
	t.Helper()
	for _, name := range []string{"b", "a.c", "B", "a", "a-b", "gone", "a_b", "a.b"} {
		register(t, log, record(name, "http://"+name), 0, nil)
	}
	gone, err := log.RegisteredSource(t.Context(), "gone")
	wantNoError(t, err)
	wantNoError(t, log.UnregisterSource(t.Context(), "gone", gone.Revision))
	for _, size := range []int{1, 2, 3, 7, 100} {
		var names []string
		for after := ""; ; after = names[len(names)-1] {
			page, err := log.RegisteredSources(t.Context(), after, size)
			wantNoError(t, err)
			for _, source := range page {
				names = append(names, source.Record.GetName())
			}
			if len(page) < size {
				break
			}
		}
		if want := []string{"B", "a", "a-b", "a.b", "a.c", "a_b", "b"}; !slices.Equal(names, want) {
			t.Errorf("pages of %d: %v, want %v", size, names, want)
		}
	}
}

// testRegisterAtOnce: of several who make the same change one does.
func testRegisterAtOnce(t *testing.T, log *jetstream.Log) {
	t.Helper()
	at := register(t, log, record("s", "http://first"), 0, nil)
	var won atomic.Int64
	var writing sync.WaitGroup
	for n := range 8 {
		writing.Go(func() {
			_, err := log.RegisterSource(t.Context(), record("s", fmt.Sprint("http://", n)), at, alarmIn("s", time.Hour))
			if err == nil {
				won.Add(1)
				return
			}
			wantConflict(t, err)
		})
	}
	writing.Wait()
	if won.Load() != 1 {
		t.Errorf("%d changes were made", won.Load())
	}
}

func testAlarm(t *testing.T, log *jetstream.Log) {
	t.Helper()
	queue := alarms(t, log)
	alarm := alarmIn("a.b", 2*time.Second)
	at := register(t, log, record("a.b", "http://one"), 0, alarm)
	wantAlarm(t, log, "a.b", alarm)
	item := nextAlarm(t, queue, alarm)
	if early := time.Until(alarm.GetDueAt().AsTime()); early > 0 {
		t.Errorf("went off %s early", early)
	}
	wantAlarm(t, log, "a.b", nil) // it is set no more
	item.Later(10 * time.Millisecond)
	item = nextAlarm(t, queue, alarm)
	wantNoError(t, item.Done(t.Context()))

	again := alarmIn("a.b", 2*time.Second)
	wantError(t, log.SetAlarm(t.Context(), again, at-1), events.ErrConflict)
	wantError(t, log.SetAlarm(t.Context(), alarmIn("none", time.Second), at), events.ErrConflict)
	wantAlarm(t, log, "a.b", nil)
	wantNoError(t, log.SetAlarm(t.Context(), again, at))
	wantNoError(t, nextAlarm(t, queue, again).Done(t.Context()))
	wantNoAlarm(t, queue, 500*time.Millisecond)
}

// testChangedAlarm: an alarm goes off no more once its source has another one, or none.
func testChangedAlarm(t *testing.T, log *jetstream.Log) {
	t.Helper()
	queue := alarms(t, log)
	revisions := map[string]uint64{}
	for _, name := range []string{"moved", "set", "paused", "deleted"} {
		revisions[name] = register(t, log, record(name, "http://one"), 0, alarmIn(name, 2*time.Second))
	}
	later := alarmIn("moved", 4*time.Second)
	register(t, log, record("moved", "http://two"), revisions["moved"], later)
	wantNoError(t, log.SetAlarm(t.Context(), alarmIn("set", time.Hour), revisions["set"]))
	register(t, log, record("paused", "http://two"), revisions["paused"], nil)
	wantAlarm(t, log, "paused", nil)
	wantNoError(t, log.UnregisterSource(t.Context(), "deleted", revisions["deleted"]))
	wantAlarm(t, log, "deleted", nil)
	wantError(t, log.SetAlarm(t.Context(), alarmIn("deleted", 0), revisions["deleted"]), events.ErrConflict)
	wantNoError(t, nextAlarm(t, queue, later).Done(t.Context()))
	wantNoAlarm(t, queue, time.Second)
}

// testLateAlarms: what is due already goes off at once, and of what nobody takes the last is left.
func testLateAlarms(t *testing.T, log *jetstream.Log) {
	t.Helper()
	last := alarmIn("late", -time.Hour)
	at := register(t, log, record("late", "http://one"), 0, alarmIn("late", -3*time.Hour))
	for ; ; time.Sleep(10 * time.Millisecond) {
		set, err := log.Alarm(t.Context(), "late")
		wantNoError(t, err)
		if set == nil {
			break
		}
	}
	wantNoError(t, log.SetAlarm(t.Context(), last, at))
	for ; ; time.Sleep(10 * time.Millisecond) {
		set, err := log.Alarm(t.Context(), "late")
		wantNoError(t, err)
		if set == nil {
			break
		}
	}
	queue := alarms(t, log)
	wantNoError(t, nextAlarm(t, queue, last).Done(t.Context()))
	wantNoAlarm(t, queue, 500*time.Millisecond)
}

// testSharedAlarms: each alarm is taken by one of those who share them.
func testSharedAlarms(t *testing.T, log *jetstream.Log) {
	t.Helper()
	const sources = 30
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var mu sync.Mutex
	taken := map[string]int{}
	var taking sync.WaitGroup
	for range 3 {
		queue := alarms(t, log)
		taking.Go(func() {
			for {
				item, err := queue.Next(ctx)
				if err != nil {
					return
				}
				if err := item.Done(ctx); err != nil {
					t.Error(err)
				}
				mu.Lock()
				if taken[item.Alarm().GetSource()]++; len(taken) == sources {
					time.AfterFunc(300*time.Millisecond, cancel)
				}
				mu.Unlock()
			}
		})
	}
	for n := range sources {
		name := fmt.Sprint("s", n)
		register(t, log, record(name, "http://one"), 0, alarmIn(name, time.Second))
	}
	taking.Wait()
	if len(taken) != sources {
		t.Errorf("%d were taken of %d", len(taken), sources)
	}
	for name, times := range taken {
		if times != 1 {
			t.Errorf("%s was taken %d times", name, times)
		}
	}
}

// TestAlarmsOutliveServer: an alarm that was due while the server was down goes off once when it is up again, one that is not
// due then at its time; and one in hand comes back.
func TestAlarmsOutliveServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nc, stop := start(t, dir)
	log := open(t, nc, jetstream.Config{})
	inHand, missed, coming := alarmIn("in-hand", -time.Second), alarmIn("missed", time.Second), alarmIn("coming", 5*time.Second)
	register(t, log, record("in-hand", "http://one"), 0, inHand)
	nextAlarm(t, alarms(t, log), inHand)
	register(t, log, record("missed", "http://one"), 0, missed)
	at := register(t, log, record("coming", "http://one"), 0, coming)
	stop()
	time.Sleep(time.Until(missed.GetDueAt().AsTime().Add(time.Second)))

	nc, _ = start(t, dir)
	log = open(t, nc, jetstream.Config{})
	if source, err := log.RegisteredSource(t.Context(), "coming"); err != nil || source.Revision != at {
		t.Errorf("%v, %v", source, err)
	}
	queue := alarms(t, log)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got := map[string]*atlantv1.SourceAlarm{}
	for range 3 {
		item, err := queue.Next(ctx)
		wantNoError(t, err)
		wantNoError(t, item.Done(ctx))
		if again := got[item.Alarm().GetSource()]; again != nil {
			t.Errorf("twice: %v", again)
		}
		got[item.Alarm().GetSource()] = item.Alarm()
	}
	for _, want := range []*atlantv1.SourceAlarm{inHand, missed, coming} {
		if !proto.Equal(got[want.GetSource()], want) {
			t.Errorf("got %v, want %v", got[want.GetSource()], want)
		}
	}
	wantNoAlarm(t, queue, time.Second)
}

// TestAlarmsOutliveLeader: the server that leads the sources dies between setting an alarm and its going off.
func TestAlarmsOutliveLeader(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	log := onCluster(t, c)
	queue := alarms(t, log)
	alarm := alarmIn("s", 3*time.Second)
	at := register(t, log, record("s", "http://one"), 0, alarm)
	c.Kill(c.LeaderOf("SOURCES"))
	item := nextAlarm(t, queue, alarm)
	_, err := retried(func() (int, error) { return 0, item.Done(t.Context()) })
	wantNoError(t, err)
	again := alarmIn("s", time.Second)
	_, err = retried(func() (int, error) { return 0, log.SetAlarm(t.Context(), again, at) })
	wantNoError(t, err)
	for { // the first may have come back meanwhile
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		got, err := queue.Next(ctx)
		cancel()
		wantNoError(t, err)
		wantNoError(t, got.Done(t.Context()))
		if proto.Equal(got.Alarm(), again) {
			break
		}
	}
}
