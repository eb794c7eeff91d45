package source

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// ring lets the alarm that is set for source s go off late by some time, and returns it as it was.
func (p *plant) ring(t testing.TB, late time.Duration) *atlantv1.SourceAlarm {
	t.Helper()
	alarm := p.alarm(t, "s")
	if alarm == nil {
		t.Fatal("no alarm is set")
	}
	wantNoError(t, p.scheduler().ring(t.Context(), alarm, alarm.GetDueAt().AsTime().Add(late)))
	return alarm
}

// TestRing: each alarm makes one fetch, however often it is answered, and sets the next.
func TestRing(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://u:sesame@shop.example/", CurrencyCode: "EUR", Schedule: every("1h")})
	first := p.ring(t, time.Second)
	all := p.all(t, "s")
	if len(all) != 1 || !proto.Equal(all[0].GetScheduledFor(), first.GetDueAt()) || all[0].GetState() != queued {
		t.Fatalf("got %v", all)
	}
	second := p.alarm(t, "s")
	if got := second.GetDueAt().AsTime().Sub(first.GetDueAt().AsTime()); got != time.Hour || second.GetLastFetchId() != all[0].GetId() {
		t.Errorf("the next alarm is %v", second)
	}
	p.end(t, all[0].GetId(), completed)
	for range 2 { // it comes once more, because whoever answered it died
		wantNoError(t, p.scheduler().ring(t.Context(), first, first.GetDueAt().AsTime().Add(2*time.Second)))
	}
	if all = p.all(t, "s"); len(all) != 1 || !proto.Equal(p.alarm(t, "s").GetDueAt(), second.GetDueAt()) {
		t.Errorf("got %v, and alarm %v", all, p.alarm(t, "s"))
	}
	p.ring(t, 0)
	if all = p.all(t, "s"); len(all) != 2 {
		t.Errorf("got %v", all)
	}
}

// TestRingLate: of many times that were missed one is made up for.
func TestRingLate(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1m")})
	missed := p.ring(t, 100*time.Minute+time.Second)
	if all := p.all(t, "s"); len(all) != 1 || !proto.Equal(all[0].GetScheduledFor(), missed.GetDueAt()) {
		t.Errorf("got %v", all)
	}
	if got := p.alarm(t, "s").GetDueAt().AsTime().Sub(missed.GetDueAt().AsTime()); got != 101*time.Minute {
		t.Errorf("the next alarm comes %s later", got)
	}
}

// TestRingEarly: a clock that is behind that of the server does not make an alarm go off twice.
func TestRingEarly(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1m")})
	first := p.ring(t, -5*time.Second)
	if next := p.alarm(t, "s").GetDueAt().AsTime(); !next.Equal(first.GetDueAt().AsTime().Add(time.Minute)) || len(p.all(t, "s")) != 1 {
		t.Errorf("next %s after %s", next, first.GetDueAt().AsTime())
	}
}

// TestRingOfOldAlarms: what was changed, paused, deleted or made anew meanwhile is not fetched for an alarm from before.
func TestRingOfOldAlarms(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	source := p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1h")})
	old := p.alarm(t, "s")
	ringOld := func(what string, fetches int) {
		t.Helper()
		before := p.alarm(t, "s")
		wantNoError(t, p.scheduler().ring(t.Context(), old, old.GetDueAt().AsTime()))
		views, err := p.views.Live(t.Context())
		wantNoError(t, err)
		found, err := views.ListFetches(t.Context(), "s", nil, 100)
		wantNoError(t, err)
		if len(found) != fetches || !proto.Equal(p.alarm(t, "s"), before) {
			t.Errorf("%s: %d fetches, alarm %v, before %v", what, len(found), p.alarm(t, "s"), before)
		}
	}
	source.Paused = true
	source = p.update(t, source)
	ringOld("paused", 0)
	source.Paused = false
	source = p.update(t, source)
	ringOld("resumed", 0)
	source.Schedule = every("2h")
	source = p.update(t, source)
	ringOld("another schedule", 0)
	source.Schedule = nil
	source = p.update(t, source)
	ringOld("no schedule", 0)
	wantNoError(t, p.log.UnregisterSource(t.Context(), "s", uint64(source.GetRevision())))
	ringOld("deleted", 0)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/new", Schedule: every("1h")})
	if proto.Equal(p.alarm(t, "s").GetScheduleSince(), old.GetScheduleSince()) {
		t.Skip("made anew within a second")
	}
	ringOld("made anew", 0)
}

// TestRingOfAnOldRevision: a change that leaves the schedule alone does not lose the alarm that has just gone off.
func TestRingOfAnOldRevision(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	source := p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1h")})
	old := p.alarm(t, "s")
	source.Url = "http://shop.example/new"
	p.update(t, source)
	wantNoError(t, p.scheduler().ring(t.Context(), old, old.GetDueAt().AsTime()))
	if all := p.all(t, "s"); len(all) != 1 || all[0].GetUrl() != source.GetUrl() {
		t.Errorf("got %v", all)
	}
}

// TestNoPileUp: while a fetch of the source waits or runs, none is added, also where the views do not tell.
func TestNoPileUp(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1m")})
	p.ring(t, 0)
	first := p.all(t, "s")[0].GetId()
	for range 3 {
		p.ring(t, 0)
		if got := p.alarm(t, "s").GetLastFetchId(); got != first {
			t.Errorf("the alarm says that the last fetch is %s", got)
		}
	}
	if all := p.all(t, "s"); len(all) != 1 {
		t.Errorf("%d fetches", len(all))
	}

	p.stopProjecting()
	blind := p.scheduler()
	blind.viewPatience = 50 * time.Millisecond
	ring := func() string {
		t.Helper()
		alarm := p.alarm(t, "s")
		wantNoError(t, blind.ring(t.Context(), alarm, alarm.GetDueAt().AsTime()))
		return p.alarm(t, "s").GetLastFetchId()
	}
	p.end(t, first, completed) // the views are behind now
	second := ring()
	if second == first {
		t.Error("no fetch without the views")
	}
	for range 3 {
		if got := ring(); got != second {
			t.Errorf("%s was added to %s, which waits", got, second)
		}
	}
	p.end(t, second, failed)
	if got := ring(); got == second {
		t.Error("no fetch after one that failed")
	}
}

// TestBackOff: a source that failed twice is passed over, until it is changed.
func TestBackOff(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "s", Url: "http://shop.example/", Schedule: every("1h")})
	// The fetches are asked for at the time of this machine, so the record of them is that of now: the alarm rings then.
	ringNow := func() int {
		t.Helper()
		alarm := p.alarm(t, "s")
		alarm.DueAt = timestamppb.New(time.Now().Truncate(time.Second).Add(time.Duration(len(p.all(t, "s"))) * time.Second))
		wantNoError(t, p.scheduler().ring(t.Context(), alarm, time.Now()))
		return len(p.all(t, "s"))
	}
	for n := 1; n <= 2; n++ {
		if got := ringNow(); got != n {
			t.Fatalf("%d fetches, want %d", got, n)
		}
		p.end(t, p.all(t, "s")[0].GetId(), failed)
	}
	got := p.get(t, "s")
	if got.GetFailuresInARow() != 2 || got.GetBackedOffUntil() == nil || !proto.Equal(got.GetBackedOffUntil(), got.GetNextFetchAt()) {
		t.Errorf("got %v", got)
	}
	if wait := time.Until(got.GetNextFetchAt().AsTime()); wait < 90*time.Minute || wait > 3*time.Hour {
		t.Errorf("it waits for %s", wait)
	}
	if got := ringNow(); got != 2 {
		t.Errorf("%d fetches: it does not back off", got)
	}
	got.Url = "http://shop.example/better"
	if got = p.update(t, got); got.GetFailuresInARow() != 0 || got.GetBackedOffUntil() != nil {
		t.Errorf("after a change: %v", got)
	}
	if got := ringNow(); got != 3 {
		t.Errorf("%d fetches after a change", got)
	}
}

// TestCheckSetsMissingAlarms: an alarm that was lost is set again; one that is set stays, and one that must not be is not.
func TestCheckSetsMissingAlarms(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.create(t, &atlantv1.Source{Name: "lost", Url: "http://shop.example/", Schedule: every("1h")})
	p.create(t, &atlantv1.Source{Name: "set", Url: "http://shop.example/", Schedule: every("1h")})
	p.create(t, &atlantv1.Source{Name: "paused", Url: "http://shop.example/", Schedule: every("1h"), Paused: true})
	p.create(t, &atlantv1.Source{Name: "by-hand", Url: "http://shop.example/"})
	want := p.alarm(t, "lost")
	lost, err := p.log.RegisteredSource(t.Context(), "lost")
	wantNoError(t, err)
	_, err = p.log.RegisterSource(t.Context(), lost.Record, lost.Revision, nil)
	wantNoError(t, err)
	kept := proto.CloneOf(p.alarm(t, "set"))
	wantNoError(t, p.scheduler().check(t.Context(), time.Now()))
	if got := p.alarm(t, "lost"); !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := p.alarm(t, "set"); !proto.Equal(got, kept) {
		t.Errorf("got %v, want %v", got, kept)
	}
	for _, name := range []string{"paused", "by-hand"} {
		if got := p.alarm(t, name); got != nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestSchedulersShare: two schedulers together make one fetch for each time, while fetches end at once.
func TestSchedulersShare(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() { p.scheduler().Run(ctx) })
	}
	names := []string{"a", "b", "c"}
	for _, name := range names {
		p.create(t, &atlantv1.Source{Name: name, Url: "http://shop.example/" + name, Schedule: every("1s")})
	}
	deadline := time.Now().Add(whole)
	for _, name := range names {
		for len(p.all(t, name)) < 3 {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", name, p.all(t, name))
			}
			for _, fetch := range p.all(t, name) {
				if fetch.GetState() == queued {
					p.end(t, fetch.GetId(), completed)
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	cancel()
	running.Wait()
	for _, name := range names {
		seen := map[int64]bool{}
		for _, fetch := range p.all(t, name) {
			if at := fetch.GetScheduledFor().GetSeconds(); at == 0 || seen[at] {
				t.Errorf("%s: twice for %s", name, fetch.GetScheduledFor().AsTime())
			} else {
				seen[at] = true
			}
		}
	}
}
