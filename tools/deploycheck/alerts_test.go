package deploycheck

import (
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const alertsFile = "deploy/prometheus/alerts.yml"

// queries reads what Prometheus reads.
var queries = parser.NewParser(parser.Options{})

// loadAlerts reads the rules as Prometheus does, templates included.
func loadAlerts(t testing.TB) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.Parse(read(t, alertsFile), false, model.UTF8Validation, queries, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatalf("%s: %v", alertsFile, errs)
	}
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// TestAlerts: Prometheus can read the rules, and for each the manual says what to do.
func TestAlerts(t *testing.T) {
	var names []string
	headings := regexp.MustCompile(`(?m)^### (Atlant\w+)$`).FindAllStringSubmatch(string(read(t, "docs/observability.md")), -1)
	documented := map[string]bool{}
	for _, heading := range headings {
		documented[heading[1]] = false
	}
	for _, rule := range loadAlerts(t) {
		names = append(names, rule.Alert)
		if !slices.Contains([]string{"info", "warning", "critical"}, rule.Labels["severity"]) || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s lacks a severity, a summary or a description", rule.Alert)
		}
		page, anchor, _ := strings.Cut(rule.Annotations["runbook"], "#")
		for name := range documented {
			if strings.ToLower(name) == anchor && page == "docs/observability.md" {
				documented[name] = true
				anchor = ""
			}
		}
		if anchor != "" {
			t.Errorf("%s: there is no %s#%s", rule.Alert, page, anchor)
		}
	}
	for name, named := range documented {
		if !named {
			t.Errorf("the manual says what to do about %s, which no rule names", name)
		}
	}
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) < len(names) {
		t.Errorf("there are two of a name among %q", names)
	}
}

// TestPrometheusConfiguration: Prometheus is told to read the processes of compose.yaml where they answer, as the job that the
// rules name.
func TestPrometheusConfiguration(t *testing.T) {
	var config struct {
		Global        map[string]string `yaml:"global"`
		RuleFiles     []string          `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			Authorization struct {
				CredentialsFile string `yaml:"credentials_file"`
			} `yaml:"authorization"`
			StaticConfigs []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(read(t, "deploy/prometheus/prometheus.yml"))))
	decoder.KnownFields(true)
	if err := decoder.Decode(&config); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.RuleFiles, []string{"alerts.yml"}) || len(config.ScrapeConfigs) != 1 || config.ScrapeConfigs[0].JobName != "atlant" {
		t.Errorf("got %+v", config)
	}
	project := loadCompose(t)
	if variable(t, project.Services["serve"], "ATLANT_API_KEYS_FILE") != "" && config.ScrapeConfigs[0].Authorization.CredentialsFile == "" {
		t.Error("it has no key for serve")
	}
	var want []string
	for _, name := range []string{"serve", "work-1", "work-2"} {
		_, port, _ := strings.Cut(variable(t, project.Services[name], "ATLANT_LISTEN"), ":")
		want = append(want, name+":"+port)
	}
	if got := config.ScrapeConfigs[0].StaticConfigs[0].Targets; !slices.Equal(got, want) {
		t.Errorf("it reads %q, want %q", got, want)
	}
}

// TestAlertsFire: each alert comes where something is wrong, and does not where all is well. Series are written as promtool has
// them, a value a minute.
func TestAlertsFire(t *testing.T) {
	well := []string{
		`up{job="atlant",instance="a"} 1x60`,
		`atlant_log_up{job="atlant",instance="a"} 1x60`,
		`atlant_log_up{job="atlant",instance="b"} 1x60`,
		`atlant_log_full{job="atlant",instance="a"} 0x60`,
		`atlant_views_up{job="atlant",instance="a"} 1x60`,
		`atlant_projection_lag_seconds{job="atlant",instance="a",stream="PRICES_00"} 1x60`,
		`atlant_projection_lag_messages{job="atlant",instance="a",stream="PRICES_00"} 7x60`,
		`atlant_projection_messages_total{job="atlant",instance="b",stream="PRICES_00"} 0+60x60`,
		`atlant_projection_stands_still{job="atlant",instance="b",stream="PRICES_00"} 0x60`,
		`atlant_parked_messages{job="atlant",instance="a",stream="PRICES_00"} 0x60`,
		`atlant_fetches_total{job="atlant",instance="b",state="completed"} 0+5x60`,
		`atlant_fetches_total{job="atlant",instance="b",state="failed"} 0+1x60`,
		`atlant_fetches_total{job="atlant",instance="b",state="held"} 0x60`,
		`atlant_fetch_rows_total{job="atlant",instance="b",outcome="accepted"} 0+1000x60`,
		`atlant_fetch_rows_total{job="atlant",instance="b",outcome="rejected"} 0+9x60`,
		`atlant_fetch_hosts_left_alone{job="atlant",instance="b",breaker="open"} 0x60`,
		`atlant_queue_requests{job="atlant",instance="a"} 200-1x60`,
		`atlant_fetch_visible_seconds_bucket{job="atlant",instance="b",le="60"} 0+10x60`,
		`atlant_fetch_visible_seconds_bucket{job="atlant",instance="b",le="900"} 0+10x60`,
		`atlant_fetch_visible_seconds_bucket{job="atlant",instance="b",le="+Inf"} 0+10x60`,
		`atlant_rpc_duration_seconds_count{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",rpc_response_status_code="OK"} 0+600x60`,
		`atlant_rpc_duration_seconds_count{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",rpc_response_status_code="INVALID_ARGUMENT"} 0+600x60`,
		`atlant_rpc_duration_seconds_bucket{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",le="0.1"} 0+600x60`,
		`atlant_rpc_duration_seconds_bucket{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",le="10"} 0+600x60`,
		`atlant_rpc_duration_seconds_bucket{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",le="+Inf"} 0+600x60`,
		`atlant_store_operation_duration_seconds_count{job="atlant",instance="a",operation="apply_prices",outcome="conflict"} 0+60x60`,
		`atlant_lease_changes_total{job="atlant",instance="b",kind="stream",change="lost"} 0x60`,
	}
	bad := map[string][]string{ // what comes instead of the series of the same name and labels, or beside them
		"AtlantDown":                  {`up{job="atlant",instance="a"} 1x50 0x10`},
		"AtlantLogDown":               {`atlant_log_up{job="atlant",instance="a"} 1x50 0x10`, `atlant_log_up{job="atlant",instance="b"} 1x50 0x10`},
		"AtlantLogUnreachable":        {`atlant_log_up{job="atlant",instance="b"} 1x50 0x10`},
		"AtlantLogFull":               {`atlant_log_full{job="atlant",instance="a"} 0x59 1`},
		"AtlantViewsDown":             {`atlant_views_up{job="atlant",instance="a"} 1x50 0x10`},
		"AtlantViewsBehind":           {`atlant_projection_lag_seconds{job="atlant",instance="a",stream="PRICES_00"} 0x40 60+60x20`},
		"AtlantProjectionStandsStill": {`atlant_projection_stands_still{job="atlant",instance="b",stream="PRICES_00"} 0x50 1x10`},
		"AtlantNobodyProjects":        {`atlant_projection_messages_total{job="atlant",instance="b",stream="PRICES_00"} 9x60`},
		"AtlantMessagesParked":        {`atlant_parked_messages{job="atlant",instance="a",stream="PRICES_00"} 0x59 1`},
		"AtlantFetchesFail":           {`atlant_fetches_total{job="atlant",instance="b",state="failed"} 0+2x60`},
		"AtlantListsHeld":             {`atlant_fetches_total{job="atlant",instance="b",state="held"} 0x30 1x30`},
		"AtlantRowsRejected":          {`atlant_fetch_rows_total{job="atlant",instance="b",outcome="rejected"} 0+300x60`},
		"AtlantHostsLeftAlone":        {`atlant_fetch_hosts_left_alone{job="atlant",instance="b",breaker="open"} 0x20 1x40`},
		"AtlantQueueGrows":            {`atlant_queue_requests{job="atlant",instance="a"} 101+1x60`},
		"AtlantSlowToVisible":         {`atlant_fetch_visible_seconds_bucket{job="atlant",instance="b",le="60"} 0+8x60`},
		"AtlantCallsFail": {
			`atlant_rpc_duration_seconds_count{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/Get",rpc_response_status_code="UNAVAILABLE"} 0+60x60`,
		},
		"AtlantListSlow":   {`atlant_rpc_duration_seconds_bucket{job="atlant",instance="a",rpc_method="atlant.v1.ProductService/List",le="0.1"} 0+570x60`},
		"AtlantStoreFails": {`atlant_store_operation_duration_seconds_count{job="atlant",instance="a",operation="apply_prices",outcome="error"} 0+60x60`},
		"AtlantLeasesLost": {`atlant_lease_changes_total{job="atlant",instance="b",kind="stream",change="lost"} 0x50 0+1x10`},
	}
	with := map[string]string{"AtlantLogDown": "AtlantLogUnreachable"} // what comes along
	rules := loadAlerts(t)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1 << 20, Timeout: time.Minute, Parser: queries})
	t.Cleanup(func() { _ = engine.Close() })
	if fired := firing(t, engine, rules, newSeries(t, well)); len(fired) > 0 {
		t.Errorf("where all is well come %q", fired)
	}
	for _, rule := range rules {
		series := newSeries(t, well)
		maps.Copy(series, newSeries(t, bad[rule.Alert]))
		want := []string{rule.Alert}
		if also := with[rule.Alert]; also != "" {
			want = append(want, also)
		}
		if fired := firing(t, engine, rules, series); !slices.Equal(fired, want) {
			t.Errorf("for %s come %q", rule.Alert, fired)
		}
	}
}

// firing returns the alerts that come at the end of the hour, in the order of the rules.
func firing(t *testing.T, engine *promql.Engine, rules []rulefmt.Rule, from series) []string {
	t.Helper()
	var fired []string
	for _, rule := range rules {
		pending := true
		for back := time.Duration(0); back <= time.Duration(rule.For) && pending; back += minute {
			query, err := engine.NewInstantQuery(t.Context(), from, nil, rule.Expr, hour.Add(-back))
			if err != nil {
				t.Fatalf("%s: %v", rule.Alert, err)
			}
			result := query.Exec(t.Context())
			vector, err := result.Vector()
			if err != nil || len(result.Warnings) > 0 {
				t.Fatalf("%s: %v, %v", rule.Alert, err, result.Warnings)
			}
			pending = len(vector) > 0
			query.Close()
		}
		if pending {
			fired = append(fired, rule.Alert)
		}
	}
	return fired
}

const minute = time.Minute

// hour is the end of the series.
var hour = time.Unix(0, 0).Add(time.Hour)

// series is values by labels, one a minute.
type series map[string]oneSeries

type oneSeries struct {
	labels labels.Labels
	values []parser.SequenceValue
}

func newSeries(t *testing.T, lines []string) series {
	t.Helper()
	all := series{}
	for _, line := range lines {
		of, values, err := queries.ParseSeriesDesc(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[of.String()] = oneSeries{of, values}
	}
	return all
}
