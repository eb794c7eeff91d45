package fetch

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sell serves another list, and fetches it.
func (s *scene) sell(text string, change func(*atlantv1.FetchRequest)) *atlantv1.Fetch {
	s.Helper()
	s.texts["/list.csv"], s.texts["/other.csv"] = text, text
	return s.fetch(s, s.f, s.request("/list.csv", change))
}

func asBefore(*atlantv1.FetchRequest) {}

// A list decides how its prices are written; then something happens; then comes one that leaves it open.
func TestRememberedDialect(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	for name, test := range map[string]struct {
		meanwhile func(*scene)
		change    func(*atlantv1.FetchRequest)
		forgotten bool
	}{
		"the next list":            {nil, asBefore, false},
		"forced":                   {nil, func(r *atlantv1.FetchRequest) { r.Force = true }, false},
		"of the past":              {nil, func(r *atlantv1.FetchRequest) { r.ObservedAt = timestamppb.New(time.Unix(1e9, 0)) }, false},
		"with a password":          {nil, func(r *atlantv1.FetchRequest) { r.Credentials = basic("u", "p") }, false},
		"another URL":              {nil, func(r *atlantv1.FetchRequest) { r.Url = strings.Replace(r.GetUrl(), "list", "other", 1) }, true},
		"another source":           {nil, func(r *atlantv1.FetchRequest) { r.Source += "-other" }, true},
		"other options":            {nil, func(r *atlantv1.FetchRequest) { r.Csv = &atlantv1.CsvOptions{CurrencyCode: "EUR"} }, true},
		"after one without prices": {func(s *scene) { s.sell("Milk;?\n", asBefore) }, asBefore, false},
		"after whole numbers":      {func(s *scene) { s.sell("Milk;2\n", asBefore) }, asBefore, false},
		"after the same again":     {func(s *scene) { s.sell("Milk;1,50\n", asBefore) }, asBefore, false},
		"after another of the source": {func(s *scene) {
			s.sell("Milk;1.50\n", func(r *atlantv1.FetchRequest) { r.Url = strings.Replace(r.GetUrl(), "list", "other", 1) })
		}, asBefore, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := "source-" + uuid.NewString()
			s := &scene{TB: t, plant: p, f: p.fetcher(t, "v1", quiet), again: &atlantv1.FetchRequest{Source: source}}
			s.vendor, s.again.Url = newVendor(t)
			first := s.sell("Milk;1,50\n", asBefore)
			if test.meanwhile != nil {
				test.meanwhile(s)
			}
			got := s.sell("Bread;1,234\n", test.change)
			if test.forgotten {
				if got.GetState() != failed || !strings.Contains(got.GetError(), "could be") {
					t.Errorf("got %v", got)
				}
				return
			}
			if got.GetState() != completed || got.GetAccepted() != 1 || got.GetDialect().GetRememberedFrom() != first.GetId() {
				t.Fatalf("got %v, want it read as %v", got, first)
			}
			again := s.sell("Bread;1,567\n", asBefore) // what is remembered is remembered again
			if again.GetState() != completed || again.GetDialect().GetDecimalMark() != "," {
				t.Errorf("got %v", again)
			}
			own := s.sell("Bread;1.5\nTea;1,234\n", asBefore) // and forgotten where the list says otherwise
			if own.GetAccepted() != 1 || own.GetRejected() != 1 || own.GetDialect().GetDecimalMark() != "." {
				t.Errorf("got %v", own)
			}
		})
	}
}

// The encoding is remembered as well.
func TestRememberedEncoding(t *testing.T) {
	t.Parallel()
	s := &scene{TB: t, plant: newPlant(t), again: &atlantv1.FetchRequest{}}
	s.f = s.fetcher(t, "v1", quiet)
	s.vendor, s.again.Url = newVendor(t)
	const sure = "\xED\xCF\xCC\xCF\xCB\xCF;1.50\n\xEB\xCF\xCC\xC2\xC1\xD3\xC1 \xC4\xCF\xCB\xD4\xCF\xD2\xD3\xCB\xC1\xD1;2.50\n" // in KOI8-R
	first := s.sell(sure, asBefore)
	if first.GetDialect().GetEncoding() != "koi8-r" {
		t.Fatalf("got %v", first)
	}
	got := s.sell("\xFE\xC1\xCA;1.50\n", asBefore) // one short word
	if got.GetState() != completed || got.GetDialect().GetEncoding() != "koi8-r" || got.GetDialect().GetRememberedFrom() != first.GetId() {
		t.Errorf("got %v", got)
	}
	alone := s.fetch(t, s.f, s.request("/list.csv", func(r *atlantv1.FetchRequest) { r.Source = "alone" }))
	if alone.GetState() != failed || !strings.Contains(alone.GetError(), "encoding") {
		t.Errorf("got %v", alone)
	}
}

// An attempt that goes on with what another one began remembers what that one did, whatever was fetched meanwhile.
func TestRememberedIsTheSameInEachAttempt(t *testing.T) {
	t.Parallel()
	const list = "Tea;2\nBread;1,234\n"
	hash := sha256.Sum256([]byte(list))
	for name, test := range map[string]struct {
		wasRecalled bool
		accepted    int64
	}{"what it recalled": {true, 2}, "nothing": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scene{TB: t, plant: newPlant(t), again: &atlantv1.FetchRequest{}}
			s.f = s.fetcher(t, "v1", quiet)
			s.vendor, s.again.Url = newVendor(t)
			first := s.sell("Milk;1,50\n", asBefore)
			requested, err := newRequest(s.again, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			dialect := &atlantv1.Dialect{Encoding: "utf-8"}
			if test.wasRecalled {
				dialect.RememberedFrom = first.GetId()
				s.sell("Milk;1.50\n", asBefore) // is the last one now
			}
			id := uuid.MustParse(requested.GetId())
			s.begun(id, requested, &atlantv1.FetchParsed{Dialect: dialect, Sha256: hash[:], ReadBy: "v1", Counts: &atlantv1.FetchCounts{
				RowsRead: 2, Accepted: test.accepted, Rejected: 2 - test.accepted,
			}})
			s.texts["/list.csv"] = list
			if err := s.f.finish(t.Context(), id, requested, newHold()); err != nil {
				t.Fatal(err)
			}
			view, err := currentView(t.Context(), s.log, id)
			if err != nil {
				t.Fatal(err)
			}
			if got := view.Fetch; got.GetState() != completed || got.GetPublished() != test.accepted {
				t.Errorf("got %v", got)
			}
		})
	}
}

// begun records that a request was begun, and its list read.
func (s *scene) begun(id events.FetchID, requested *atlantv1.FetchRequested, parsed *atlantv1.FetchParsed) {
	s.Helper()
	_, err := s.log.AppendFetchEvents(s.Context(), id, 0,
		&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Requested{Requested: requested}},
		&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}},
		&atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Parsed{Parsed: parsed}})
	if err != nil {
		s.Fatal(err)
	}
}

// While the views are behind nothing is recalled, and whoever looks at the fetch is told so.
func TestRememberedWithAViewThatIsBehind(t *testing.T) {
	t.Parallel()
	s := &scene{TB: t, plant: newPlant(t), again: &atlantv1.FetchRequest{}}
	s.f = s.fetcher(t, "v1", quiet)
	s.vendor, s.again.Url = newVendor(t)
	s.sell("Milk;1,50\n", asBefore)
	s.stopProjecting()
	s.f.viewPatience = 100 * time.Millisecond
	got := s.sell("Tea;2\nBread;1,234\n", asBefore)
	if got.GetRejected() != 1 || !strings.Contains(strings.Join(got.GetDialect().GetEvidence(), "\n"), errNotRecalled.Error()) {
		t.Errorf("got %v", got)
	}
	got = s.sell("Tea\n", asBefore)
	if got.GetState() != failed || !strings.HasSuffix(got.GetError(), "; "+errNotRecalled.Error()) {
		t.Errorf("got %v", got)
	}
}
