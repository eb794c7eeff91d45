package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := "http://" + listener.Addr().String()
	listener.Close()
	atlant(t, "list", "--addr", addr).expect(t, exitFailure, "",
		"atlant: no Atlant answers at "+addr+": start one with `atlant up`, or say where it is with --addr\n")
}

func TestSomethingElseAnswers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	r := atlant(t, "list", "--addr", server.URL)
	if r.code != exitFailure || !strings.Contains(r.errOut, "is no Atlant, or another version of it") {
		t.Errorf("got %+v", r)
	}
}

func TestServerErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{connect.NewError(connect.CodeInvalidArgument, errors.New("url: no host")), "atlant: url: no host\n"},
		{invalid(t), "atlant: csv.currency_code: does not match; url: is required\n"},
		{connect.NewError(connect.CodeInternal, errors.New("error 4f2")), "atlant: the server failed: error 4f2\n  the server's log says more\n"},
		{connect.NewError(connect.CodeUnavailable, errors.New("starting")), "atlant: starting\n  try again in a moment\n"},
		{connect.NewError(connect.CodeNotFound, errors.New("a\x1b[31mb")), "atlant: a\\x1b[31mb\n"},
	} {
		s := &fakeServer{fetch: func(*atlantv1.FetchRequest) (*atlantv1.Fetch, error) { return nil, c.err }}
		s.run(t, "fetch", "http://shop.example/list.csv").expect(t, exitFailure, "", c.want)
	}
}

// invalid returns the error of a server that validates with protovalidate.
func invalid(tb testing.TB) error {
	tb.Helper()
	field := func(names ...string) *validate.FieldPath {
		path := &validate.FieldPath{}
		for _, name := range names {
			path.Elements = append(path.Elements, &validate.FieldPathElement{FieldName: new(name)})
		}
		return path
	}
	detail, err := connect.NewErrorDetail(&validate.Violations{Violations: []*validate.Violation{
		{Field: field("csv", "currency_code"), Message: new("does not match")},
		{Field: field("url"), Message: new("is required")},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	invalid := connect.NewError(connect.CodeInvalidArgument, errors.New("validation error: 2 of them"))
	invalid.AddDetail(detail)
	return invalid
}

// A log that cannot be used has its faults one a line.
func TestFaults(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	c := newConsole(strings.NewReader(""), io.Discard, &printed)
	code := c.report(t.Context(), fmt.Errorf("start: %w", jetstream.FaultsError{
		{Where: "stream A", What: "storage", Is: "memory", Must: "file", Todo: "do this"},
		{Where: "stream B", What: "name", Is: "\x1b[0m", Must: "plain", Todo: "do that"},
	}), "")
	want := "atlant: the log cannot be used as it is set up:\n  stream A: storage is memory, must be file: do this\n" +
		"  stream B: name is \\x1b[0m, must be plain: do that\n"
	if code != exitFailure || printed.String() != want {
		t.Errorf("got %d and %q", code, printed.String())
	}
}

func TestInterruptIsQuiet(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &fakeServer{
		fetch: func(*atlantv1.FetchRequest) (*atlantv1.Fetch, error) { return &atlantv1.Fetch{Id: fetchID}, nil },
		watch: func(func(*atlantv1.Fetch) error) error { cancel(); <-ctx.Done(); return nil },
	}
	atlantIn(ctx, "fetch", "http://shop.example/list.csv", "--wait", "--addr", s.start(t)).expect(t, exitInterrupted, "", "")
}
