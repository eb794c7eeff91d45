package telemetry

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// scrapeTimeout bounds one look at the metrics, for which log and views are asked; scrapesAtOnce, how many there may be.
const (
	scrapeTimeout = 5 * time.Second
	scrapesAtOnce = 2
)

// Bounds of the buckets of histograms, in seconds and rows.
var (
	callSeconds  = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	workSeconds  = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}
	batchOfRows  = []float64{1, 10, 100, 1000, 10_000, 100_000}
	batchOfBytes = []float64{1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20}
)

func one() float64 { return 1 }

// newMeterProvider returns a provider whose metrics are in the registry, under the names that they are given.
func newMeterProvider(registry *prometheus.Registry) (*sdkmetric.MeterProvider, error) {
	reader, err := exporter.New(
		exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo(),
		exporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithoutSuffixes),
	)
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{Name: "rpc.server.call.duration"},
		sdkmetric.Stream{
			Name:            rpcDuration,
			Description:     "How long calls took, from their first byte to the last of the answer.",
			Aggregation:     sdkmetric.AggregationExplicitBucketHistogram{Boundaries: callSeconds},
			AttributeFilter: attribute.NewAllowKeysFilter("rpc.method", "rpc.response.status_code"),
		},
	))), nil
}

// Metrics serves the metrics, as Prometheus reads them.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesAtOnce, Timeout: 2 * scrapeTimeout})
}

// metrics are the instruments of this package.
type metrics struct {
	fetches, fetchRows, fetchBytes, fetchAttemptsFailed metric.Int64Counter
	fetchDuration, fetchStageDuration, fetchVisible     metric.Float64Histogram

	publishBatchRows, publishBatchBytes metric.Int64Histogram
	publishBatchDuration                metric.Float64Histogram

	projectionMessages, projectionRows metric.Int64Counter
	projectionBatchRows                metric.Int64Histogram
	projectionDuration                 metric.Float64Histogram

	leaseChanges  metric.Int64Counter
	storeDuration metric.Float64Histogram
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	made := instruments{meter: meter}
	m := &metrics{
		fetches:             made.counter(fetches, "Fetches that this process brought to an end, or holds, by state."),
		fetchRows:           made.counter(fetchRows, "Rows of lists that were published or refused, by outcome."),
		fetchBytes:          made.counter(fetchBytes, "Bytes of lists that were published or refused."),
		fetchAttemptsFailed: made.counter(fetchAttemptsFailed, "Attempts at a download that failed and were followed by another one."),
		fetchDuration:       made.seconds(fetchDuration, workSeconds, "How long fetches took from their start to their end, by state."),
		fetchStageDuration:  made.seconds(fetchStageDuration, workSeconds, "How long the stages of fetches took that went well."),
		fetchVisible:        made.seconds(fetchVisible, workSeconds, "How long after it was asked for a list could be read in the views."),

		publishBatchRows:     made.sizes(publishBatchRows, batchOfRows, "Prices in the atomic batches that were published."),
		publishBatchBytes:    made.sizes(publishBatchBytes, batchOfBytes, "Bytes of the atomic batches that were published."),
		publishBatchDuration: made.seconds(publishBatchDuration, callSeconds, "How long atomic batches took until they were durable."),

		projectionMessages:  made.counter(projectionMessages, "Messages of the log that this process has taken into the views."),
		projectionRows:      made.counter(projectionRows, "Prices that this process has taken into the views."),
		projectionBatchRows: made.sizes(projectionBatchRows, batchOfRows, "Prices in the batches that were taken into the views."),
		projectionDuration:  made.seconds(projectionDuration, callSeconds, "How long batches took to be folded and written."),

		leaseChanges:  made.counter(leaseChanges, "Leases that this process took, released or lost, by the kind of work."),
		storeDuration: made.seconds(storeDuration, callSeconds, "How long the database of the views took, by operation and outcome."),
	}
	return m, errors.Join(made.failed...)
}

// instruments makes instruments, and gathers what goes wrong.
type instruments struct {
	meter  metric.Meter
	failed []error
}

func (i *instruments) note(err error) {
	if err != nil {
		i.failed = append(i.failed, err)
	}
}

func (i *instruments) counter(name, help string) metric.Int64Counter {
	made, err := i.meter.Int64Counter(name, metric.WithDescription(help))
	i.note(err)
	return made
}

func (i *instruments) seconds(name string, bounds []float64, help string) metric.Float64Histogram {
	made, err := i.meter.Float64Histogram(name, metric.WithDescription(help), metric.WithExplicitBucketBoundaries(bounds...))
	i.note(err)
	return made
}

func (i *instruments) sizes(name string, bounds []float64, help string) metric.Int64Histogram {
	made, err := i.meter.Int64Histogram(name, metric.WithDescription(help), metric.WithExplicitBucketBoundaries(bounds...))
	i.note(err)
	return made
}

func (i *instruments) gauge(name, help string) metric.Int64ObservableGauge {
	made, err := i.meter.Int64ObservableGauge(name, metric.WithDescription(help))
	i.note(err)
	return made
}

func (i *instruments) secondsGauge(name, help string) metric.Float64ObservableGauge {
	made, err := i.meter.Float64ObservableGauge(name, metric.WithDescription(help))
	i.note(err)
	return made
}

func (i *instruments) observedCounter(name, help string) metric.Int64ObservableCounter {
	made, err := i.meter.Int64ObservableCounter(name, metric.WithDescription(help))
	i.note(err)
	return made
}

// label is an attribute of a measurement.
func label(name, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(name, value)))
}

func labels(name, value, otherName, otherValue string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(name, value), attribute.String(otherName, otherValue)))
}
