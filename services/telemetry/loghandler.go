package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// logHandler adds the trace to records that were made in one.
type logHandler struct{ slog.Handler }

// NewLogHandler returns a handler that adds trace_id to records whose context belongs to a trace.
func NewLogHandler(to slog.Handler) slog.Handler { return logHandler{to} }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if in := trace.SpanContextFromContext(ctx); in.IsValid() {
		record = record.Clone()
		record.AddAttrs(slog.String(logTraceID, in.TraceID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
