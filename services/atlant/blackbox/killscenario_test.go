package blackbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// scenario is a row of requests. Those of a source are to reach the log in their order.
type scenario struct {
	requests []*atlantv1.FetchRequest // with a request id and a time each
}

const (
	mainFetches  = 7
	mainProducts = 9000 // more than two batches of the log
	sideFetches  = 2
	sideProducts = 9000
	dayFetches   = 2
	dayProducts  = 600
	daysEach     = 5
)

// newScenario serves the lists slowly, so that a kill can hit a download, and returns the requests for them: of one
// source many lists, each with some prices of its own, of another one a few, and some that hold many days, packed and in another
// encoding; at the end a list from before all others.
func newScenario(tb testing.TB, s *shop) *scenario {
	tb.Helper()
	sc := &scenario{}
	began := longAgo()
	for n := range mainFetches {
		sc.add(s, "main", began.Add(time.Duration(n)*time.Hour), killList("main", mainProducts, n))
		if n%3 == 2 && n/3 < sideFetches {
			sc.add(s, "side", began.Add(time.Duration(n)*time.Hour), killList("side", sideProducts, n))
		}
	}
	for n := range dayFetches {
		sc.add(s, "days", began.Add(time.Duration(n)*time.Hour), string(gzipped(tb, utf16LE(killDays(n)))))
		sc.requests[len(sc.requests)-1].Csv = &atlantv1.CsvOptions{ObservedAtColumn: "DATE"}
	}
	sc.add(s, "main", began.Add(-time.Hour), killList("main", mainProducts/2, 99)) // too late to count
	return sc
}

func (sc *scenario) add(s *shop, source string, at time.Time, text string) {
	n := len(sc.requests)
	sc.requests = append(sc.requests, &atlantv1.FetchRequest{
		Url:    s.handle(fmt.Sprintf("/%d.csv", n), slowList(text, 16, time.Duration(4+n%3*8)*time.Millisecond)),
		Source: source, ObservedAt: stamp(at), RequestId: fmt.Sprintf("request %d", n),
	})
}

// killDays is the nth list of many days: in no order, so that it is published in another one than it is read in.
func killDays(n int) string {
	var text strings.Builder
	text.WriteString("DATE;PRODUCT NAME;PRICE\n")
	for i := range dayProducts * daysEach {
		day := longAgo().AddDate(0, 0, 10*n+i*3%daysEach)
		fmt.Fprintf(&text, "%s;Ürün %d;%d.50\n", day.Format(time.DateOnly), i/daysEach, i%7+n)
		if i%1499 == 3 {
			fmt.Fprintf(&text, "%s;Ürün %d;free\n", day.Format(time.DateOnly), i/daysEach)
		}
	}
	return text.String()
}

// utf16LE encodes a text as spreadsheets do that call it Unicode.
func utf16LE(text string) []byte {
	encoded := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	return encoded
}

// killList is the nth list of a source: an eighth of its products change their prices in each, and some rows are bad or
// name a product a second time.
func killList(source string, products, n int) string {
	var text strings.Builder
	text.WriteString(header)
	for i := range products {
		price := i%500 + 1
		if i%8 == 0 {
			price += 1000 * (n + 1) // in each list another one
		}
		fmt.Fprintf(&text, "%s product %d;%d.25\n", source, i, price)
		switch {
		case i%997 == 5:
			fmt.Fprintf(&text, "%s rubbish %d;free\n", source, i)
		case i%499 == 7: // an earlier product again
			fmt.Fprintf(&text, "%s product %d;%d.75\n", source, i/2, n+1)
		}
	}
	return text.String()
}

// outcome is what a run of the scenario came to, without what may differ between runs: the ids of fetches and the times
// of the work on them. A fetch is known by its number in the scenario.
type outcome struct {
	Products []*atlantv1.Product
	Changes  map[string][]*atlantv1.Change
	Fetches  []*atlantv1.Fetch
	Rejects  [][]*atlantv1.Reject
	Late     int64

	receipts map[string]*atlantv1.Fetch // the fetches by their ids
}

// finish sees all fetches completed and returns what came of them.
func (sc *scenario) finish(tb testing.TB, a *atlant, ids []string) outcome {
	tb.Helper()
	numbers := map[string]string{}
	for n, id := range ids {
		numbers[id] = fmt.Sprint(n)
		fetch := a.await(tb, id)
		if fetch.GetState() != completed || fetch.GetPublished() != fetch.GetAccepted() || fetch.GetAccepted() == 0 {
			tb.Errorf("fetch %d: %v", n, fetch)
		}
	}
	a.caughtUp(tb)
	d := a.dump(tb)
	o := outcome{Products: d.Products, Changes: d.Changes, Fetches: make([]*atlantv1.Fetch, len(ids)), Rejects: make([][]*atlantv1.Reject, len(ids))}
	o.receipts = map[string]*atlantv1.Fetch{}
	for _, changes := range d.Changes {
		for _, c := range changes {
			c.FetchId = numbers[c.GetFetchId()]
		}
	}
	if len(d.Fetches) != len(ids) {
		tb.Errorf("got %d fetches, want %d", len(d.Fetches), len(ids))
	}
	for _, f := range d.Fetches {
		n := slices.Index(ids, f.GetId())
		if n < 0 {
			tb.Errorf("a fetch that nobody asked for: %v", f)
			continue
		}
		o.Rejects[n] = d.Rejects[f.GetId()]
		o.receipts[f.GetId()] = &atlantv1.Fetch{Accepted: f.GetAccepted()}
		f.Id, f.Position, f.RequestedAt, f.StartedAt, f.EndedAt, f.VisibleAt = "", "", nil, nil, nil, nil
		o.Fetches[n] = f
	}
	_, o.Late = a.prices(tb)
	return o
}

func (o outcome) expectSame(tb testing.TB, want outcome) {
	tb.Helper()
	if o.Late != want.Late {
		tb.Errorf("got %d late observations, want %d", o.Late, want.Late)
	}
	expectSame(tb, want.Products, o.Products)
	expectSame(tb, want.Fetches, o.Fetches)
	for n := range want.Rejects {
		expectSame(tb, want.Rejects[n], o.Rejects[n])
	}
	for _, p := range want.Products {
		expectSame(tb, want.Changes[p.GetId()], o.Changes[p.GetId()])
	}
	if len(o.Changes) != len(want.Changes) {
		tb.Errorf("got %d products with changes, want %d", len(o.Changes), len(want.Changes))
	}
}
