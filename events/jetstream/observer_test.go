package jetstream_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// batches is an observer that remembers.
type batches struct {
	mu           sync.Mutex
	observations []int64
	bytes        int
}

func (b *batches) BatchPublished(observations int64, bytes int, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.observations, b.bytes = append(b.observations, observations), b.bytes+bytes
	if took <= 0 {
		b.bytes = -1 << 40
	}
}

// traced returns a context in a trace, and how headers name that.
func traced(ctx context.Context) (_ context.Context, traceParent string) {
	in := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2, 15: 3}, SpanID: trace.SpanID{4, 7: 5}, TraceFlags: trace.FlagsSampled})
	return trace.ContextWithSpanContext(ctx, in), "00-01020000000000000000000000000003-0400000000000005-01"
}

// A trace goes with the request onto the queue, and with the marker of each batch into the log; nothing goes where there is none.
func TestTraceTravels(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	seen := &batches{}
	log := open(t, nc, jetstream.Config{Observer: seen})
	queue := take(t, log)
	ctx, traceParent := traced(t.Context())
	for _, test := range []struct {
		ctx  context.Context //nolint:containedctx // what is varied
		want string
	}{{ctx, traceParent}, {t.Context(), ""}} {
		asked := request(t)
		wantNoError(t, log.Enqueue(test.ctx, asked))
		item := dequeue(t, queue, asked)
		if got := item.Origin(); got.TraceParent != test.want || time.Since(got.EnqueuedAt) > time.Hour {
			t.Errorf("got %+v, want %q", got, test.want)
		}
		from, fetch := end(t, log), newFetchID(t)
		writer := write(t, log, fetch)
		wantNoError(t, add(test.ctx, writer, fetch, 1, batchRows+1))
		_, _, err := writer.Finish(test.ctx)
		wantNoError(t, err)
		var parents []string
		for _, m := range readAll(t, log, prices, from[0]) {
			if m.Kind == events.KindMarker || m.TraceParent != "" {
				parents = append(parents, m.TraceParent)
			}
		}
		if !slices.Equal(parents, []string{test.want, test.want}) {
			t.Errorf("messages have the traces %q, want %q of both markers", parents, test.want)
		}
	}
	if seen.bytes <= 0 || len(seen.observations) != 4 || seen.observations[0] != batchRows || seen.observations[1] != 1 {
		t.Errorf("told of batches of %d observations, %d bytes", seen.observations, seen.bytes)
	}
	if queued, err := log.Queued(t.Context()); err != nil || queued != 2 {
		t.Errorf("%d requests are queued, want 2, error %v", queued, err)
	}
	if log.Reconnects() != 0 {
		t.Errorf("reconnected %d times", log.Reconnects())
	}
}
