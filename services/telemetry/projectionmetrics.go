package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/atlant-log/atlant/projections"
)

// Projections observes projectors.
type Projections struct{ *Telemetry }

// Projections returns what projectors report to.
func (t *Telemetry) Projections() Projections { return Projections{t} }

// Applied measures a batch, and makes a span of it where it takes part in a trace: below the fetch if that is the only one, and
// else linked to all of them.
func (p Projections) Applied(a projections.Applied) {
	ctx, of := context.Background(), label(labelStream, string(a.Stream))
	p.metrics.projectionMessages.Add(ctx, int64(a.Messages), of)
	p.metrics.projectionDuration.Record(ctx, a.Ended.Sub(a.Began).Seconds(), of)
	if a.Observations > 0 {
		p.metrics.projectionRows.Add(ctx, int64(a.Observations), of)
		p.metrics.projectionBatchRows.Record(ctx, int64(a.Observations), of)
	}
	if len(a.Traces) == 0 {
		return
	}
	options := []trace.SpanStartOption{
		trace.WithTimestamp(a.Began), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String(attributeStream, string(a.Stream)),
			attribute.Int(attributeMessages, a.Messages), attribute.Int(attributeObservations, a.Observations),
		),
	}
	if len(a.Traces) == 1 {
		ctx = remote(ctx, a.Traces[0])
	} else {
		for _, traceParent := range a.Traces {
			options = append(options, trace.WithLinks(trace.LinkFromContext(remote(ctx, traceParent))))
		}
	}
	_, span := p.tracer.Start(ctx, spanProject, options...)
	span.End(trace.WithTimestamp(a.Ended))
}
