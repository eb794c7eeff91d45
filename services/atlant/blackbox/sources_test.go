package blackbox_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/nats-io/nats-server/v2/server"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sellMoving serves a list of one product whose price goes up each time that it is asked for.
func (s *shop) sellMoving(path string) string {
	var asked atomic.Int64
	return s.handle(path, func(w http.ResponseWriter, r *http.Request) {
		textList(fmt.Sprintf("%sTea;%d\n", header, asked.Add(1)))(w, r)
	})
}

// addSource adds a source that is due every second.
func (a api) addSource(tb testing.TB, name, url string) *atlantv1.Source {
	tb.Helper()
	source := &atlantv1.Source{Name: name, Url: url, CurrencyCode: "EUR", Schedule: &atlantv1.Schedule{Expression: "@every 1s"}}
	return call(tb, a.sources.CreateSource, &atlantv1.CreateSourceRequest{Source: source}).GetSource()
}

func (a api) source(tb testing.TB, name string) *atlantv1.Source {
	tb.Helper()
	return call(tb, a.sources.GetSource, &atlantv1.GetSourceRequest{Name: name}).GetSource()
}

// awaitScheduled waits until so many fetches of a source have ended, and returns all, the newest first. They were all asked for
// by the schedule, each for another time.
func (a api) awaitScheduled(tb testing.TB, source string, n int) []*atlantv1.Fetch {
	tb.Helper()
	var all []*atlantv1.Fetch
	eventuallyf(tb, func() bool {
		all = a.allFetches(tb, largestPage, source)
		done := 0
		for _, fetch := range all {
			if ended(fetch.GetState()) {
				done++
			}
		}
		return done >= n
	}, "%s is not fetched %d times", source, n)
	seen := map[int64]string{}
	for _, fetch := range all {
		due := fetch.GetScheduledFor()
		if due == nil || due.GetNanos() != 0 || seen[due.GetSeconds()] != "" {
			tb.Errorf("%s was scheduled for %v, as was %q", fetch.GetId(), due.AsTime(), seen[due.GetSeconds()])
		}
		seen[due.GetSeconds()] = fetch.GetId()
	}
	return all
}

// wantRest demands that a path is asked for no more, but for what is under way.
func (s *shop) wantRest(tb testing.TB, path string) {
	tb.Helper()
	time.Sleep(time.Second) // what is under way
	before := s.asked(path)
	time.Sleep(2500 * time.Millisecond)
	if got := s.asked(path) - before; got != 0 {
		tb.Errorf("%s was asked for %d times more", path, got)
	}
}

// TestSource is the life of a source, from the command line: it is fetched by itself until it is paused, goes on when it is
// resumed, and leaves its prices behind.
func TestSource(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sellMoving("/list.csv")
	a.cli(t, 0, "sources", "add", "tea.shop", url, "--every", "1s", "--currency", "EUR").
		holds(t, "source     tea.shop\n", "schedule   every 1s\n", "currency   EUR\n", "next       ")
	if r := a.cli(t, 1, "sources", "add", "tea.shop", url); !strings.Contains(r.errOut, "`atlant sources edit tea.shop` changes it") {
		t.Errorf("got %q", r.errOut)
	}
	a.awaitScheduled(t, "tea.shop", 3)
	eventuallyf(t, func() bool {
		products := call(t, a.products.List, &atlantv1.ListRequest{Source: "tea.shop", PageSize: 10}).GetProducts()
		return len(products) == 1 && products[0].GetPriceChanges() >= 2 && products[0].GetPrice().GetCurrencyCode() == "EUR"
	}, "the price does not move")
	a.cli(t, 0, "sources").holds(t, "name      schedule", "tea.shop  every 1s", url)

	a.cli(t, 0, "sources", "pause", "tea.shop").holds(t, "source tea.shop is paused\n")
	s.wantRest(t, "/list.csv")
	if got := a.source(t, "tea.shop"); !got.GetPaused() || got.GetNextFetchAt() != nil || got.GetLastFetch().GetState() != completed {
		t.Errorf("got %v", got)
	}
	rested := len(a.allFetches(t, largestPage, "tea.shop"))
	a.cli(t, 0, "sources", "fetch", "tea.shop", "--wait").holds(t, "state      completed\n", "published  1\n")
	if last := a.source(t, "tea.shop").GetLastFetch(); last.GetScheduledFor() != nil || last.GetState() != completed {
		t.Errorf("by hand: %v", last)
	}

	a.cli(t, 0, "sources", "resume", "tea.shop").holds(t, "source tea.shop goes on, next at ")
	eventuallyf(t, func() bool { return len(a.allFetches(t, largestPage, "tea.shop")) > rested+2 }, "it does not go on")
	a.cli(t, 0, "sources", "edit", "tea.shop", "--by-hand").holds(t, "schedule   by hand\n", "currency   EUR\n")
	s.wantRest(t, "/list.csv")
	a.cli(t, 0, "sources", "edit", "tea.shop", "--every", "1s")
	asked := s.asked("/list.csv")
	eventuallyf(t, func() bool { return s.asked("/list.csv") > asked }, "it does not go on")

	a.cli(t, 0, "sources", "remove", "tea.shop")
	s.wantRest(t, "/list.csv")
	if r := a.cli(t, 1, "sources", "show", "tea.shop"); !strings.Contains(r.errOut, "there is no source tea.shop") {
		t.Errorf("got %q", r.errOut)
	}
	if got := a.total(t, "tea.shop"); got != 1 || len(a.allFetches(t, largestPage, "tea.shop")) <= rested {
		t.Errorf("%d products are left", got)
	}
}

// TestSourceRestarts: what is due while nothing runs is made up for by one fetch, after an end as after kill -9.
func TestSourceRestarts(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	a := start(t, data, allowPrivate)
	a.addSource(t, "tea", s.sellMoving("/list.csv"))
	a.awaitScheduled(t, "tea", 2)
	for round, end := range []func(){func() { a.stop(t) }, func() { a.kill(t) }, func() { a.kill(t) }} {
		time.Sleep(time.Duration(round) * 300 * time.Millisecond) // another moment each time
		end()
		down := time.Now()
		time.Sleep(4 * time.Second)
		up := time.Now()
		a = start(t, data, allowPrivate)
		before := len(a.allFetches(t, largestPage, "tea"))
		missed := 0
		for _, fetch := range a.awaitScheduled(t, "tea", before+3) {
			due := fetch.GetScheduledFor().AsTime()
			if due.After(down.Add(time.Second)) && due.Before(up) {
				missed++
			}
			if fetch.GetState() == failed {
				t.Errorf("got %v", fetch)
			}
		}
		if missed > 1 {
			t.Errorf("round %d: %d fetches make up for what was missed", round, missed)
		}
	}
	if revision := a.source(t, "tea").GetRevision(); revision <= 0 {
		t.Errorf("revision %d", revision)
	}
}

// TestSourceBetweenKills kills Atlant again and again while sources are due every second: no time is fetched twice, every fetch
// ends, and in the end all goes on.
func TestSourceBetweenKills(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	names := []string{"a", "b", "c", "d"}
	a := start(t, data, allowPrivate)
	for _, name := range names {
		a.addSource(t, name, s.sellMoving("/"+name))
	}
	for n := range extent(4, 15) {
		time.Sleep(time.Duration(700+n*131%600) * time.Millisecond)
		a.kill(t)
		a = start(t, data, allowPrivate)
	}
	for _, name := range names {
		a.awaitScheduled(t, name, len(a.allFetches(t, largestPage, name))+2)
		a.cli(t, 0, "sources", "pause", name)
	}
	for _, name := range names {
		for _, fetch := range a.allFetches(t, largestPage, name) {
			if got := a.await(t, fetch.GetId()); got.GetState() != completed {
				t.Errorf("got %v", got)
			}
		}
	}
}

// TestSourceOfTwoWorkers: two processes share the sources of one log, and one goes on alone when the other is killed.
func TestSourceOfTwoWorkers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	nats := natstest.StartServer(t, &server.Options{JetStream: true})
	flags := []string{"--nats", nats.ClientURL(), "--views", "sqlite:" + filepath.Join(t.TempDir(), "views"), allowPrivate}
	a, b := start(t, t.TempDir(), flags...), start(t, t.TempDir(), flags...)
	names := []string{"s1", "s2", "s3", "s4", "s5", "s6"}
	for _, name := range names {
		a.addSource(t, name, s.sellMoving("/"+name))
	}
	for _, name := range names {
		a.awaitScheduled(t, name, 4)
	}
	a.kill(t)
	for _, name := range names {
		b.awaitScheduled(t, name, len(b.allFetches(t, largestPage, name))+3)
	}
}

// TestSourceOfASlowList: while a fetch of a source has not ended, no other one is added.
func TestSourceOfASlowList(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url, open := s.sellLater("/slow.csv", smallList)
	a.addSource(t, "slow", url)
	eventuallyf(t, func() bool { return s.asked("/slow.csv") == 1 }, "it is not fetched")
	time.Sleep(3 * time.Second)
	if all := a.allFetches(t, largestPage, "slow"); len(all) != 1 {
		t.Errorf("%d fetches: %v", len(all), all)
	}
	open()
	a.awaitScheduled(t, "slow", 3)
}

// TestSourceThatFails: it is fetched less and less often, says so, and is fetched at once when it is mended.
func TestSourceThatFails(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	began := time.Now()
	a.addSource(t, "gone", s.URL+"/gone.csv")
	eventuallyf(t, func() bool { return a.source(t, "gone").GetFailuresInARow() >= 4 }, "it does not fail")
	if took := time.Since(began); took < 6*time.Second { // 1 + 1 + 2 + 4, the first of them hardly a second
		t.Errorf("it failed four times within %s", took)
	}
	source := a.source(t, "gone")
	if until := source.GetBackedOffUntil(); until == nil || !until.AsTime().Equal(source.GetNextFetchAt().AsTime()) || source.GetLastFetch().GetState() != failed {
		t.Errorf("got %v", source)
	}
	a.cli(t, 0, "sources", "show", "gone").holds(t, "failures   ", " in a row\n", "back-off   until then", "last       failed", "404")

	a.cli(t, 0, "sources", "edit", "gone", "--url", s.sellMoving("/back.csv"))
	if source = a.source(t, "gone"); source.GetFailuresInARow() != 0 || source.GetBackedOffUntil() != nil {
		t.Errorf("got %v", source)
	}
	eventuallyf(t, func() bool { return s.asked("/back.csv") >= 3 }, "it is not fetched again")
}

// TestSourceRevisions: a change of what somebody else has changed is refused.
func TestSourceRevisions(t *testing.T) {
	t.Parallel()
	a := startOpen(t)
	first := a.addSource(t, "s", "http://shop.example/")
	first.Schedule = nil
	second := call(t, a.sources.UpdateSource, &atlantv1.UpdateSourceRequest{Source: first}).GetSource()
	refuse(t, a.sources.UpdateSource, &atlantv1.UpdateSourceRequest{Source: first}, connect.CodeAborted,
		fmt.Sprintf("it is at revision %d, not %d", second.GetRevision(), first.GetRevision()))
	refuse(t, a.sources.DeleteSource, &atlantv1.DeleteSourceRequest{Name: "s", Revision: first.GetRevision()}, connect.CodeAborted, "at revision")
	if got := a.source(t, "s"); got.GetRevision() != second.GetRevision() || got.GetSchedule() != nil {
		t.Errorf("got %v", got)
	}
	r := a.cli(t, 1, "sources", "edit", "s", "--cron", "0 6 * * *", "--time-zone", "Berlin")
	if !strings.Contains(r.errOut, `"Berlin" is not known`) {
		t.Errorf("got %q", r.errOut)
	}
}

// TestSourceBehindALogin: the password is used, and shown nowhere.
func TestSourceBehindALogin(t *testing.T) {
	t.Parallel()
	const secret = "open-sesame-47"
	a, s := startOpen(t, "--log-level", "debug"), newShop(t)
	url := s.handle("/private.csv", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ali" || password != secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		textList(smallList)(w, r)
	})
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	added := a.cli(t, 0, "sources", "add", "private", strings.Replace(url, "://", "://ali@", 1), "--password-file", password, "--every", "1s")
	all := a.awaitScheduled(t, "private", 2)
	if last := all[len(all)-1]; last.GetState() != completed {
		t.Errorf("got %v", last)
	}
	edited := a.cli(t, 0, "sources", "edit", "private", "--cron", "@daily")
	if got := a.source(t, "private"); !got.GetHasCredentials() || got.GetUrl() != url || strings.Contains(protojson.Format(got), secret) {
		t.Errorf("got %v", got)
	}
	refused := a.cli(t, 1, "sources", "edit", "private", "--url", "http://127.0.0.2:1/private.csv")
	if !strings.Contains(refused.errOut, "another server") {
		t.Errorf("got %q", refused.errOut)
	}
	list, show := a.cli(t, 0, "sources", "--json"), a.cli(t, 0, "sources", "show", "private")
	for _, text := range []string{
		added.out, added.errOut, edited.out, refused.errOut, list.out, show.out, a.stderr.String(), a.cli(t, 0, "fetches", "--json").out,
	} {
		if strings.Contains(text, secret) {
			t.Errorf("it is told in %s", text)
		}
	}
	a.cli(t, 0, "sources", "edit", "private", "--clear-credentials")
	if got := a.cli(t, 1, "sources", "fetch", "private", "--wait", "--force"); !strings.Contains(got.errOut, "401") {
		t.Errorf("got %+v", got)
	}
}
