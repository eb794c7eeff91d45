package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// carrier is the headers of a message.
type carrier map[string]string

func (c carrier) inject(ctx context.Context) {
	propagation.TraceContext{}.Inject(ctx, propagation.MapCarrier(c))
}
