package main

import (
	"fmt"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	bread := &atlantv1.Product{
		Id: "0d9f4a1e-3f0b-5b8e-9d3a-0123456789ab", Name: "Bread", Price: eur(2_625_000), PriceChanges: 1,
		FirstObservedAt: at("08:00:00"), PriceChangedAt: at("09:00:00"), ObservedAt: at("10:00:00"),
	}
	upload := "upload:" + strings.Repeat("ab", 32) + "/list.csv"
	from := &atlantv1.Evidence{
		Fetch:  &atlantv1.Fetch{Id: "F1", Url: upload, Source: "shop"},
		Sha256: strings.Repeat("ab", 32), Line: 7, RawRow: "Bread;2,625",
	}
	seen := &atlantv1.Evidence{Fetch: &atlantv1.Fetch{Id: "F2", Url: "https://example.com/list.csv", Source: "shop"}, Line: 9}
	answer := &atlantv1.ExplainResponse{Product: bread, PriceFrom: from, SeenLast: seen}
	s := &fakeServer{
		get:     func(*atlantv1.GetRequest) (*atlantv1.Product, error) { return bread, nil },
		explain: func(*atlantv1.ExplainRequest) (*atlantv1.ExplainResponse, error) { return answer, nil },
	}
	second := func(clock string) string { return formatTime(at(clock), toTheSecond) }
	first := "Bread: 2.625 EUR\n" +
		"since      " + second("09:00:00") + "\n" +
		"fetch      F1\n" +
		"url        " + shownURL(upload) + "\n" +
		"source     shop\n" +
		"sha-256    " + strings.Repeat("ab", 32) + "\n" +
		"line       7\n" +
		"row        Bread;2,625\n"
	s.run(t, "explain", "Bread").expect(t, exitOK, first+
		"\nseen again\n"+
		"last       "+second("10:00:00")+"\n"+
		"fetch      F2\n"+
		"url        https://example.com/list.csv\n"+
		"source     shop\n"+
		"line       9\n"+
		"row        the list is not kept\n", "")
	answer.SeenLast = from
	s.run(t, "explain", "Bread").expect(t, exitOK, first+"\nnot seen since\n", "")
	r := s.run(t, "explain", "--json", "Bread")
	if r.code != exitOK || !strings.Contains(r.out, fmt.Sprintf(`"rawRow":%q`, from.GetRawRow())) || strings.Count(r.out, "\n") != 1 {
		t.Errorf("%+v", r)
	}
}
