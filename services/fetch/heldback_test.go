package fetch

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestLastGood(t *testing.T) {
	t.Parallel()
	const id = "0199d3a0-0000-7000-8000-00000000000"
	fetch := func(n string, at int64, url string, state atlantv1.FetchState) *atlantv1.Fetch {
		return &atlantv1.Fetch{Id: id + n, ObservedAt: &timestamppb.Timestamp{Seconds: at}, Url: url, State: state}
	}
	upload := func(hash string) string { return "upload:" + hash + "/list.csv" }
	held := atlantv1.FetchState_FETCH_STATE_HELD
	discarded := atlantv1.FetchState_FETCH_STATE_DISCARDED
	current := fetch("9", 50, "a", atlantv1.FetchState_FETCH_STATE_RUNNING)
	tests := map[string]struct {
		recent  []*atlantv1.Fetch
		current *atlantv1.Fetch
		want    string
		sameURL bool
	}{
		"none":                   {current: current},
		"only itself":            {recent: []*atlantv1.Fetch{current}, current: current},
		"the last":               {recent: []*atlantv1.Fetch{current, fetch("2", 40, "a", completed), fetch("1", 30, "a", completed)}, current: current, want: "2", sameURL: true},
		"the last by position":   {recent: []*atlantv1.Fetch{current, fetch("2", 30, "a", completed), fetch("1", 40, "a", completed)}, current: current, want: "1", sameURL: true},
		"none that came later":   {recent: []*atlantv1.Fetch{fetch("2", 60, "a", completed), fetch("1", 30, "a", completed)}, current: current, want: "1", sameURL: true},
		"not modified":           {recent: []*atlantv1.Fetch{fetch("2", 40, "a", notModified), fetch("1", 30, "a", completed)}, current: current, want: "2", sameURL: true},
		"none that published no": {recent: []*atlantv1.Fetch{fetch("4", 44, "a", held), fetch("3", 43, "a", discarded), fetch("2", 42, "a", failed), fetch("1", 30, "a", completed)}, current: current, want: "1", sameURL: true},
		"the same URL first":     {recent: []*atlantv1.Fetch{fetch("2", 40, "b", completed), fetch("1", 30, "a", completed)}, current: current, want: "1", sameURL: true},
		"or the same URL later":  {recent: []*atlantv1.Fetch{fetch("2", 40, "a", completed), fetch("1", 45, "b", completed)}, current: current, want: "2", sameURL: true},
		"another URL":            {recent: []*atlantv1.Fetch{fetch("2", 30, "b", completed), fetch("1", 40, "c", completed)}, current: current, want: "1"},
		"uploads of one file":    {recent: []*atlantv1.Fetch{fetch("2", 40, "upload:aa/other.csv", completed), fetch("1", 30, upload("aa"), completed)}, current: fetch("9", 50, upload("bb"), notModified), want: "1", sameURL: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last, sameURL := lastGood(test.recent, test.current)
			if last.GetId() != "" && last.GetId() != id+test.want || last.GetId() == "" && test.want != "" || sameURL != test.sameURL {
				t.Errorf("got %v, the same URL: %t", last, sameURL)
			}
		})
	}
}

// TestHeldWithoutViews sees that a list is published, late, where the views cannot tell what it is to be compared with.
func TestHeldWithoutViews(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	v, url := newVendor(t)
	v.texts["/list.csv"] = "a;1\nb;2\nc;3\n"
	f := p.fetcher(t, "v1", quiet)
	p.fetch(t, f, &atlantv1.FetchRequest{Url: url})
	p.stopProjecting()
	v.texts["/list.csv"] = "a;100\nb;200\nc;300\n"
	f.viewPatience = 10 * time.Millisecond
	if got := p.fetch(t, f, &atlantv1.FetchRequest{Url: url}); got.GetState() != completed {
		t.Errorf("got %v", got)
	}
}

// TestHeldApproved walks the ways out of being held, with what a process leaves that dies on them.
func TestHeldApproved(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	v, url := newVendor(t)
	v.texts["/list.csv"] = "a;1\nb;2\nc;3\n"
	f := p.fetcher(t, "v1", quiet)
	request := &atlantv1.FetchRequest{Url: url}
	p.fetch(t, f, request)
	v.texts["/list.csv"] = "a;100\nb;200\nc;300\nd;x\n"
	got := p.fetch(t, f, request)
	if got.GetState() != atlantv1.FetchState_FETCH_STATE_HELD || got.GetComparison().GetPriceRatio() != 100 || got.GetRejected() != 1 {
		t.Fatalf("got %v", got)
	}

	// The request is handed out again, as after a crash: it is held still.
	requested := p.requested(t, got.GetId())
	if again := p.finish(t, f, requested); again.GetState() != atlantv1.FetchState_FETCH_STATE_HELD {
		t.Fatalf("got %v", again)
	}
	v.texts["/list.csv"] = "e;5\n"

	// It was approved by a process that died before it could say so; another fetcher, with nothing in its spool, does it.
	requested.Approved = true
	after := p.finish(t, p.fetcher(t, "v2", quiet), requested)
	if after.GetState() != completed || after.GetPublished() != 3 || after.GetRejected() != 1 {
		t.Fatalf("got %v", after)
	}
	if view := p.view(t, got.GetId()); view.Rejects != 1 {
		t.Errorf("%d rejects are kept", view.Rejects)
	}
	if _, err := p.log.HeldLists().GetList(t.Context(), got.GetId(), io.Discard); !errors.Is(err, events.ErrNoList) {
		t.Errorf("the list is kept: %v", err)
	}
}

// TestHeldListGone sees that a fetch fails whose list nobody has any more.
func TestHeldListGone(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	v, url := newVendor(t)
	v.texts["/list.csv"] = "a;1\nb;2\nc;3\n"
	f := p.fetcher(t, "v1", quiet)
	request := &atlantv1.FetchRequest{Url: url}
	p.fetch(t, f, request)
	v.texts["/list.csv"] = "a;100\nb;200\nc;300\n"
	got := p.fetch(t, f, request)
	if err := p.log.HeldLists().DeleteList(t.Context(), got.GetId()); err != nil {
		t.Fatal(err)
	}
	requested := p.requested(t, got.GetId())
	requested.Approved = true
	after := p.finish(t, p.fetcher(t, "v1", quiet), requested)
	if after.GetState() != failed || after.GetError() != errHeldListGone.Error() {
		t.Errorf("got %v", after)
	}
}

// requested returns the request of a fetch, as the queue had it.
func (p *plant) requested(tb testing.TB, id string) *atlantv1.FetchRequested {
	tb.Helper()
	recorded, err := p.log.FetchEvents(tb.Context(), uuid.MustParse(id))
	if err != nil || len(recorded) == 0 {
		tb.Fatal(err)
	}
	return recorded[0].Event.GetRequested()
}

// finish has a fetcher work on a request that it was handed.
func (p *plant) finish(tb testing.TB, f *Fetcher, requested *atlantv1.FetchRequested) *atlantv1.Fetch {
	tb.Helper()
	id := uuid.MustParse(requested.GetId())
	if err := f.finish(tb.Context(), id, requested, newHold()); err != nil {
		tb.Fatal(err)
	}
	return p.view(tb, requested.GetId()).Fetch
}

// view folds a fetch from the log.
func (p *plant) view(tb testing.TB, id string) *projections.FetchView {
	tb.Helper()
	view, err := currentView(tb.Context(), p.log, uuid.MustParse(id))
	if err != nil {
		tb.Fatal(err)
	}
	return view
}
