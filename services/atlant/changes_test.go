package main

import (
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const productID = "b3a4c1de-0000-5000-8000-000000000001"

// milk is a server that knows one product, with one change.
func milk() *fakeServer {
	return &fakeServer{
		get: func(r *atlantv1.GetRequest) (*atlantv1.Product, error) {
			if r.GetId() == productID || (r.GetName() == "Milk 1l" && r.GetSource() == "shop") {
				return &atlantv1.Product{Id: productID, Name: "Milk 1l", Price: eur(1_990_000), FirstObservedAt: at("08:00:00")}, nil
			}
			return nil, connect.NewError(connect.CodeNotFound, errors.New("there is no such product"))
		},
		listChanges: func(r *atlantv1.ListChangesRequest) (*atlantv1.ListChangesResponse, error) {
			if r.GetProductId() != productID || !r.GetAscending() {
				return &atlantv1.ListChangesResponse{}, nil
			}
			return &atlantv1.ListChangesResponse{Changes: []*atlantv1.Change{{
				ProductId: productID, Price: eur(1_990_000), PreviousPrice: eur(1_480_000), ObservedAt: at("09:30:15"), FetchId: fetchID, Line: 4_711,
			}}}, nil
		},
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	s := milk()
	want := "when                    price  previous  delta  fetch                                 line\n" +
		formatTime(at("09:30:15"), toTheSecond) + "  1.99 EUR  1.48 EUR  +0.51  " + fetchID + "  4711\n"
	for _, args := range []string{productID, "Milk 1l|--source=shop", "Milk|1l|--source|shop"} {
		s.run(t, append([]string{"changes", "--ascending"}, strings.Split(args, "|")...)...).expect(t, exitOK, want, "")
	}
}

// In JSON the product and its statistics come last.
func TestChangesInJSON(t *testing.T) {
	t.Parallel()
	s := milk()
	s.statistics = &atlantv1.PriceStatistics{Median: eur(1_480_000)}
	r := s.run(t, "changes", productID, "--ascending", "--json")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.code != exitOK || len(lines) != 2 || field(t, lines[0], "line") != "4711" {
		t.Fatalf("got %+v", r)
	}
	statistics, _ := field(t, lines[1], "statistics").(map[string]any)
	median, _ := statistics["median"].(map[string]any)
	if median["amountMicros"] != "1480000" {
		t.Errorf("got %s", lines[1])
	}
}

// What the prices come to stands above the table, as far as there is something to tell.
func TestChangesStatistics(t *testing.T) {
	t.Parallel()
	s := milk()
	get := s.get
	s.get = func(r *atlantv1.GetRequest) (*atlantv1.Product, error) {
		product, err := get(r)
		if product != nil {
			product.PriceChanges = 1
		}
		return product, err
	}
	first, second := formatTime(at("08:00:00"), toTheMinute), formatTime(at("09:30:15"), toTheMinute)
	all := &atlantv1.PriceStatistics{
		Lowest: eur(1_480_000), LowestAt: at("08:00:00"), Highest: eur(1_990_000), HighestAt: at("09:30:15"), Median: eur(1_480_000),
		Prior_30Days: eur(1_480_000), VolatilityPpm: 31_500, Truncated: true,
	}
	for want, statistics := range map[string]*atlantv1.PriceStatistics{
		"lowest     1.48 EUR, first " + first + "\n" +
			"highest    1.99 EUR, first " + second + "\n" +
			"median     1.48 EUR\n" +
			"30 days    1.48 EUR, the lowest before the last change\n" +
			"volatility 3.2% a change\n" +
			"of the latest 10,000 changes\n\nwhen ": all,
		"median     1.48 EUR\n\nwhen ": {Median: eur(1_480_000)},
		"when ":                        nil,
	} {
		s.statistics = statistics
		if r := s.run(t, "changes", productID, "--ascending"); r.code != exitOK || !strings.HasPrefix(r.out, want) {
			t.Errorf("got %+v, want %s", r, want)
		}
	}
	s.statistics, s.get = all, get // the price never changed
	if r := s.run(t, "changes", productID); r.code != exitOK || r.out != "" {
		t.Errorf("got %+v", r)
	}
}

func TestNoChanges(t *testing.T) {
	t.Parallel()
	milk().run(t, "changes", productID).expect(t, exitOK, "", "no changes: 1.99 EUR since "+formatTime(at("08:00:00"), toTheMinute)+"\n")
}

func TestChangesOfUnknownProduct(t *testing.T) {
	t.Parallel()
	for _, product := range []string{"Butter", strings.Replace(productID, "0001", "0002", 1)} {
		milk().run(t, "changes", product).expect(t, exitFailure, "",
			"atlant: there is no such product\n  `atlant list` shows the names; --source says in which list to look\n")
	}
}

// On a terminal, or where it is asked for, the history is drawn above the table.
func TestChangesChart(t *testing.T) {
	t.Parallel()
	s := milk()
	get, list := s.get, s.listChanges
	s.get = func(r *atlantv1.GetRequest) (*atlantv1.Product, error) {
		product, err := get(r)
		if product != nil {
			product.PriceChanges, product.ObservedAt = 1, at("12:00:00")
		}
		return product, err
	}
	s.listChanges = func(r *atlantv1.ListChangesRequest) (*atlantv1.ListChangesResponse, error) {
		r.Ascending = true
		return list(r)
	}
	r := s.run(t, "changes", productID, "--chart")
	if r.code != exitOK || !strings.Contains(r.out, "lowest 1.48, highest 1.99 EUR\n\nwhen ") || !strings.Contains(r.out, "╯") {
		t.Errorf("got %+v", r)
	}
	for _, flags := range [][]string{nil, {"--no-chart"}, {"--chart", "--json"}} {
		if r := s.run(t, append([]string{"changes", productID}, flags...)...); r.code != exitOK || strings.Contains(r.out, "lowest") {
			t.Errorf("%v: got %+v", flags, r)
		}
	}
}
