package telemetry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var quiet = slog.New(slog.DiscardHandler)

func newTelemetry(t *testing.T, config Config) *Telemetry {
	t.Helper()
	config.Process, config.Version, config.Logger = "here", "v1", quiet
	telemetry, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = telemetry.Close(context.Background()) }) // a test that minds has closed it
	return telemetry
}

// look returns what Prometheus reads.
func look(t *testing.T, telemetry *Telemetry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	telemetry.Metrics().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("%d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// wantLines fails unless there is each of these lines.
func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, regexp.MustCompile(`(?m)^(#|go_|process_|promhttp_).*\n`).ReplaceAllString(text, ""))
		}
	}
}

func ended(state atlantv1.FetchState, accepted, rejected, duplicates int64) *atlantv1.Fetch {
	return &atlantv1.Fetch{
		State: state, Bytes: 100, RowsRead: accepted + rejected + duplicates, Accepted: accepted, Rejected: rejected, Duplicates: duplicates,
		StartedAt: timestamppb.New(time.Unix(1000, 0)), EndedAt: timestamppb.New(time.Unix(1002, 0)),
	}
}

func TestFetchMetrics(t *testing.T) {
	t.Parallel()
	telemetry := newTelemetry(t, Config{})
	f := telemetry.Fetches()
	wantLines(t, look(t, telemetry), `atlant_fetches_total{state="failed"} 0`, `atlant_fetch_rows_total{outcome="rejected"} 0`)
	f.Ended(ended(atlantv1.FetchState_FETCH_STATE_HELD, 70, 2, 1)) // and was approved
	f.Ended(ended(atlantv1.FetchState_FETCH_STATE_COMPLETED, 70, 2, 1))
	f.Ended(ended(atlantv1.FetchState_FETCH_STATE_FAILED, 0, 5, 0))
	f.Ended(ended(atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED, 0, 0, 0))
	f.AttemptFailed()
	f.Visible(3 * time.Second)
	ctx, end := f.Begin(t.Context(), &atlantv1.FetchRequested{}, events.Origin{EnqueuedAt: time.Now().Add(-20 * time.Second)})
	_, endStage := f.Stage(ctx, "download", time.Now().Add(-40*time.Second))
	endStage(nil)
	_, endStage = f.Stage(ctx, "read", time.Now())
	endStage(errors.New("it is no list"))
	end(nil)
	text := look(t, telemetry)
	wantLines(t, text,
		`atlant_fetches_total{state="held"} 1`, `atlant_fetches_total{state="completed"} 1`, `atlant_fetches_total{state="failed"} 1`,
		`atlant_fetches_total{state="not_modified"} 1`,
		`atlant_fetch_rows_total{outcome="accepted"} 70`, `atlant_fetch_rows_total{outcome="rejected"} 7`,
		`atlant_fetch_rows_total{outcome="duplicate"} 1`, `atlant_fetch_bytes_total 200`,
		`atlant_fetch_attempts_failed_total 1`, `atlant_fetch_duration_seconds_sum{state="completed"} 2`,
		`atlant_fetch_visible_seconds_sum 3`, `atlant_fetch_visible_seconds_bucket{le="5"} 1`, `atlant_fetch_visible_seconds_bucket{le="2.5"} 0`,
		`atlant_fetch_stage_duration_seconds_bucket{stage="queue",le="30"} 1`, `atlant_fetch_stage_duration_seconds_bucket{stage="queue",le="10"} 0`,
		`atlant_fetch_stage_duration_seconds_count{stage="download"} 1`, `atlant_build_info{version="v1"} 1`,
	)
	if strings.Contains(text, `stage="read"`) {
		t.Error("a stage that went wrong was measured")
	}
}

func TestLogAndProjectionMetrics(t *testing.T) {
	t.Parallel()
	telemetry := newTelemetry(t, Config{})
	telemetry.Log().BatchPublished(4096, 100_000, 30*time.Millisecond)
	telemetry.LeaseChanged("queue/3", "taken")
	telemetry.LeaseChanged("PRICES_00", "lost")
	began := time.Now()
	for _, stream := range []events.Stream{"PRICES_00", events.FetchStream} {
		a := projections.Applied{Stream: stream, Messages: 17, Began: began, Ended: began.Add(2 * time.Second)}
		if stream != events.FetchStream {
			a.Observations = 4096
		}
		telemetry.Projections().Applied(a)
	}
	text := look(t, telemetry)
	wantLines(t, text,
		`atlant_publish_batch_rows_sum 4096`, `atlant_publish_batch_bytes_sum 100000`, `atlant_publish_batch_duration_seconds_bucket{le="0.05"} 1`,
		`atlant_lease_changes_total{change="taken",kind="queue"} 1`, `atlant_lease_changes_total{change="lost",kind="stream"} 1`,
		`atlant_projection_messages_total{stream="PRICES_00"} 17`, `atlant_projection_messages_total{stream="FETCH_EVENTS"} 17`,
		`atlant_projection_rows_total{stream="PRICES_00"} 4096`, `atlant_projection_batch_duration_seconds_sum{stream="PRICES_00"} 2`,
	)
	if strings.Contains(text, `atlant_projection_rows_total{stream="FETCH_EVENTS"}`) {
		t.Error("fetch events were counted as prices")
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestStoreMetrics(t *testing.T) {
	t.Parallel()
	telemetry := newTelemetry(t, Config{})
	of, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	store := telemetry.Store(of)
	views, err := store.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := views.ListProducts(t.Context(), projections.ProductQuery{Limit: 1}); err != nil {
		t.Error(err)
	}
	if _, err := views.GetProduct(t.Context(), events.NewProductID("default", "none")); !errors.Is(err, projections.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	wantLines(t, look(t, telemetry),
		`atlant_store_operation_duration_seconds_count{operation="live",outcome="ok"} 1`,
		`atlant_store_operation_duration_seconds_count{operation="list_products",outcome="ok"} 1`,
		`atlant_store_operation_duration_seconds_count{operation="get_product",outcome="not_found"} 1`,
	)
	for want, err := range map[string]error{
		outcomeConflict: projections.ErrConflict, outcomeUnavailable: projections.ErrUnavailable, outcomeError: io.EOF,
		outcomeCanceled: errors.Join(projections.ErrUnavailable, context.Canceled),
	} {
		if got := outcomeOf(err); got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
}

// fetchOnce has a fetch observed from end to end, and returns its id; it is published in the trace that is returned.
func fetchOnce(t *testing.T, telemetry *Telemetry, id, traceParent string) (publishedIn string) {
	t.Helper()
	f := telemetry.Fetches()
	ctx, end := f.Begin(t.Context(), &atlantv1.FetchRequested{Id: id, Source: "shop"}, events.Origin{EnqueuedAt: time.Now(), TraceParent: traceParent})
	staging, endStage := f.Stage(ctx, "publish", time.Now())
	in := carrier{}
	in.inject(staging)
	endStage(nil)
	end(errors.New("the log is away"))
	_, endStage = f.Stage(ctx, "visible", time.Now())
	endStage(nil)
	return in["traceparent"]
}

func names(spans []*Span, depth int) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(strings.Repeat(".", depth) + s.Name + " " + names(s.Children, depth+1))
	}
	return b.String()
}

func TestTraceFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "traces")
	telemetry := newTelemetry(t, Config{TraceFile: path})
	asked, span := telemetry.tracer.Start(t.Context(), "call")
	call := carrier{}
	call.inject(asked)
	span.End()
	first := fetchOnce(t, telemetry, "1", call["traceparent"])
	second := fetchOnce(t, telemetry, "2", "")
	for _, traces := range [][]string{{first}, {first, second}} {
		telemetry.Projections().Applied(projections.Applied{Stream: "PRICES_00", Began: time.Now(), Ended: time.Now(), Traces: traces, Observations: 7})
	}
	if err := telemetry.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	written = append(written, []byte(`{"resourceSpans":[{"resource`)...) // of a process that was killed
	for fetch, want := range map[string]string{
		"1": "call .fetch ..queue ..publish ...project ...project ..visible ",
		"2": "fetch .queue .publish ..project .visible ", // nobody called
		"":  "fetch .queue .publish ..project .visible ",
	} {
		roots, err := TraceOfFetch(fetch, bytes.NewReader(written))
		if err != nil {
			t.Fatal(err)
		}
		if got := names(roots, 0); got != want {
			t.Fatalf("fetch %q: got %s, want %s", fetch, got, want)
		}
		top := roots[0]
		if fetch == "1" {
			top = top.Children[0]
		}
		if top.Error != "the log is away" || top.Process != "here" || top.Attributes[attributeSource] != "shop" || top.Fetch() == "" {
			t.Errorf("got %+v", top)
		}
		if project := top.Children[1].Children; project[len(project)-1].Shared != 2 || project[0].Attributes[attributeObservations] != "7" {
			t.Errorf("got %+v", project)
		}
	}
	if _, err := TraceOfFetch("3", bytes.NewReader(written)); !errors.Is(err, ErrNoTrace) {
		t.Errorf("got %v", err)
	}
	if _, err := TraceOfFetch("", strings.NewReader("PRODUCT NAME;PRICE\n")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v", err)
	}
}

func TestOTLPProtocol(t *testing.T) {
	t.Parallel()
	const endpoint, exporter, protocol = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"
	for _, test := range []struct {
		environment map[string]string
		want, fails string
	}{
		{nil, "", ""},
		{map[string]string{protocol: "grpc"}, "", ""},
		{map[string]string{endpoint: "http://c:4318"}, protocolHTTP, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318"}, protocolHTTP, ""},
		{map[string]string{exporter: "otlp"}, protocolHTTP, ""},
		{map[string]string{exporter: "otlp", protocol: "grpc"}, protocolGRPC, ""},
		{map[string]string{exporter: "otlp", protocol: "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, protocolHTTP, ""},
		{map[string]string{exporter: "none", endpoint: "http://c:4318"}, "", ""},
		{map[string]string{exporter: "zipkin"}, "", "OTEL_TRACES_EXPORTER"},
		{map[string]string{exporter: "otlp", protocol: "http/json"}, "", "OTEL_EXPORTER_OTLP_PROTOCOL"},
	} {
		got, err := otlpProtocol(func(name string) string { return test.environment[name] })
		if got != test.want || (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%v: got %q, %v", test.environment, got, err)
		}
	}
}

// The standard variables alone have traces sent.
func TestOTLP(t *testing.T) {
	sent := make(chan *coltracepb.ExportTraceServiceRequest, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request := &coltracepb.ExportTraceServiceRequest{}
		if err := proto.Unmarshal(body, request); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
		}
		sent <- request
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_SERVICE_NAME", "prices")
	telemetry := newTelemetry(t, Config{})
	_, span := telemetry.tracer.Start(t.Context(), "call")
	span.End()
	if err := telemetry.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	resource := (<-sent).GetResourceSpans()[0]
	if resource.GetScopeSpans()[0].GetSpans()[0].GetName() != "call" {
		t.Errorf("got %v", resource)
	}
	said := map[string]string{}
	for _, attribute := range resource.GetResource().GetAttributes() {
		said[attribute.GetKey()] = attribute.GetValue().GetStringValue()
	}
	if said["service.name"] != "prices" || said["service.version"] != "v1" || said["service.instance.id"] != "here" {
		t.Errorf("got %v", said)
	}
}

func TestTraceFileRefused(t *testing.T) {
	t.Parallel()
	_, err := New(t.Context(), Config{TraceFile: filepath.Join(t.TempDir(), "none", "traces"), Logger: quiet})
	if err == nil || !strings.Contains(err.Error(), "file of traces") {
		t.Errorf("got %v", err)
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	telemetry := newTelemetry(t, Config{TraceFile: filepath.Join(t.TempDir(), "traces")})
	ctx, span := telemetry.tracer.Start(t.Context(), "call")
	defer span.End()
	var said bytes.Buffer
	logger := slog.New(NewLogHandler(slog.NewTextHandler(&said, nil))).With(logError, 1)
	logger.InfoContext(ctx, "within")
	logger.InfoContext(t.Context(), "without")
	lines := strings.Split(said.String(), "\n")
	if want := "error=1 trace_id=" + span.SpanContext().TraceID().String(); !strings.Contains(lines[0], want) || strings.Contains(lines[1], "trace_id") {
		t.Errorf("got %s, want %s", said.String(), want)
	}
}
