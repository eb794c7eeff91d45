package fetch

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestCurrencyOfTheSource: a list takes the currency of its source where it is asked for without one, and nothing else.
func TestCurrencyOfTheSource(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	s := NewService(p.log, p.views, 0)
	source := &atlantv1.SourceRecord{
		Name: "shop", Url: "http://127.0.0.1/own", CurrencyCode: "EUR", Csv: &atlantv1.CsvOptions{Delimiter: "|"},
	}
	revision, err := p.log.RegisterSource(t.Context(), source, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		source string
		csv    *atlantv1.CsvOptions
		want   *atlantv1.CsvOptions
	}{
		"nothing said":  {"shop", nil, &atlantv1.CsvOptions{CurrencyCode: "EUR"}},
		"options":       {"shop", &atlantv1.CsvOptions{Delimiter: ";"}, &atlantv1.CsvOptions{Delimiter: ";", CurrencyCode: "EUR"}},
		"said":          {"shop", &atlantv1.CsvOptions{CurrencyCode: "USD"}, &atlantv1.CsvOptions{CurrencyCode: "USD"}},
		"other source":  {"other", nil, nil},
		"no source":     {"", nil, nil},
		"other, option": {"other", &atlantv1.CsvOptions{Quote: "none"}, &atlantv1.CsvOptions{Quote: "none"}},
	} {
		given := proto.CloneOf(test.csv)
		request := &atlantv1.FetchRequest{Url: "http://127.0.0.1/list", Source: test.source, Csv: test.csv, RequestId: name}
		fetch, err := s.Request(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if got := requestedOf(t, p, fetch.GetId()).GetCsv(); !proto.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if !proto.Equal(given, request.GetCsv()) {
			t.Errorf("%s: the request was changed to %v", name, request)
		}
	}

	// The same request is the same fetch, even if the source has another currency since.
	source.CurrencyCode = ""
	if _, err = p.log.RegisterSource(t.Context(), source, revision, nil); err != nil {
		t.Fatal(err)
	}
	again := &atlantv1.FetchRequest{Url: "http://127.0.0.1/list", Source: "shop", RequestId: "nothing said"}
	if _, err := s.Request(t.Context(), again); err != nil {
		t.Error(err)
	}
	again.Csv = &atlantv1.CsvOptions{CurrencyCode: "USD"}
	if _, err := s.Request(t.Context(), again); err == nil {
		t.Error("another currency is the same request")
	}
}

func requestedOf(t *testing.T, p *plant, id string) *atlantv1.FetchRequested {
	t.Helper()
	recorded, err := p.log.FetchEvents(t.Context(), uuid.MustParse(id))
	if err != nil || len(recorded) != 1 {
		t.Fatalf("%v, %v", recorded, err)
	}
	return recorded[0].Event.GetRequested()
}
