package blackbox_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	"github.com/atlant-log/atlant/projections/mongo"
	"github.com/atlant-log/atlant/projections/mongo/mongotest"
	"github.com/atlant-log/atlant/services/atlant/bench"
)

// measure runs the bench on few products, and looks that it reports every scenario beside baselines and leaves no file.
func measure(t *testing.T, flags ...string) *bench.Report {
	t.Helper()
	folder := t.TempDir()
	result := run(t, append([]string{
		"bench", "--products", "2000", "--repeats", "3", "--concurrency", "1", "--data", folder, "--json",
	}, flags...)...)
	if result.code != 0 {
		t.Fatalf("bench exited with %d:\n%s", result.code, result.errOut)
	}
	var report bench.Report
	if err := json.Unmarshal([]byte(result.out), &report); err != nil {
		t.Fatalf("%v in:\n%s", err, result.out)
	}
	seen := map[bench.Scenario]bool{}
	for _, f := range report.Figures {
		seen[f.Scenario] = true
		if f.Value <= 0 || f.Unit == "" || len(f.Against) == 0 {
			t.Errorf("%s, %s: %v %s beside %d baselines", f.Scenario, f.Name, f.Value, f.Unit, len(f.Against))
		}
		for _, c := range f.Against {
			if c.Value <= 0 || c.Ratio <= 0 || (c.Target > 0) != (c.Met != nil) {
				t.Errorf("%s, %s: beside %+v", f.Scenario, f.Name, c)
			}
		}
	}
	for _, scenario := range report.Options.Scenarios {
		if !seen[scenario] {
			t.Errorf("nothing of %s", scenario)
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return &report
}

func TestBench(t *testing.T) {
	t.Parallel()
	if got := measure(t).Options.Scenarios; len(got) != len(bench.Scenarios()) {
		t.Errorf("measured were %q", got)
	}
}

// TestBenchElsewhere measures on a server and a database that are there already, and finds them empty afterwards.
func TestBenchElsewhere(t *testing.T) {
	t.Parallel()
	uri, views := natsAndViews(t)
	report := measure(t, "--nats", uri, "--views", views, "--shards", "2",
		"--scenario", "first-load,reload,rebuild,end-to-end")
	imports := 0
	for _, f := range report.Figures {
		for _, c := range f.Against {
			if strings.HasPrefix(c.Baseline, "import") {
				imports++
			}
		}
	}
	if imports != 4 {
		t.Errorf("%d comparisons with imports, want two loads with and without indexes", imports)
	}
	if exists, err := jetstream.Exists(t.Context(), dial(t, uri)); err != nil || exists {
		t.Errorf("there is a log afterwards: %t, %v", exists, err)
	}
	if empty, err := mongo.Empty(t.Context(), views); err != nil || !empty {
		t.Errorf("the database is empty afterwards: %t, %v", empty, err)
	}
}

// TestBenchSparesData points the bench at what is in use.
func TestBenchSparesData(t *testing.T) {
	t.Parallel()
	uri, views := natsAndViews(t)
	nc := dial(t, uri)
	if _, err := jetstream.Open(t.Context(), nc, jetstream.Config{}); err != nil {
		t.Fatal(err)
	}
	if result := run(t, "bench", "--nats", uri); result.code != 1 || !strings.Contains(result.errOut, "keeps a log already") {
		t.Errorf("bench on a log exited with %d:\n%s", result.code, result.errOut)
	}
	if exists, err := jetstream.Exists(t.Context(), nc); err != nil || !exists {
		t.Errorf("the log is gone: %v", err)
	}
	store, err := mongo.Open(t.Context(), views)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Live(t.Context()); err != nil {
		t.Fatal(err)
	}
	if result := run(t, "bench", "--views", views); result.code != 1 || !strings.Contains(result.errOut, "not empty") {
		t.Errorf("bench on a database exited with %d:\n%s", result.code, result.errOut)
	}
	if empty, err := mongo.Empty(t.Context(), views); err != nil || empty {
		t.Errorf("the database is empty: %v", err)
	}
}

// natsAndViews returns where a NATS server and a database answer that hold nothing.
func natsAndViews(t *testing.T) (uri, views string) {
	t.Helper()
	views = strings.TrimRight(mongotest.URI(t), "/") + "/" + mongotest.Database(t)
	return natstest.StartServer(t, &server.Options{JetStream: true}).ClientURL(), views
}

func dial(t *testing.T, uri string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}
