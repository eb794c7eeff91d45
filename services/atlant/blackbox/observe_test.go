package blackbox_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestObserve fetches one list, and sees that the metrics say so to the row, that its trace holds all of its stages, that the
// manual knows each metric, and that profiles are where they were asked for and nowhere else.
func TestObserve(t *testing.T) {
	t.Parallel()
	traces := filepath.Join(t.TempDir(), "traces")
	a := startOpen(t, "--trace-file", traces, "--admin-listen", "127.0.0.1:0", "--log-format", "json", "--ready-max-lag", "1h")
	url := newShop(t).sell("/list.csv", header+"Milk;1.50\nTea;about 3\nRye Bread;2\nMilk;1.60\n")
	fetch := a.get(t, &atlantv1.FetchRequest{Url: url})
	eventuallyf(t, func() bool {
		return call(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: fetch.GetId()}).GetFetch().GetVisibleAt() != nil
	}, "the receipt does not say when it was visible")
	refuse(t, a.products.List, &atlantv1.ListRequest{PageSize: -1}, connect.CodeInvalidArgument, "page_size")
	eventuallyf(t, func() bool {
		return strings.Contains(page(t, a.url+"/metrics"), `atlant_projection_lag_messages{stream="FETCH_EVENTS"} 0`)
	},
		"the views do not catch up")

	metrics := page(t, a.url+"/metrics")
	for _, want := range []string{
		`atlant_fetches_total{state="completed"} 1`, `atlant_fetches_total{state="failed"} 0`,
		`atlant_fetch_rows_total{outcome="accepted"} 2`, `atlant_fetch_rows_total{outcome="rejected"} 1`,
		`atlant_fetch_rows_total{outcome="duplicate"} 1`,
		`atlant_fetch_visible_seconds_count 1`, `atlant_fetch_stage_duration_seconds_count{stage="visible"} 1`,
		`atlant_publish_batch_rows_count 1`, `atlant_publish_batch_rows_sum 2`,
		`atlant_projection_rows_total{stream="PRICES_00"} 2`, `atlant_projection_lag_messages{stream="PRICES_00"} 0`,
		`atlant_projection_lag_seconds{stream="PRICES_00"} 0`, `atlant_parked_messages{stream="PRICES_00"} 0`,
		`atlant_projection_stands_still{stream="PRICES_00"} 0`, `atlant_queue_requests 0`,
		`atlant_log_up 1`, `atlant_views_up 1`, `atlant_log_full 0`, `atlant_watch_streams 0`, `atlant_fetches_running 0`,
		`atlant_lease_changes_total{change="taken",kind="stream"} 2`, `atlant_lease_changes_total{change="taken",kind="alerts"} 1`,
		`atlant_rpc_duration_seconds_count{rpc_method="atlant.v1.FetchService/Fetch",rpc_response_status_code="OK"} 1`,
		`atlant_rpc_duration_seconds_count{rpc_method="atlant.v1.ProductService/List",rpc_response_status_code="INVALID_ARGUMENT"} 1`,
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("the metrics do not say %s", want)
		}
	}
	manual, err := os.ReadFile("../../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := slices.Compact(slices.Sorted(slices.Values(regexp.MustCompile("(?m)^\\| `(atlant_[a-z_]+)`").FindAllString(string(manual), -1))))
	for i := range documented {
		documented[i] = strings.Trim(documented[i], "| `")
	}
	slices.Sort(documented)
	if names := metricNames(metrics); !slices.Equal(names, documented) {
		t.Errorf("there are %q,\nand in the manual %q", names, documented)
	}
	admin := adminURL(t, a)
	if names := metricNames(page(t, admin+"/metrics")); !slices.Equal(names, documented) {
		t.Errorf("operators see %q", names)
	}
	if !strings.Contains(page(t, admin+"/debug/pprof/"), "goroutine") {
		t.Error("there are no profiles")
	}
	if strings.Contains(page(t, a.url+"/debug/pprof/"), "full goroutine stack dump") {
		t.Error("there are profiles where everybody is answered")
	}
	if page(t, a.url+"/readyz") != "ok\n" {
		t.Error("it is not ready")
	}
	a.stop(t) // writes what is left of the traces
	wantTrace(t, traces, fetch.GetId())
}

// page returns what is at a URL.
func page(tb testing.TB, url string) string {
	tb.Helper()
	answer, err := http.Get(url)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// metricNames returns the names of Atlant's own metrics, sorted.
func metricNames(metrics string) []string {
	var names []string
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (atlant_\S+)`).FindAllStringSubmatch(metrics, -1) {
		names = append(names, line[1])
	}
	slices.Sort(names)
	return names
}

// adminURL finds out from the log where operators are answered; each line of that is an object.
func adminURL(tb testing.TB, a *atlant) string {
	tb.Helper()
	for line := range strings.Lines(a.stderr.String()) {
		var record struct {
			Msg     string `json:"msg"`
			Address string `json:"address"`
		}
		if json.Unmarshal([]byte(line), &record) == nil && record.Msg == "operators are answered" {
			return "http://" + record.Address
		}
	}
	tb.Fatalf("the log does not say where operators are answered:\n%s", a.stderr)
	return ""
}

// wantTrace fails unless the last trace in a file is one tree of all stages of a fetch.
func wantTrace(t *testing.T, file, fetch string) {
	t.Helper()
	tree := run(t, "trace", file)
	if tree.code != 0 || !strings.Contains(tree.out, " of fetch "+fetch+": ") || !strings.Contains(tree.out, "└─ ") {
		t.Errorf("got %d %s%s", tree.code, tree.out, tree.errOut)
	}
	t.Log("\n" + tree.out)
	printed := run(t, "trace", "--json", "--fetch", fetch, file)
	type span struct {
		Name     string `json:"name"`
		TraceID  string `json:"traceId"`
		Children []span `json:"children"`
	}
	var root span
	if err := json.Unmarshal([]byte(printed.out), &root); err != nil {
		t.Fatalf("%v: not one root in %s%s", err, printed.out, printed.errOut)
	}
	above, ids := map[string]string{}, map[string]bool{}
	var visit func(parent string, s span)
	visit = func(parent string, s span) {
		above[s.Name], ids[s.TraceID] = parent, true
		for _, child := range s.Children {
			visit(s.Name, child)
		}
	}
	visit("", root)
	want := map[string]string{
		"atlant.v1.FetchService/Fetch": "", "fetch": "atlant.v1.FetchService/Fetch",
		"queue": "fetch", "download": "fetch", "read": "fetch", "publish": "fetch", "project": "publish", "visible": "fetch",
	}
	if !maps.Equal(above, want) || len(ids) != 1 {
		t.Errorf("got %v in %d traces, want %v in one", above, len(ids), want)
	}
}
