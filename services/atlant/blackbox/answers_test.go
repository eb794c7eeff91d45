package blackbox_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSearchDiffExplain: two lists in an encoding of its own, and what can be asked of them.
func TestSearchDiffExplain(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	latin := func(text string) string { // as ISO 8859-1 has it
		var encoded []byte
		for _, r := range text {
			encoded = append(encoded, byte(r))
		}
		return string(encoded)
	}
	const first = "PRODUCT NAME;PRICE\nCafé Crème 250 g;4.50\nThé vert;3.20\n\"Crème brûlée;\r\n4 pots\";2.99\n"
	path := file(t, "prices.csv", latin(first))
	fetch := []string{"fetch", "--wait", "--json", "--source", "shop", "--encoding", "iso-8859-1", path}
	last := func() string {
		answers := a.cli(t, 0, fetch...).objects(t)
		id, _ := answers[len(answers)-1]["id"].(string)
		return id
	}
	older := last()
	changed := strings.Replace(strings.Replace(first, "4.50", "4.80", 1), "Thé vert", "Thé noir", 1)
	if err := os.WriteFile(path, []byte(latin(changed)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := last()

	if found := a.cli(t, 0, "list", "--json", "--query", "CREME caf").objects(t); len(found) != 1 || found[0]["name"] != "Café Crème 250 g" {
		t.Errorf("found %v", found)
	}
	a.cli(t, 0, "list", "--query", "creme", "--total").holds(t, "Café Crème 250 g", "2 in all")
	expectRefusal(t, a.cli(t, 1, "list", "--query", "?!"), 1, "query")

	a.cli(t, 0, "diff", older, newer).holds(t, "1 added, 1 missing, 1 changed, 1 the same", "Thé noir", "Thé vert", "+0.30")
	a.cli(t, 0, "diff", older, older).holds(t, "0 added, 0 missing, 0 changed, 3 the same")

	a.cli(t, 0, "explain", "--source", "shop", "Café", "Crème", "250", "g").holds(t,
		"4.80", newer, "…/prices.csv", "line       2", "row        Café Crème 250 g;4.80", "not seen since")
	brulee := a.cli(t, 0, "explain", "--source", "shop", "--json", "Crème brûlée; 4 pots").objects(t)[0]
	from, _ := brulee["priceFrom"].(map[string]any)
	seen, _ := brulee["seenLast"].(map[string]any)
	if from["line"] != "4" || from["rawRow"] != "\"Crème brûlée;\r\n4 pots\";2.99" || seen["rawRow"] != from["rawRow"] || from["sha256"] == seen["sha256"] {
		t.Errorf("%v", brulee)
	}
}

// TestExportIsAList: an exported file is a price list that says the same.
func TestExportIsAList(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	const list = "PRODUCT NAME;PRICE\nMilk;1.50\n\"semi;colon\";0.000001\n\"19\"\" tv\";1234.5\nCafé;999999999999.999999\nBread;2\nTea, green;0\n"
	path := file(t, "prices.csv", list)
	a.cli(t, 0, "fetch", "--wait", "--source", "first", "--currency", "EUR", path).holds(t, "6 accepted")
	changed := file(t, "prices.csv", strings.Replace(list, "Milk;1.50", "Milk;1.75", 1))
	a.cli(t, 0, "fetch", "--wait", "--source", "first", "--currency", "EUR", changed).holds(t, "6 accepted")

	exported := file(t, "exported.csv", "")
	a.cli(t, 0, "export", "--source", "first", "-o", exported)
	a.cli(t, 0, "fetch", "--wait", "--source", "second", exported).holds(t, "6 accepted + 0 rejected")
	prices := func(source string) map[string]any {
		all := map[string]any{}
		for _, p := range a.cli(t, 0, "list", "--json", "--limit", "0", "--source", source).objects(t) {
			name, _ := p["name"].(string)
			all[name] = p["price"]
		}
		return all
	}
	if diff := cmp.Diff(prices("first"), prices("second")); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	changes := a.cli(t, 0, "export", "--changes", "--format", "jsonl").objects(t)
	if len(changes) != 1 || changes[0]["name"] != "Milk" || changes[0]["price"] != "1.75" || changes[0]["previous_price"] != "1.50" {
		t.Errorf("changes: %v", changes)
	}
	if data := a.cli(t, 0, "export", "--format", "parquet").out; !strings.HasPrefix(data, "PAR1") || !strings.HasSuffix(data, "PAR1") {
		t.Errorf("%d bytes that are no Parquet file", len(data))
	}
}
