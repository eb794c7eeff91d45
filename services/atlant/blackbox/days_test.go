package blackbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestListOfManyDays fetches a list with a column of dates, in no order: a product has a price for each of its days, and they
// count in their order.
func TestListOfManyDays(t *testing.T) {
	t.Parallel()
	const products, weeks = 300, 4
	first := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var list strings.Builder
	list.WriteString("date;name;price\n")
	for n := range products * weeks {
		week := n * 7 % weeks // goes to and fro
		product := n / weeks
		fmt.Fprintf(&list, "%s;product %d;%d.00\n", first.AddDate(0, 0, 7*week).Format("02/01/2006"), product, 10+week/2)
	}
	list.WriteString("02/03/2026;product 0;9.00\n") // the last line of a day counts
	list.WriteString("02/03/2126;product 0;9.00\n") // the future does not
	a, s := startOpen(t), newShop(t)
	fetch := a.get(t, &atlantv1.FetchRequest{
		Url: s.sell("/days.csv", list.String()), Csv: &atlantv1.CsvOptions{ObservedAtColumn: "date"},
	})
	counts{products*weeks + 2, products * weeks, 1, 1, products * weeks}.expect(t, fetch)
	if fetch.GetDialect().GetObservedAtColumn() != 1 {
		t.Error(fetch.GetDialect())
	}
	if rejects := a.rejects(t, fetch.GetId(), 10); len(rejects) != 1 || rejects[0].GetReason() != atlantv1.RejectReason_REJECT_REASON_DATE {
		t.Error(rejects)
	}
	all, _ := a.walk(t, &atlantv1.ListRequest{PageSize: 200, Position: fetch.GetPosition()})
	if len(all) != products {
		t.Fatalf("%d products, want %d", len(all), products)
	}
	for _, p := range all {
		want := int64(1)
		if p.GetName() == "product 0" {
			want = 2
		}
		if p.GetPriceChanges() != want || p.GetPrice().GetAmountMicros() != 11_000_000 ||
			!p.GetFirstObservedAt().AsTime().Equal(first) || !p.GetObservedAt().AsTime().Equal(first.AddDate(0, 0, 7*(weeks-1))) {
			t.Errorf("%v", p)
		}
		changes := a.changes(t, p.GetId(), 10, true)
		if last := changes[len(changes)-1]; int64(len(changes)) != want || !last.GetObservedAt().AsTime().Equal(first.AddDate(0, 0, 14)) {
			t.Errorf("%s: %v", p.GetName(), changes)
		}
	}
}
