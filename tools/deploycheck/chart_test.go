package deploycheck

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const chartFolder = "deploy/helm/atlant"

func loadChart(t testing.TB) *chartv2.Chart {
	t.Helper()
	chart, err := loader.LoadDir(inRoot(t, chartFolder))
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// values parses what `helm --values` takes.
func values(t testing.TB, text []byte) map[string]any {
	t.Helper()
	parsed := map[string]any{}
	if err := yaml.UnmarshalStrict(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// chartCases are the values that the chart is checked with: none, what a user may copy, and what werf adds.
func chartCases(t testing.TB) map[string]map[string]any {
	t.Helper()
	return map[string]map[string]any{
		"defaults": {},
		"external": values(t, read(t, chartFolder+"/ci/external-values.yaml")),
		"all":      values(t, read(t, chartFolder+"/ci/all-values.yaml")),
		"werf":     values(t, []byte("werf: {image: {atlant: registry.example.com/atlant:123-456}}")),
	}
}

// renderChart returns what `helm template atlant deploy/helm/atlant` prints, or why it prints nothing.
func renderChart(t testing.TB, with map[string]any, service string) ([]byte, error) {
	t.Helper()
	chart := loadChart(t)
	release := common.ReleaseOptions{Name: "atlant", Namespace: "prices", Revision: 1, IsInstall: true}
	top, err := util.ToRenderValues(chart, with, release, nil)
	if err != nil {
		return nil, err
	}
	top["Release"].(map[string]any)["Service"] = service
	files, err := engine.Engine{Strict: true}.RenderWithContext(t.Context(), chart, top)
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".yaml" && strings.TrimSpace(files[name]) != "" {
			all.WriteString("---\n" + strings.Trim(strings.TrimPrefix(strings.TrimSpace(files[name]), "---"), "\n") + "\n")
		}
	}
	return all.Bytes(), nil
}

func mustRender(t testing.TB, with map[string]any) []byte {
	t.Helper()
	rendered, err := renderChart(t, with, "Helm")
	if err != nil {
		t.Fatal(err)
	}
	return rendered
}

func TestChartIsClean(t *testing.T) {
	for name, with := range chartCases(t) {
		for _, message := range lint.RunAll(inRoot(t, chartFolder), with, "prices").Messages {
			if message.Severity > support.InfoSev { // it has no icon
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

func TestChart(t *testing.T) {
	for name, with := range chartCases(t) {
		t.Run(name, func(t *testing.T) { wantSound(t, decode(t, mustRender(t, with))) })
	}
}

// TestChartTurnsOn: what is off by default is there once it is asked for.
func TestChartTurnsOn(t *testing.T) {
	off, on := decode(t, mustRender(t, nil)), decode(t, mustRender(t, chartCases(t)["all"]))
	if n := len(off.autoscalers) + len(off.ingresses) + len(off.monitors); n != 0 {
		t.Errorf("%d objects that nobody asked for", n)
	}
	if len(on.autoscalers) != 2 || len(on.ingresses) != 1 || len(on.monitors) != 1 {
		t.Errorf("%d autoscalers, %d ingresses, %d monitors", len(on.autoscalers), len(on.ingresses), len(on.monitors))
	}
	bare := decode(t, mustRender(t, values(t, []byte(
		"{networkPolicy: {enabled: false}, podDisruptionBudget: {enabled: false}, serviceAccount: {create: false}}",
	))))
	if n := len(bare.policies) + len(bare.budgets) + len(bare.accounts); n != 0 {
		t.Errorf("%d objects that were declined", n)
	}
}

// TestChartRefuses: what cannot work is refused with the name of the value.
func TestChartRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{serv: {replicas: 3}}":                                "serv",
		"{serve: {replica: 3}}":                                "replica",
		"{serve: {replicas: two}}":                             "/serve/replicas",
		"{serve: {resources: {limits: {cpu: '1'}}}, work: {}}": "", // memory stays as it is
		"{serve: {resources: {limits: null}}}":                 "/serve/resources",
		"{serve: {service: {port: 0}}}":                        "/serve/service/port",
		"{work: {fetchers: 65}}":                               "/work/fetchers",
		"{work: {spool: {size: ten}}}":                         "/work/spool/size",
		"{work: {goMemLimit: 2Gi}}":                            "/work/goMemLimit",
		"{nats: {urls: []}}":                                   "/nats/urls",
		"{nats: {urls: ['nats://atlant:secret@nats:4222']}}":   "/nats/urls/0",
		"{nats: {urls: ['http://nats:4222']}}":                 "/nats/urls/0",
		"{nats: {shards: 101}}":                                "/nats/shards",
		"{nats: {credentials: {existingSecret: Not_A_Name}}}":  "/nats/credentials/existingSecret",
		"{mongodb: {uri: 'mongodb://atlant:secret@mongo/'}}":   "/mongodb/uri",
		"{mongodb: {uri: {existingSecret: ''}}}":               "mongodb.uri.existingSecret",
		"{access: {apiKeys: {existingSecret: ''}}}":            "access.oidc.issuer",
		"{access: {oidc: {issuer: 'https://login.example'}}}":  "access.oidc.audience",
		"{image: {digest: 'sha256:1'}}":                        "/image/digest",
		"{ingress: {enabled: true}}":                           "/ingress/hosts",
		"{podDisruptionBudget: {maxUnavailable: 0}}":           "/podDisruptionBudget/maxUnavailable",
		"{serviceMonitor: {enabled: true, interval: often}}":   "/serviceMonitor/interval",
		"{networkPolicy: {serve: {from: {podSelector: {}}}}}":  "/networkPolicy/serve/from",
	} {
		_, err := renderChart(t, values(t, []byte(text)), "Helm")
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), ".", "/"), strings.ReplaceAll(want, ".", "/"))):
			t.Errorf("%s: %v, which does not name %s", text, err, want)
		}
	}
}
