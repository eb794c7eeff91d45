package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// fakeSources keeps sources in memory as the service does, and remembers what it was asked.
type fakeSources struct {
	atlantv1connect.UnimplementedSourceServiceHandler

	mu      sync.Mutex
	kept    map[string]*atlantv1.Source
	cleared bool
	token   string                        // that came last
	fetched *atlantv1.FetchSourceRequest  // the last one
	before  func(source *atlantv1.Source) // called before an update is looked at
}

func newFakeSources(all ...*atlantv1.Source) *fakeSources {
	s := &fakeSources{kept: map[string]*atlantv1.Source{}}
	for _, source := range all {
		s.kept[source.GetName()] = source
	}
	return s
}

func (s *fakeSources) find(name string) (*atlantv1.Source, error) {
	if source := s.kept[name]; source != nil {
		return source, nil
	}
	return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("there is no source %s", name))
}

func (s *fakeSources) keep(source *atlantv1.Source, revision int64) *atlantv1.Source {
	source = proto.CloneOf(source)
	s.token = source.GetCredentials().GetBearerToken()
	source.Credentials, source.Revision = nil, revision
	s.kept[source.GetName()] = source
	return source
}

func (s *fakeSources) CreateSource(_ context.Context, r *connect.Request[atlantv1.CreateSourceRequest]) (*connect.Response[atlantv1.CreateSourceResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.Msg.GetSource().GetName()
	if s.kept[name] != nil {
		return nil, connect.NewError(connect.CodeAlreadyExists, fmt.Errorf("there is a source %s already", name))
	}
	return connect.NewResponse(&atlantv1.CreateSourceResponse{Source: s.keep(r.Msg.GetSource(), 1)}), nil
}

func (s *fakeSources) GetSource(_ context.Context, r *connect.Request[atlantv1.GetSourceRequest]) (*connect.Response[atlantv1.GetSourceResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.find(r.Msg.GetName())
	return connect.NewResponse(&atlantv1.GetSourceResponse{Source: source}), err
}

func (s *fakeSources) ListSources(_ context.Context, r *connect.Request[atlantv1.ListSourcesRequest]) (*connect.Response[atlantv1.ListSourcesResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response := &atlantv1.ListSourcesResponse{}
	var names []string
	for name := range s.kept {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), int(r.Msg.GetPageSize()))] {
		response.Sources = append(response.Sources, s.kept[name])
	}
	if len(response.GetSources()) < len(names) {
		response.NextPageToken = "more"
	}
	return connect.NewResponse(response), nil
}

func (s *fakeSources) UpdateSource(_ context.Context, r *connect.Request[atlantv1.UpdateSourceRequest]) (*connect.Response[atlantv1.UpdateSourceResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.find(r.Msg.GetSource().GetName())
	if err != nil {
		return nil, err
	}
	if s.before != nil {
		s.before(source)
	}
	if source.GetRevision() != r.Msg.GetSource().GetRevision() {
		return nil, connect.NewError(connect.CodeAborted, fmt.Errorf("source %s was changed meanwhile", source.GetName()))
	}
	s.cleared = r.Msg.GetClearCredentials()
	return connect.NewResponse(&atlantv1.UpdateSourceResponse{Source: s.keep(r.Msg.GetSource(), source.GetRevision()+1)}), nil
}

func (s *fakeSources) DeleteSource(_ context.Context, r *connect.Request[atlantv1.DeleteSourceRequest]) (*connect.Response[atlantv1.DeleteSourceResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.find(r.Msg.GetName())
	delete(s.kept, r.Msg.GetName())
	return connect.NewResponse(&atlantv1.DeleteSourceResponse{}), err
}

func (s *fakeSources) FetchSource(_ context.Context, r *connect.Request[atlantv1.FetchSourceRequest]) (*connect.Response[atlantv1.FetchSourceResponse], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched = r.Msg
	_, err := s.find(r.Msg.GetName())
	return connect.NewResponse(&atlantv1.FetchSourceResponse{Fetch: &atlantv1.Fetch{Id: fetchID, State: atlantv1.FetchState_FETCH_STATE_QUEUED}}), err
}

// run runs a command of the family on the fake.
func (s *fakeSources) run(tb testing.TB, args ...string) result {
	tb.Helper()
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewSourceServiceHandler(s))
	server := httptest.NewServer(mux)
	defer server.Close()
	return atlant(tb, append([]string{"--addr", server.URL, "sources"}, args...)...)
}

// wantKept compares a source that is kept.
func (s *fakeSources) wantKept(t *testing.T, want *atlantv1.Source) {
	t.Helper()
	if got := s.kept[want.GetName()]; !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func dailySource() *atlantv1.Source {
	return &atlantv1.Source{
		Name: "daily", Url: listURL, Revision: 7, CurrencyCode: "EUR", HasCredentials: true,
		Csv:      &atlantv1.CsvOptions{Delimiter: ";", NameColumns: []string{"Brand", "2"}, NoHeader: true, SkipLines: 2},
		Schedule: &atlantv1.Schedule{Expression: "30 6 * * *", TimeZone: "Europe/Berlin"},
		LastFetch: &atlantv1.Fetch{
			Id: fetchID, State: atlantv1.FetchState_FETCH_STATE_FAILED, Error: "404 Not Found",
			EndedAt: timestamppb.New(time.Now().Add(-3 * time.Hour)),
		},
		NextFetchAt: at("06:30:00"), BackedOffUntil: at("06:30:00"), FailuresInARow: 3, CreatedAt: at("01:00:00"), UpdatedAt: at("02:00:00"),
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	s := newFakeSources(dailySource(), &atlantv1.Source{Name: "hand", Url: listURL},
		&atlantv1.Source{Name: "resting", Url: listURL, Schedule: &atlantv1.Schedule{Expression: "@every 1h"}, Paused: true})
	next := formatTime(at("06:30:00"), toTheMinute)
	want := "name     schedule                  next              last                failures  url\n" +
		"daily    30 6 * * * Europe/Berlin  " + next + "  failed 3 hours ago         3  http://shop.example/list.csv\n" +
		"hand     by hand                                                                0  http://shop.example/list.csv\n" +
		"resting  every 1h, paused                                                       0  http://shop.example/list.csv\n"
	s.run(t).expect(t, exitOK, want, "")
	s.run(t, "list", "--limit", "3").expect(t, exitOK, want, "")
	if r := s.run(t, "--json", "--limit", "2"); r.code != exitOK || strings.Count(r.out, "\n") != 2 || field(t, strings.Split(r.out, "\n")[1], "name") != "hand" {
		t.Errorf("got %+v", r)
	}
	newFakeSources().run(t).expect(t, exitOK, "", "no sources yet: `atlant sources add NAME URL --every 1h` makes one\n")
}

func TestSourcesShow(t *testing.T) {
	t.Parallel()
	s := newFakeSources(dailySource())
	s.run(t, "show", "daily").expect(t, exitOK, strings.Join([]string{
		"source     daily",
		"url        http://shop.example/list.csv",
		"login      kept, and not shown",
		"currency   EUR",
		"options    columns split by semicolon, no header, name in column Brand+2, lines passed over: 2",
		"schedule   30 6 * * * Europe/Berlin",
		"next       " + formatTime(at("06:30:00"), toTheSecond),
		"back-off   until then, because it failed several times in a row",
		"failures   3 in a row",
		"last       failed 3 hours ago",
		"error      404 Not Found",
		"fetch      " + fetchID,
		"created    " + formatTime(at("01:00:00"), toTheSecond),
		"changed    " + formatTime(at("02:00:00"), toTheSecond),
		"revision   7",
		"",
	}, "\n"), "")
	if r := s.run(t, "show", "daily", "--json"); r.code != exitOK || field(t, r.out, "revision") != "7" {
		t.Errorf("got %+v", r)
	}
	s.run(t, "show", "none").expect(t, exitFailure, "", "atlant: there is no source none\n  `atlant sources` lists those there are\n")
}

func TestSourcesAdd(t *testing.T) {
	t.Parallel()
	s := newFakeSources()
	r := s.run(t, "add", "shop", listURL, "--cron", "30 6 * * *", "--time-zone", "Europe/Berlin", "--currency", "EUR", "--delimiter", "tab",
		"--bearer-token-file", writeSecret(t, "sesame"), "--no-hold", "--paused")
	if r.code != exitOK || strings.Contains(r.out+r.errOut, "sesame") || !strings.Contains(r.out, "schedule   30 6 * * * Europe/Berlin, paused\n") {
		t.Errorf("got %+v", r)
	}
	s.wantKept(t, &atlantv1.Source{
		Name: "shop", Url: listURL, Revision: 1, Schedule: &atlantv1.Schedule{Expression: "30 6 * * *", TimeZone: "Europe/Berlin"},
		Csv: &atlantv1.CsvOptions{CurrencyCode: "EUR", Delimiter: "\t"}, NoHold: true, Paused: true,
	})
	if s.token != "sesame" {
		t.Errorf("got token %q", s.token)
	}
	if r = s.run(t, "add", "hourly", listURL, "--every", "1h"); r.code != exitOK || r.errOut != "" {
		t.Errorf("got %+v", r)
	}
	s.wantKept(t, &atlantv1.Source{Name: "hourly", Url: listURL, Revision: 1, Schedule: &atlantv1.Schedule{Expression: "@every 1h"}})
	if r = s.run(t, "add", "hand", listURL); r.code != exitOK || !strings.Contains(r.errOut, "it has no schedule: `atlant sources fetch hand`") {
		t.Errorf("got %+v", r)
	}
	s.run(t, "add", "shop", listURL).expect(t, exitFailure, "", "atlant: there is a source shop already\n  `atlant sources edit shop` changes it\n")
	for _, args := range [][]string{
		{"add", "x", listURL, "--every", "1h", "--cron", "@daily"}, {"add", "x", listURL, "--every", "1h", "--time-zone", "UTC"}, {"add", "x"},
	} {
		if r := s.run(t, args...); r.code != exitUsage || s.kept["x"] != nil {
			t.Errorf("%q: got %+v", args, r)
		}
	}
}

// TestSourcesEdit: what no flag was given for stays.
func TestSourcesEdit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		change func(*atlantv1.Source)
	}{
		"url":          {[]string{"--url", "http://other.example/"}, func(s *atlantv1.Source) { s.Url = "http://other.example/" }},
		"currency":     {[]string{"--currency", "USD"}, func(s *atlantv1.Source) { s.CurrencyCode = "USD" }},
		"no currency":  {[]string{"--currency", ""}, func(s *atlantv1.Source) { s.CurrencyCode = "" }},
		"delimiter":    {[]string{"--delimiter", "tab"}, func(s *atlantv1.Source) { s.Csv.Delimiter = "\t" }},
		"no delimiter": {[]string{"--delimiter", ""}, func(s *atlantv1.Source) { s.Csv.Delimiter = "" }},
		"header":       {[]string{"--no-header=false"}, func(s *atlantv1.Source) { s.Csv.NoHeader = false }},
		"columns": {[]string{"--name-columns", "3,4", "--price-column", "5", "--skip-lines", "0"}, func(s *atlantv1.Source) {
			s.Csv.NameColumns, s.Csv.PriceColumn, s.Csv.SkipLines = []string{"3", "4"}, "5", 0
		}},
		"no columns": {[]string{"--name-columns="}, func(s *atlantv1.Source) { s.Csv.NameColumns = nil }},
		"interval":   {[]string{"--every", "2h"}, func(s *atlantv1.Source) { s.Schedule = &atlantv1.Schedule{Expression: "@every 2h"} }},
		"cron":       {[]string{"--cron", "@daily"}, func(s *atlantv1.Source) { s.Schedule.Expression = "@daily" }},
		"zone":       {[]string{"--time-zone", "Asia/Tokyo"}, func(s *atlantv1.Source) { s.Schedule.TimeZone = "Asia/Tokyo" }},
		"cron, zone": {[]string{"--time-zone", "Asia/Tokyo", "--cron", "@daily"}, func(s *atlantv1.Source) {
			s.Schedule = &atlantv1.Schedule{Expression: "@daily", TimeZone: "Asia/Tokyo"}
		}},
		"by hand":     {[]string{"--by-hand"}, func(s *atlantv1.Source) { s.Schedule = nil }},
		"no hold":     {[]string{"--no-hold"}, func(s *atlantv1.Source) { s.NoHold = true }},
		"token alone": {[]string{"--bearer-token-file", writeSecret(t, "sesame")}, func(*atlantv1.Source) {}},
		"clear":       {[]string{"--clear-credentials"}, func(*atlantv1.Source) {}},
	} {
		s := newFakeSources(dailySource())
		want := dailySource()
		want.Revision = 8
		test.change(want)
		r := s.run(t, append([]string{"edit", "daily"}, test.args...)...)
		if r.code != exitOK || strings.Contains(r.out+r.errOut, "sesame") {
			t.Errorf("%s: got %+v", name, r)
		}
		if got := s.kept["daily"]; got != nil {
			got.LastFetch.EndedAt = want.GetLastFetch().GetEndedAt()
		}
		s.wantKept(t, want)
		if s.cleared != (name == "clear") || (s.token == "sesame") != (name == "token alone") {
			t.Errorf("%s: cleared %t, token %q", name, s.cleared, s.token)
		}
	}
	s := newFakeSources(&atlantv1.Source{Name: "hand", Url: listURL, Revision: 1})
	s.run(t, "edit", "hand").expect(t, exitUsage, "", "atlant: no flag says what to change\n  see `atlant sources edit --help`\n")
	s.run(t, "edit", "hand", "--time-zone", "UTC").expect(t, exitUsage, "", "atlant: --time-zone goes with --cron\n  see `atlant sources edit --help`\n")
	s.before = func(source *atlantv1.Source) { source.Revision++ }
	s.run(t, "edit", "hand", "--no-hold").expect(t, exitFailure, "", "atlant: source hand was changed meanwhile\n")
}

func TestSourcesPauseAndResume(t *testing.T) {
	t.Parallel()
	s := newFakeSources(dailySource())
	others := 2 // changes of somebody else
	s.before = func(source *atlantv1.Source) {
		if others > 0 {
			source.Revision++
			others--
		}
	}
	for range 2 {
		s.run(t, "pause", "daily").expect(t, exitOK, "source daily is paused\n", "")
	}
	if !s.kept["daily"].GetPaused() || s.kept["daily"].GetRevision() != 10 {
		t.Errorf("got %v", s.kept["daily"])
	}
	next := formatTime(at("06:30:00"), toTheSecond)
	s.run(t, "resume", "daily").expect(t, exitOK, "source daily goes on, next at "+next+"\n", "")
	if s.kept["daily"].GetPaused() {
		t.Error("it still rests")
	}
	s.run(t, "pause", "none").expect(t, exitFailure, "", "atlant: there is no source none\n  `atlant sources` lists those there are\n")
}

func TestSourcesRemoveAndFetch(t *testing.T) {
	t.Parallel()
	s := newFakeSources(dailySource())
	s.run(t, "fetch", "daily", "--force", "--request-id", "key").expect(t, exitOK, "fetch "+fetchID+" is queued\nsee how it goes with `atlant fetches "+
		fetchID+"`; next time, --wait waits for the end\n", "")
	if want := (&atlantv1.FetchSourceRequest{Name: "daily", Force: true, RequestId: "key"}); !proto.Equal(s.fetched, want) {
		t.Errorf("got %v", s.fetched)
	}
	s.run(t, "remove", "daily").expect(t, exitOK, "source daily is removed; its fetches and products stay\n", "")
	for _, command := range []string{"remove", "fetch"} {
		s.run(t, command, "daily").expect(t, exitFailure, "", "atlant: there is no source daily\n  `atlant sources` lists those there are\n")
	}
}
