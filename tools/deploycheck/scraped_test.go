package deploycheck

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// scraped is the metrics that processes have, with the labels of each.
type scraped map[string]map[string]bool

var (
	sampleLine = regexp.MustCompile(`(?m)^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? `)
	labelName  = regexp.MustCompile(`(?:^|,)([a-zA-Z_][a-zA-Z0-9_]*)="`)
)

// scrape adds what a process says to whoever has a key.
func (s scraped) scrape(t *testing.T, url, key string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	for _, line := range sampleLine.FindAllStringSubmatch(string(text), -1) {
		if s[line[1]] == nil {
			s[line[1]] = map[string]bool{"job": true, "instance": true}
		}
		for _, label := range labelName.FindAllStringSubmatch(line[2], -1) {
			s[line[1]][label[1]] = true
		}
	}
}

// wantKnown fails unless an expression can be read and names nothing but metrics and labels that there are. It returns the
// metrics.
func (s scraped) wantKnown(t *testing.T, where, expression string) []string {
	t.Helper()
	parsed, err := queries.ParseExpr(expression)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return nil
	}
	var names []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			names = append(names, node.Name)
			for _, m := range node.LabelMatchers {
				if node.Name != "up" && m.Name != "__name__" && !s[node.Name][m.Name] {
					t.Errorf("%s: %s has no label %s", where, node.Name, m.Name)
				}
			}
		case *parser.AggregateExpr:
			for _, label := range node.Grouping {
				s.wantGrouping(t, where, node, label)
			}
		}
		return nil
	})
	for _, name := range names {
		if s[name] == nil && name != "up" { // that one is Prometheus' own
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	return names
}

// wantGrouping fails unless what is aggregated has the label.
func (s scraped) wantGrouping(t *testing.T, where string, over *parser.AggregateExpr, label string) {
	t.Helper()
	parser.Inspect(over.Expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && !s[selector.Name][label] {
			t.Errorf("%s: %s has no label %s to be grouped by", where, selector.Name, label)
		}
		return nil
	})
}

// wantObserved fails unless the alerts and the dashboard name metrics that these processes have, and the dashboard each of
// Atlant's own.
func wantObserved(t *testing.T, key string, urls ...string) {
	t.Helper()
	known := scraped{}
	await(t, "all metrics", func() bool { // the last stage of a fetch comes after its receipt
		for _, url := range urls {
			known.scrape(t, url+"/metrics", key)
		}
		return known["atlant_fetch_visible_seconds_count"] != nil
	})
	for _, rule := range loadAlerts(t) {
		known.wantKnown(t, rule.Alert, rule.Expr)
	}
	shown := map[string]bool{}
	for _, panel := range loadDashboard(t).Panels {
		for _, target := range panel.Targets {
			for _, name := range known.wantKnown(t, "panel "+panel.Title, target.query()) {
				shown[family(name)] = true
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "atlant_") && !shown[family(name)] && family(name) != "atlant_views_generation" {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// family returns the name of a histogram that a name is a part of, or the name.
func family(name string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// dashboard is what is looked at of Grafana's JSON.
type dashboard struct {
	UID    string
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int }
		Targets []target
	}
}

type target struct {
	RefID string
	Expr  string
}

// query is the expression with the variables filled in that Grafana fills in.
func (t target) query() string {
	return strings.NewReplacer("$job", ".*", "$__rate_interval", "1m").Replace(t.Expr)
}

func loadDashboard(t testing.TB) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "deploy/grafana/atlant.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDashboard: panels have ids of their own, lie beside each other, and ask for the job that was chosen.
func TestDashboard(t *testing.T) {
	d := loadDashboard(t)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, panel := range d.Panels {
		if ids[panel.ID] || panel.ID == 0 {
			t.Errorf("panel %s has the id %d, which is not its own", panel.Title, panel.ID)
		}
		ids[panel.ID] = true
		at := panel.GridPos
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %s lies on %q, or outside", panel.Title, other)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
		if panel.Type == "row" {
			continue
		}
		if len(panel.Targets) == 0 {
			t.Errorf("panel %s shows nothing", panel.Title)
		}
		refs := []string{}
		for _, target := range panel.Targets {
			if !strings.Contains(target.Expr, `job=~"$job"`) || slices.Contains(refs, target.RefID) {
				t.Errorf("panel %s: %s", panel.Title, target.Expr)
			}
			refs = append(refs, target.RefID)
		}
	}
	if d.UID != "atlant" || len(ids) == 0 {
		t.Errorf("got %+v", d)
	}
}
