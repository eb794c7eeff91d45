// Package telemetry tells operators how Atlant does: in metrics that Prometheus reads, and in traces, which are sent over OTLP
// or appended to a file. It is what the other packages report to. Of OpenTelemetry they know no more than that a trace travels
// in a context.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"connectrpc.com/connect"
	"connectrpc.com/otelconnect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope names the instruments and spans of this package among those of others.
const scope = "github.com/atlant-log/atlant/services/telemetry"

// Config says who is observed, and where traces go beside the places that the OTEL_… variables of the environment name.
type Config struct {
	Process   string // the name of this process among all
	Version   string // of the program
	TraceFile string // traces are appended to it; empty: to none
	Logger    *slog.Logger
}

// Telemetry observes one process. Its methods may be called from many goroutines at once.
type Telemetry struct {
	registry    *prometheus.Registry
	metrics     *metrics
	interceptor connect.Interceptor
	meters      metric.MeterProvider
	tracer      trace.Tracer
	shutdown    []func(context.Context) error
}

// New returns a Telemetry, or what is wrong with the configuration or the environment. Close ends it.
func New(ctx context.Context, config Config) (*Telemetry, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		config.Logger.WarnContext(ctx, "telemetry is lost", slog.Any(logError, err))
	}))
	t := &Telemetry{registry: prometheus.NewRegistry()}
	t.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: buildInfo, Help: "1; the version of the program is a label.",
			ConstLabels: prometheus.Labels{labelVersion: config.Version},
		}, one),
	)
	meters, err := newMeterProvider(t.registry)
	if err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	t.meters, t.shutdown = meters, append(t.shutdown, meters.Shutdown)
	if t.metrics, err = newMetrics(meters.Meter(scope)); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	tracers, shutdown, err := newTracerProvider(ctx, config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up traces: %w", err), t.Close(ctx))
	}
	t.tracer, t.shutdown = tracers.Tracer(scope), append(t.shutdown, shutdown)
	t.interceptor, err = otelconnect.NewInterceptor(
		otelconnect.WithMeterProvider(meters), otelconnect.WithTracerProvider(tracers),
		otelconnect.WithPropagator(propagation.TraceContext{}),
	)
	return t, err
}

// Interceptor measures the calls of a handler, and makes a trace of each, if any are made. It goes first, so that it sees what
// clients get to see. A trace that a client says it is in is linked to, and not gone on with: it decides nothing here.
func (t *Telemetry) Interceptor() connect.Interceptor { return t.interceptor }

// Close sends or writes what is left of the traces, as far as the context's time allows.
func (t *Telemetry) Close(ctx context.Context) error {
	var all []error
	for _, shutdown := range t.shutdown {
		all = append(all, shutdown(ctx))
	}
	return errors.Join(all...)
}
