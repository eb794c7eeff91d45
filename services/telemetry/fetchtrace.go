package telemetry

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// ErrNoTrace says that there is no trace of a fetch.
var ErrNoTrace = errors.New("there is no trace of that fetch")

// Span is a part of a trace.
type Span struct {
	Name       string            `json:"name"`
	TraceID    string            `json:"traceId"`
	SpanID     string            `json:"spanId"`
	ParentID   string            `json:"parentId,omitempty"`
	Process    string            `json:"process,omitempty"` // that made it
	Began      time.Time         `json:"began"`
	Took       time.Duration     `json:"tookNs"`
	Error      string            `json:"error,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// Shared is of how many fetches the span is a part: it is in a trace of its own where that is more than one.
	Shared   int     `json:"shared,omitempty"`
	Children []*Span `json:"children,omitempty"` // in the order in which they began

	links []string // ids of the spans that it is linked to
}

// Fetch returns the id of the fetch that the span or one below it works on, empty if there is none.
func (s *Span) Fetch() string {
	if id := s.Attributes[attributeFetch]; id != "" {
		return id
	}
	for _, child := range s.Children {
		if id := child.Fetch(); id != "" {
			return id
		}
	}
	return ""
}

// TraceOfFetch returns the roots of the trace of a fetch, in the order in which they began, from files of traces; an empty id
// stands for the fetch that was begun last. There is one root where the files hold all of the trace. Spans that work on several
// fetches, in traces of their own, are among the children of what they are linked to. It returns ErrNoTrace if there is none.
func TraceOfFetch(fetch string, files ...io.Reader) ([]*Span, error) {
	spans := map[string]*Span{}
	for _, file := range files {
		err := readSpans(file, func(process string, span ptrace.Span) {
			s := newSpan(process, span)
			spans[s.SpanID] = s
		})
		if err != nil {
			return nil, err
		}
	}
	trace := traceOf(fetch, spans)
	if trace == "" {
		return nil, ErrNoTrace
	}
	return tree(trace, spans), nil
}

func newSpan(process string, from ptrace.Span) *Span {
	s := &Span{
		Name: from.Name(), TraceID: from.TraceID().String(), SpanID: from.SpanID().String(), ParentID: from.ParentSpanID().String(),
		Process: process, Began: from.StartTimestamp().AsTime(),
		Took:       from.EndTimestamp().AsTime().Sub(from.StartTimestamp().AsTime()),
		Attributes: map[string]string{},
	}
	if from.Status().Code() == ptrace.StatusCodeError {
		s.Error = cmp.Or(from.Status().Message(), "failed")
	}
	for name, value := range from.Attributes().All() {
		s.Attributes[name] = value.AsString()
	}
	for _, link := range from.Links().All() {
		s.links = append(s.links, link.SpanID().String())
	}
	if from.Kind() == ptrace.SpanKindConsumer && len(s.links) > 0 {
		s.Shared = len(s.links)
	}
	return s
}

// traceOf returns the id of the trace of a fetch, or of the last one if that is empty; empty if there is none.
func traceOf(fetch string, spans map[string]*Span) string {
	var last *Span
	for _, s := range spans {
		if s.Name != spanFetch || fetch != "" && s.Attributes[attributeFetch] != fetch {
			continue
		}
		if last == nil || s.Began.After(last.Began) {
			last = s
		}
	}
	if last == nil {
		return ""
	}
	return last.TraceID
}

// tree hangs the spans of a trace below each other, and returns the roots.
func tree(trace string, spans map[string]*Span) []*Span {
	var roots []*Span
	for _, s := range spans {
		switch parent := spans[s.ParentID]; {
		case s.TraceID != trace:
			for _, id := range s.links {
				if to := spans[id]; to != nil && to.TraceID == trace && s.Shared > 0 {
					to.Children = append(to.Children, s)
				}
			}
		case parent == nil:
			roots = append(roots, s)
		default:
			parent.Children = append(parent.Children, s)
		}
	}
	for _, s := range spans {
		sortSpans(s.Children)
	}
	sortSpans(roots)
	return roots
}

func sortSpans(spans []*Span) {
	slices.SortFunc(spans, func(a, b *Span) int { return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.SpanID, b.SpanID)) })
}
