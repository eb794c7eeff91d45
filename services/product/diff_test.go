package product_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func newLog(t testing.TB) *jetstream.Log {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	})
	nc, err := embedded.Connect()
	wantNoError(t, err)
	log, err := jetstream.Open(t.Context(), nc, jetstream.Config{Shards: shards})
	wantNoError(t, err)
	return log
}

// shopSource is the source of all that is published here.
const shopSource = "shop"

// publish has a fetch observe what is given, in that order, and complete. It returns the fetch's id.
func publish(t tester, log *jetstream.Log, all []events.Observation) events.FetchID {
	t.Helper()
	fetch := newFetch(t, log, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Parsed{
		Parsed: &atlantv1.FetchParsed{Sha256: bytes.Repeat([]byte{0xab}, 32)},
	}})
	writer, err := log.WritePrices(t.Context(), fetch)
	for i := range all {
		all[i].Source, all[i].Position.Fetch = shopSource, fetch
		if err == nil {
			err = writer.Add(t.Context(), int64(i)+1, &all[i])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	published, position, err := writer.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	addEvents(t, log, fetch, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Completed{Completed: &atlantv1.FetchCompleted{
		Counts: &atlantv1.FetchCounts{Published: published, Accepted: published}, Position: position,
	}}})
	return fetch
}

// newFetch asks for a fetch to which these events happen.
func newFetch(t tester, log *jetstream.Log, all ...*atlantv1.FetchEvent) events.FetchID {
	t.Helper()
	fetch, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	requested := &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Requested{Requested: &atlantv1.FetchRequested{
		Id: fetch.String(), Source: shopSource, Url: "https://example.com/list.csv", ObservedAt: day.Timestamp(),
	}}}
	addEvents(t, log, fetch, append([]*atlantv1.FetchEvent{requested}, all...)...)
	return fetch
}

func addEvents(t tester, log *jetstream.Log, fetch events.FetchID, all ...*atlantv1.FetchEvent) {
	t.Helper()
	recorded, err := log.FetchEvents(t.Context(), fetch)
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	if len(recorded) > 0 {
		last = recorded[len(recorded)-1].Sequence
	}
	if _, err := log.AppendFetchEvents(t.Context(), fetch, last, all...); err != nil {
		t.Fatal(err)
	}
}

// diff returns the differences, by product, and their summary.
func diff(
	t tester, client atlantv1connect.ProductServiceClient, a, b events.FetchID,
) ([]*atlantv1.Difference, *atlantv1.DiffSummary) {
	t.Helper()
	stream, err := client.DiffFetches(t.Context(), connect.NewRequest(&atlantv1.DiffFetchesRequest{A: a.String(), B: b.String()}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var all []*atlantv1.Difference
	var summary *atlantv1.DiffSummary
	for stream.Receive() {
		if summary != nil {
			t.Fatal("something comes behind the summary")
		}
		all, summary = append(all, stream.Msg().GetDifferences()...), stream.Msg().GetSummary()
	}
	if stream.Err() != nil || summary == nil {
		t.Fatalf("summary %v, error %v", summary, stream.Err())
	}
	slices.SortFunc(all, func(a, b *atlantv1.Difference) int { return cmp.Compare(a.GetProductId(), b.GetProductId()) })
	return all, summary
}

// wantDiff works out what differs in the plainest way: what each list says last of each name.
func wantDiff(a, b []events.Observation) ([]*atlantv1.Difference, *atlantv1.DiffSummary) {
	last := func(all []events.Observation) map[string]*events.Observation {
		said := map[string]*events.Observation{}
		for i := range all {
			if before := said[all[i].Name]; before == nil || all[i].Position.ObservedAt >= before.Position.ObservedAt {
				said[all[i].Name] = &all[i]
			}
		}
		return said
	}
	inA, inB := last(a), last(b)
	price := func(o *events.Observation) *atlantv1.Price {
		return &atlantv1.Price{AmountMicros: o.Price.Micros, CurrencyCode: o.Price.Currency}
	}
	var all []*atlantv1.Difference
	summary := &atlantv1.DiffSummary{}
	add := func(kind atlantv1.DifferenceKind, a, b *events.Observation) {
		named := cmp.Or(a, b)
		d := &atlantv1.Difference{Kind: kind, ProductId: events.NewProductID(shopSource, named.Name).String(), Source: shopSource, Name: named.Name}
		if a != nil {
			d.PriceA, d.LineA = price(a), a.Line
		}
		if b != nil {
			d.PriceB, d.LineB = price(b), b.Line
		}
		all = append(all, d)
	}
	for name, o := range inA {
		switch other := inB[name]; {
		case other == nil:
			summary.Missing++
			add(atlantv1.DifferenceKind_DIFFERENCE_KIND_MISSING, o, nil)
		case other.Price == o.Price:
			summary.Same++
		default:
			summary.Changed++
			add(atlantv1.DifferenceKind_DIFFERENCE_KIND_CHANGED, o, other)
		}
	}
	for name, o := range inB {
		if inA[name] == nil {
			summary.Added++
			add(atlantv1.DifferenceKind_DIFFERENCE_KIND_ADDED, nil, o)
		}
	}
	slices.SortFunc(all, func(a, b *atlantv1.Difference) int { return cmp.Compare(a.GetProductId(), b.GetProductId()) })
	return all, summary
}

// drawList draws what a list says: products at prices and times, some of them several times.
func drawList(t *rapid.T, label string) []events.Observation {
	var all []events.Observation
	for i := range rapid.IntRange(0, 60).Draw(t, label) {
		all = append(all, events.Observation{
			Name:     fmt.Sprintf("product %d", rapid.IntRange(0, 30).Draw(t, "product")),
			Price:    events.Price{Micros: rapid.Int64Range(0, 2).Draw(t, "price"), Currency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency")},
			Position: events.Position{ObservedAt: day + events.Micros(rapid.IntRange(0, 2).Draw(t, "time"))},
			Line:     int64(i) + 2,
		})
	}
	return all
}

func wantSameDiff(t tester, got, want []*atlantv1.Difference, gotSum, wantSum *atlantv1.DiffSummary) {
	t.Helper()
	same := slices.EqualFunc(got, want, func(a, b *atlantv1.Difference) bool { return proto.Equal(a, b) })
	if !same || !proto.Equal(gotSum, wantSum) {
		t.Fatalf("got  %v, %v\nwant %v, %v", gotSum, got, wantSum, want)
	}
}

func TestDiffFetches(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	all := clientsOn(t, newViews(t), log, noLists{})
	rapid.Check(t, func(t *rapid.T) {
		listA, listB := drawList(t, "a"), drawList(t, "b")
		a := publish(t, log, listA)
		publish(t, log, drawList(t, "between"))
		b := publish(t, log, listB)
		protocol := rapid.SampledFrom([]string{"connect", "json", "grpc", "grpc-web"}).Draw(t, "protocol")
		got, sum := diff(t, all[protocol], a, b)
		want, wantSum := wantDiff(listA, listB)
		wantSameDiff(t, got, want, sum, wantSum)
	})
}

// More differences than a response holds.
func TestDiffManyResponses(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	many := func(from, to int, micros int64) (all []events.Observation) {
		for i := from; i < to; i++ {
			all = append(all, events.Observation{
				Name: fmt.Sprintf("product %05d", i), Price: events.Price{Micros: micros}, Line: int64(i), Position: events.Position{ObservedAt: day},
			})
		}
		return all
	}
	a, b := many(0, 3000, 1), append(many(1000, 2000, 2), many(2000, 4000, 1)...)
	fetchA, fetchB := publish(t, log, a), publish(t, log, b)
	for protocol, client := range clientsOn(t, newViews(t), log, noLists{}) {
		if protocol == "get" {
			continue // streams are posted
		}
		got, sum := diff(t, client, fetchA, fetchB)
		want, wantSum := wantDiff(a, b)
		wantSameDiff(t, got, want, sum, wantSum)
	}
}

// A fetch that found its list unchanged stands for the one that published it.
func TestDiffOfUnchanged(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	one := []events.Observation{{Name: "x", Price: events.Price{Micros: 1}, Line: 2, Position: events.Position{ObservedAt: day}}}
	two := []events.Observation{{Name: "y", Price: events.Price{Micros: 1}, Line: 2, Position: events.Position{ObservedAt: day}}}
	a, b := publish(t, log, one), publish(t, log, two)
	again := newFetch(t, log, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_NotModified{
		NotModified: &atlantv1.FetchNotModified{PublishedBy: a.String()},
	}})
	client := clientsOn(t, newViews(t), log, noLists{})["grpc"]
	got, sum := diff(t, client, again, b)
	want, wantSum := wantDiff(one, two)
	wantSameDiff(t, got, want, sum, wantSum)
	if got, sum = diff(t, client, again, a); len(got) > 0 || sum.GetSame() != 1 {
		t.Errorf("%v, %v", got, sum)
	}
}

func TestDiffRefuses(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	event := func(e *atlantv1.FetchEvent) string { return newFetch(t, log, e).String() }
	good := publish(t, log, nil).String()
	unknown := uuid.NewString()
	failed := event(&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{Failed: &atlantv1.FetchFailed{Error: "no"}}})
	held := event(&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Held{Held: &atlantv1.FetchHeld{}}})
	huge := event(&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Completed{Completed: &atlantv1.FetchCompleted{
		Counts: &atlantv1.FetchCounts{Published: 5_000_001},
	}}})
	compacted := event(&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Completed{Completed: &atlantv1.FetchCompleted{
		Counts: &atlantv1.FetchCounts{Published: 3},
	}}})
	for protocol, client := range clientsOn(t, newViews(t), log, noLists{}) {
		for name, test := range map[string]struct {
			a, b string
			code connect.Code
			says []string
		}{
			"unknown":   {good, unknown, connect.CodeNotFound, []string{"b: ", unknown}},
			"unknown ":  {unknown, good, connect.CodeNotFound, []string{"a: ", unknown}},
			"failed":    {failed, good, connect.CodeFailedPrecondition, []string{"a: ", failed, "failed"}},
			"held":      {good, held, connect.CodeFailedPrecondition, []string{"b: ", held, "held"}},
			"too many":  {good, huge, connect.CodeResourceExhausted, []string{"b: ", huge, "5000001", "5000000"}},
			"compacted": {good, compacted, connect.CodeFailedPrecondition, []string{"b: ", compacted, "of the 3 prices", "holds 0"}},
			"no id":     {"x", good, connect.CodeInvalidArgument, []string{"a"}},
			"none":      {good, "", connect.CodeInvalidArgument, []string{"b"}},
		} {
			stream, err := client.DiffFetches(t.Context(), connect.NewRequest(&atlantv1.DiffFetchesRequest{A: test.a, B: test.b}))
			if err == nil {
				for stream.Receive() {
					t.Errorf("%s, %s: %v", protocol, name, stream.Msg())
				}
				err = stream.Err()
				_ = stream.Close()
			}
			if connect.CodeOf(err) != test.code {
				t.Errorf("%s, %s: %v", protocol, name, err)
				continue
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s, %s: it does not say %q: %v", protocol, name, part, err)
				}
			}
		}
	}
}
