package blackbox_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// cli runs a command against an Atlant and demands its exit code.
func (a *atlant) cli(tb testing.TB, code int, arguments ...string) result {
	tb.Helper()
	r := run(tb, append(arguments, "--addr", a.url)...)
	if r.code != code {
		tb.Errorf("%q: got exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", arguments, r.code, code, r.out, r.errOut)
	}
	return r
}

// holds demands that the output holds texts.
func (r result) holds(tb testing.TB, texts ...string) {
	tb.Helper()
	for _, text := range texts {
		if !strings.Contains(r.out, text) {
			tb.Errorf("want %q in:\n%s", text, r.out)
		}
	}
}

// objects reads JSON lines.
func (r result) objects(tb testing.TB) []map[string]any {
	tb.Helper()
	var all []map[string]any
	decoder := json.NewDecoder(bytes.NewBufferString(r.out))
	for decoder.More() {
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			tb.Fatalf("%v in:\n%s", err, r.out)
		}
		all = append(all, object)
	}
	if lines := strings.Count(r.out, "\n"); lines != len(all) {
		tb.Errorf("%d objects on %d lines:\n%s", len(all), lines, r.out)
	}
	return all
}

// TestCommandLine goes the way of a user, from the first fetch to the rejects.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", header+"Milk;1.50\nBread;2.25\nRubbish;free\nMilk;1.60\n")
	fetch := []string{"fetch", "--wait", "--source", "shop", "--currency", "EUR", url}
	a.cli(t, 0, fetch...).holds(t, "completed", "4 read = 2 accepted + 1 rejected + 1 duplicates", "visible after",
		"line 4, column 2", "name in column 1, price in column 2, in EUR")
	s.sell("/list.csv", header+"Milk;1.75\nBread;2.25\nRubbish;free\n")
	got := a.cli(t, 0, append(fetch, "--json")...).objects(t)
	if len(got) != 1 || got[0]["state"] != "FETCH_STATE_COMPLETED" || got[0]["accepted"] != "2" || got[0]["position"] == "" {
		t.Fatalf("got %v", got)
	}
	id, _ := got[0]["id"].(string)
	expectTables(t, a, id)
	expectJSON(t, a, id)
	expectFailures(t, a, s)
}

func expectTables(t *testing.T, a *atlant, id string) {
	t.Helper()
	list := a.cli(t, 0, "list", "--sort", "price", "--desc", "--total")
	list.holds(t, "name", "1.75 EUR", "1.60 EUR", "2 in all")
	if strings.Index(list.out, "Bread") > strings.Index(list.out, "Milk") {
		t.Errorf("not in order:\n%s", list.out)
	}
	a.cli(t, 0, "changes", "Milk", "--source", "shop").holds(t, "lowest     1.60 EUR", "1.75 EUR", id)
	a.cli(t, 0, "fetches").holds(t, id, "completed", "shop")
	a.cli(t, 0, "fetches", id).holds(t, "3 read = 2 accepted + 1 rejected + 0 duplicates", "evidence")
	a.cli(t, 0, "rejects", id).holds(t, "price not a number", "Rubbish;free")
	a.cli(t, 0, "status").holds(t, "PRICES_00", "FETCH_EVENTS", "2 products, lag 0, parked 0")
	a.cli(t, 0, "version").holds(t, "atlant ")
}

func expectJSON(t *testing.T, a *atlant, id string) {
	t.Helper()
	for _, c := range []struct {
		arguments []string
		objects   int
		field     string
		want      any
	}{
		{[]string{"list"}, 2, "name", "Bread"},
		{[]string{"list", "--limit", "1", "--desc"}, 1, "name", "Milk"},
		{[]string{"list", "--source", "nobody"}, 0, "", nil},
		{[]string{"changes", "Milk", "--source", "shop"}, 2, "fetchId", id},
		{[]string{"fetches"}, 2, "id", id},
		{[]string{"fetches", id}, 1, "rowsRead", "3"},
		{[]string{"rejects", id}, 1, "raw", "Rubbish;free"},
		{[]string{"status"}, 1, "products", "2"},
	} {
		got := a.cli(t, 0, append(c.arguments, "--json")...).objects(t)
		if len(got) != c.objects || (len(got) > 0 && got[0][c.field] != c.want) {
			t.Errorf("%q: got %v, want %d with %s = %v", c.arguments, got, c.objects, c.field, c.want)
		}
	}
}

func expectFailures(t *testing.T, a *atlant, s *shop) {
	t.Helper()
	for _, c := range []struct {
		code      int
		arguments []string
		says      string
	}{
		{1, []string{"fetch", "--wait", s.URL + "/no-such-list.csv"}, "404 Not Found"},
		{1, []string{"fetch", "--wait", "--json", s.URL + "/no-such-list.csv"}, "404 Not Found"},
		{1, []string{"fetch", "gopher://example.com/"}, "url: must begin with http"},
		{1, []string{"fetch", s.URL, "--currency", "eur"}, "csv.currency_code"},
		{1, []string{"fetches", unknownID}, unknownID},
		{1, []string{"rejects", unknownID}, unknownID},
		{1, []string{"cancel", unknownID}, unknownID},
		{1, []string{"changes", "No such product"}, "No such product"},
		{1, []string{"list", "--position", "?"}, "position"},
		{2, []string{"list", "--sort", "colour"}, "--sort"},
		{2, []string{"fetch"}, "list"},
	} {
		r := a.cli(t, c.code, c.arguments...)
		if !strings.Contains(r.errOut, c.says) {
			t.Errorf("%q: want %q in:\n%s", c.arguments, c.says, r.errOut)
		}
	}
	r := run(t, "status", "--addr", "http://"+closedPort(t))
	if r.code != 1 || !strings.Contains(r.errOut, "no Atlant answers") {
		t.Errorf("got %+v", r)
	}
}
