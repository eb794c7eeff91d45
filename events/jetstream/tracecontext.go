package jetstream

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/propagation"
)

// traceParentHeader is the header of W3C Trace Context. NATS tells apart upper and lower case.
const traceParentHeader = "traceparent"

// inject says in a message's headers which trace the context belongs to, if it belongs to one.
func inject(ctx context.Context, msg *nats.Msg) {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	for name, value := range carrier {
		msg.Header.Set(name, value)
	}
}

// traceParent returns what inject wrote, empty if it wrote nothing.
func traceParent(headers nats.Header) string {
	if len(headers) == 0 {
		return ""
	}
	return headers.Get(traceParentHeader)
}
