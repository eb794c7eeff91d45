package blackbox_test

import (
	"os"
	"strings"
	"testing"
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
