package telemetry

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traceFile is an OTLP client whose server is a file: each batch is a line of OTLP's JSON, as OpenTelemetry's collector writes
// and reads it.
type traceFile struct {
	mu   sync.Mutex
	file *os.File
}

var _ otlptrace.Client = (*traceFile)(nil)

func openTraceFile(path string) (*traceFile, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file of traces: %w", err)
	}
	return &traceFile{file: file}, nil
}

// Start implements otlptrace.Client.
func (*traceFile) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (f *traceFile) Stop(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

// UploadTraces implements otlptrace.Client.
func (f *traceFile) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	// By way of another type, because OTLP's JSON is not that of protobuf: ids are in hexadecimal.
	data, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(data)
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err = f.file.Write(append(line, '\n')) // in one, so that processes can share a file
	return err
}

// readSpans calls take with each span of a file of traces, and with the name of the process that made it. A last line that is
// cut off is passed over: it is being written, or its process was killed.
func readSpans(from io.Reader, take func(process string, span ptrace.Span)) error {
	reader := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		if err != nil {
			return fmt.Errorf("line %d is no OTLP in JSON: %w", n, err)
		}
		takeSpans(traces, take)
	}
}

func takeSpans(traces ptrace.Traces, take func(process string, span ptrace.Span)) {
	for _, ofResource := range traces.ResourceSpans().All() {
		process := ""
		if id, ok := ofResource.Resource().Attributes().Get("service.instance.id"); ok {
			process = id.Str()
		}
		for _, ofScope := range ofResource.ScopeSpans().All() {
			for _, span := range ofScope.Spans().All() {
				take(process, span)
			}
		}
	}
}
