package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The outcomes of rows.
const (
	rowAccepted  = "accepted"
	rowRejected  = "rejected"
	rowDuplicate = "duplicate"
)

// Fetches observes fetchers.
type Fetches struct{ *Telemetry }

// Fetches returns what fetchers report to.
func (t *Telemetry) Fetches() Fetches {
	f, ctx := Fetches{t}, context.Background()
	// From the first look on, so that an increase from nothing can be seen.
	for _, state := range []atlantv1.FetchState{
		atlantv1.FetchState_FETCH_STATE_COMPLETED, atlantv1.FetchState_FETCH_STATE_FAILED,
		atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED, atlantv1.FetchState_FETCH_STATE_HELD,
	} {
		t.metrics.fetches.Add(ctx, 0, label(labelState, stateLabel(state)))
	}
	for _, outcome := range []string{rowAccepted, rowRejected, rowDuplicate} {
		t.metrics.fetchRows.Add(ctx, 0, label(labelOutcome, outcome))
	}
	t.metrics.fetchBytes.Add(ctx, 0)
	t.metrics.fetchAttemptsFailed.Add(ctx, 0)
	return f
}

// Begin begins a span in the trace that the fetch was asked for in, from when it was put on the queue, and below it one for how
// long it waited there.
func (f Fetches) Begin(
	ctx context.Context, request *atlantv1.FetchRequested, origin events.Origin,
) (context.Context, func(error)) {
	now := time.Now()
	since := origin.EnqueuedAt
	if since.IsZero() || since.After(now) { // the clock is that of the NATS server
		since = now
	}
	ctx, span := f.tracer.Start(remote(ctx, origin.TraceParent), spanFetch, trace.WithTimestamp(since), //nolint:spancheck // end ends it
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String(attributeFetch, request.GetId()), attribute.String(attributeSource, request.GetSource()),
		))
	_, waiting := f.tracer.Start(ctx, spanQueue, trace.WithTimestamp(since))
	waiting.End(trace.WithTimestamp(now))
	f.metrics.fetchStageDuration.Record(ctx, now.Sub(since).Seconds(), label(labelStage, spanQueue))
	return ctx, func(err error) { endSpan(span, err) } //nolint:spancheck // as above
}

// Stage begins a span, and measures how long it takes.
func (f Fetches) Stage(ctx context.Context, stage string, began time.Time) (context.Context, func(error)) {
	ctx, span := f.tracer.Start(ctx, stage, trace.WithTimestamp(began)) //nolint:spancheck // end ends it
	return ctx, func(err error) {                                       //nolint:spancheck // as above
		if err == nil {
			f.metrics.fetchStageDuration.Record(ctx, max(time.Since(began), 0).Seconds(), label(labelStage, stage))
		}
		endSpan(span, err)
	}
}

// Ended counts a fetch, and its rows if nothing more comes of them.
func (f Fetches) Ended(fetch *atlantv1.Fetch) {
	ctx, state := context.Background(), fetch.GetState()
	f.metrics.fetches.Add(ctx, 1, label(labelState, stateLabel(state)))
	if fetch.GetStartedAt() != nil && fetch.GetEndedAt() != nil {
		took := fetch.GetEndedAt().AsTime().Sub(fetch.GetStartedAt().AsTime())
		f.metrics.fetchDuration.Record(ctx, max(took, 0).Seconds(), label(labelState, stateLabel(state)))
	}
	if state != atlantv1.FetchState_FETCH_STATE_COMPLETED && state != atlantv1.FetchState_FETCH_STATE_FAILED {
		return // a list that is held is counted once it was approved, one that did not change was counted before
	}
	f.metrics.fetchBytes.Add(ctx, fetch.GetBytes())
	f.metrics.fetchRows.Add(ctx, fetch.GetAccepted(), label(labelOutcome, rowAccepted))
	f.metrics.fetchRows.Add(ctx, fetch.GetRejected(), label(labelOutcome, rowRejected))
	f.metrics.fetchRows.Add(ctx, fetch.GetDuplicates(), label(labelOutcome, rowDuplicate))
}

// Visible measures how long a user waits.
func (f Fetches) Visible(after time.Duration) {
	f.metrics.fetchVisible.Record(context.Background(), max(after, 0).Seconds())
}

// AttemptFailed counts.
func (f Fetches) AttemptFailed() { f.metrics.fetchAttemptsFailed.Add(context.Background(), 1) }

// stateLabel is the state in lower case and without its prefix.
func stateLabel(state atlantv1.FetchState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "FETCH_STATE_"))
}

// remote returns a context in the trace that a header names, if it does.
func remote(ctx context.Context, traceParent string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceParent})
}

func endSpan(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
