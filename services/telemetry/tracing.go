package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// batchTimeout is how long a span may wait to be sent or written.
const batchTimeout = time.Second

// newTracerProvider returns a provider of tracers that record nothing unless traces go somewhere, and what to call at the end.
func newTracerProvider(ctx context.Context, config Config) (trace.TracerProvider, func(context.Context) error, error) {
	exporters, err := newExporters(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	if len(exporters) == 0 {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	of, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		semconv.ServiceName("atlant"), semconv.ServiceVersion(config.Version), semconv.ServiceInstanceID(config.Process),
	), resource.WithFromEnv()) // last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count
	if err != nil {
		return nil, nil, err
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(of)}
	for _, exporter := range exporters {
		options = append(options, sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(batchTimeout)))
	}
	provider := sdktrace.NewTracerProvider(options...)
	return provider, provider.Shutdown, nil
}

// newExporters returns where traces go: to the file, and to where the environment says.
func newExporters(ctx context.Context, config Config) ([]sdktrace.SpanExporter, error) {
	var exporters []sdktrace.SpanExporter
	clients, err := newClients(config)
	for _, client := range clients {
		exporter, failed := otlptrace.New(ctx, client)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		exporters = append(exporters, exporter)
	}
	return exporters, err
}

func newClients(config Config) ([]otlptrace.Client, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	var clients []otlptrace.Client
	if config.TraceFile != "" {
		file, err := openTraceFile(config.TraceFile)
		if err != nil {
			return nil, err
		}
		clients = append(clients, file)
	}
	over, err := otlpProtocol(os.Getenv)
	switch {
	case err != nil:
		return clients, err
	case over == protocolHTTP:
		clients = append(clients, otlptracehttp.NewClient())
	case over == protocolGRPC:
		clients = append(clients, otlptracegrpc.NewClient())
	}
	return clients, nil
}

// The protocols of OTLP, as the environment names them.
const (
	protocolHTTP = "http/protobuf"
	protocolGRPC = "grpc"
)

// otlpProtocol returns how traces are sent, empty if they are not: they are where an endpoint is given, or OTEL_TRACES_EXPORTER
// is otlp. All else that the environment can say the exporters look up themselves.
func otlpProtocol(getenv func(string) string) (string, error) {
	endpoint := getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); {
	case exporter == "none", exporter == "" && endpoint == "":
		return "", nil
	case exporter != "" && exporter != "otlp":
		return "", fmt.Errorf("OTEL_TRACES_EXPORTER is %q; there are otlp and none", exporter)
	}
	protocol := getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	switch protocol {
	case "", protocolHTTP:
		return protocolHTTP, nil
	case protocolGRPC:
		return protocolGRPC, nil
	}
	return "", fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q; there are %s and %s", protocol, protocolHTTP, protocolGRPC)
}
