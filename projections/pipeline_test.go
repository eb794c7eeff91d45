package projections

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
)

// script is a reader that hands out what it is given, then fails, or blocks until it may fail.
type script struct {
	batches [][]uint64 // sequences
	err     error      // nil: it blocks
	at      int
	reading atomic.Int64 // calls that have not returned
}

func (s *script) Next(ctx context.Context, _ events.Batch) ([]events.Message, error) {
	s.reading.Add(1)
	defer s.reading.Add(-1)
	if s.at == len(s.batches) {
		if s.err != nil {
			return nil, s.err
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var messages []events.Message
	for _, sequence := range s.batches[s.at] {
		messages = append(messages, events.Message{Sequence: sequence, Data: []byte("x")})
	}
	s.at++
	return messages, nil
}

func (s *script) Close() {}

// record is a projection that notes what it took in, and fails at some sequence.
type record struct {
	applied []uint64
	failAt  uint64
	entered func()
}

var errApply = errors.New("it cannot be applied")

func (r *record) decode(messages []events.Message) *decodedBatch { return newDecodedBatch(messages) }

func (r *record) idle(context.Context) error { return nil }

func (r *record) apply(_ context.Context, batch *decodedBatch) error {
	if r.entered != nil {
		r.entered()
	}
	if batch.end.Sequence == r.failAt {
		return errApply
	}
	r.applied = append(r.applied, batch.end.Sequence)
	return nil
}

func TestProject(t *testing.T) {
	t.Parallel()
	errRead := errors.New("it cannot be read")
	batches := [][]uint64{{1, 2}, {3}, {5, 6, 9}}
	for name, test := range map[string]struct {
		err     error
		failAt  uint64
		until   uint64
		applied []uint64
		want    error
	}{
		"reading fails at the end":  {errRead, 0, 0, []uint64{2, 3, 9}, errRead},
		"applying fails at first":   {nil, 2, 0, nil, errApply},
		"applying fails later":      {errRead, 3, 0, []uint64{2}, errApply},
		"applying fails at the end": {errRead, 9, 0, []uint64{2, 3}, errApply},
		"to the end of a batch":     {nil, 0, 3, []uint64{2, 3}, nil},
		"into a batch":              {nil, 0, 6, []uint64{2, 3, 6}, nil},
		"into the first batch":      {errRead, 0, 1, []uint64{1}, nil},
		"what is gone by now":       {errRead, 0, 4, []uint64{2, 3}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, to := &script{batches: batches, err: test.err}, &record{failAt: test.failAt}
			messages := 0
			err := project(t.Context(), reader, events.Batch{Bytes: 1, Until: test.until}, to, func(a Applied) { messages += a.Messages })
			if !errors.Is(err, test.want) || !slices.Equal(to.applied, test.applied) || messages == 0 != (test.applied == nil) {
				t.Errorf("applied %d, %d messages, error %v", to.applied, messages, err)
			}
			if reader.reading.Load() != 0 {
				t.Error("it still reads")
			}
		})
	}
}

// Nothing is left when the context ends, whatever is going on then.
func TestProjectEndsWithContext(t *testing.T) {
	t.Parallel()
	for name, batches := range map[string][][]uint64{
		"while it waits for messages": {{1}}, "while the next batch waits": {{1}, {2}, {3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			reader, to := &script{batches: batches}, &record{entered: cancel}
			if err := project(ctx, reader, events.Batch{Bytes: 1}, to, func(Applied) {}); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v", err)
			}
			if reader.reading.Load() != 0 {
				t.Error("it still reads")
			}
		})
	}
}

// What is read while a batch is applied becomes one batch, as large as the bound allows.
func TestProjectGathers(t *testing.T) {
	t.Parallel()
	errRead := errors.New("it cannot be read")
	reader, to := &script{batches: [][]uint64{{1}, {2, 3}, {4}, {5, 6}, {7}}, err: errRead}, &record{}
	waiting := newWaitingBatch(3)
	ended := make(chan error, 1)
	go func() { ended <- readAhead(t.Context(), reader, events.Batch{Bytes: 3}, to, waiting) }()
	for _, want := range []uint64{3, 6, 7} { // 1 with 2 and 3, 4 with 5 and 6
		for waiting.size() < 3 && want < 7 {
			runtime.Gosched()
		}
		batch, err := waiting.take(t.Context(), time.Minute)
		if err != nil || batch.end.Sequence != want {
			t.Fatalf("got a batch up to %d, want %d, error %v", batch.end.Sequence, want, err)
		}
	}
	if err := <-ended; !errors.Is(err, errRead) {
		t.Errorf("got error %v", err)
	}
}

// size returns how many bytes wait.
func (w *waitingBatch) size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.batch == nil {
		return 0
	}
	return w.batch.bytes
}

// A batch names each trace of its markers once, also where it is made of several.
func TestTracesOfBatch(t *testing.T) {
	t.Parallel()
	markers := func(traces ...string) *decodedBatch {
		var messages []events.Message
		for _, trace := range traces {
			messages = append(messages, events.Message{Kind: events.KindMarker, TraceParent: trace})
		}
		return decodePrices(messages)
	}
	batch := markers("a", "", "a")
	batch.join(markers("b", "a"))
	if want := []string{"a", "b"}; !slices.Equal(batch.traces, want) {
		t.Errorf("got %q, want %q", batch.traces, want)
	}
}
