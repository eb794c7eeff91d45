package blackbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestRememberedDecimalMark: where a list does not tell its decimal mark, it is read as the one before it was, and one that
// says otherwise by what it says.
func TestRememberedDecimalMark(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	const open = header + "Milk;2\nBread;1,234\n"
	get := func(source, text string) *atlantv1.Fetch {
		t.Helper()
		return a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", text), Source: source})
	}
	first := get("shop", header+"Milk;1,50\nBread;1,25\n")
	second := get("shop", open)
	counts{2, 2, 0, 0, 2}.expect(t, second)
	if diff := cmp.Diff(prices{"Milk": 2_000_000, "Bread": 1_234_000}, a.pricesOf(t, second)); diff != "" {
		t.Error(diff)
	}
	d := second.GetDialect()
	if d.GetRememberedFrom() != first.GetId() || d.GetConfidence() != first.GetDialect().GetConfidence() ||
		!strings.Contains(strings.Join(d.GetEvidence(), "\n"), "as in fetch "+first.GetId()+" of this list") {
		t.Errorf("got %v", d)
	}
	a.cli(t, 0, "fetches", second.GetId()).holds(t, "confidence ", "with what fetch "+first.GetId()+" of this list settled")
	alone := get("another", open)
	counts{2, 1, 1, 0, 1}.expect(t, alone)
	a.cli(t, 0, "fetches", alone.GetId()).holds(t, "csv.decimal_mark would settle what rows are rejected for")
	third := get("shop", header+"Milk;2.25\nBread;1.5\nTea;1,234\n")
	counts{3, 2, 1, 0, 2}.expect(t, third)
	if third.GetDialect().GetDecimalMark() != "." || third.GetDialect().GetRememberedFrom() != "" {
		t.Errorf("got %v", third.GetDialect())
	}
}
