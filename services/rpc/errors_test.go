package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// service answers every call with what its function returns.
type service struct {
	atlantv1connect.UnimplementedFetchServiceHandler

	answer func(context.Context) error
}

func (s *service) GetFetch(
	ctx context.Context, _ *connect.Request[atlantv1.GetFetchRequest],
) (*connect.Response[atlantv1.GetFetchResponse], error) {
	return connect.NewResponse(&atlantv1.GetFetchResponse{}), s.answer(ctx)
}

func (s *service) WatchFetch(
	ctx context.Context, _ *connect.Request[atlantv1.WatchFetchRequest], _ *connect.ServerStream[atlantv1.WatchFetchResponse],
) error {
	return s.answer(ctx)
}

// logged is a log in memory.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

// serve returns a client's way to the handler, over HTTP/1.1 or over HTTP/2 without TLS.
func serve(t testing.TB, handler http.Handler) (url string, http1, http2 *http.Client) {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.Protocols = protocols()
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	srv.Start()
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &p}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	return srv.URL, srv.Client(), &http.Client{Transport: transport}
}

// calls returns a unary and a streaming call to the service over each protocol.
func calls(t testing.TB, s *service, log *slog.Logger) map[string]func(context.Context, string) error {
	t.Helper()
	path, handler := atlantv1connect.NewFetchServiceHandler(s, rpc.Options(log)...)
	mux := http.NewServeMux()
	mux.Handle(path, handler)
	url, http1, http2 := serve(t, mux)
	all := map[string]func(context.Context, string) error{}
	for name, client := range map[string]atlantv1connect.FetchServiceClient{
		"connect":  atlantv1connect.NewFetchServiceClient(http1, url),
		"get":      atlantv1connect.NewFetchServiceClient(http1, url, connect.WithHTTPGet()),
		"grpc":     atlantv1connect.NewFetchServiceClient(http2, url, connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewFetchServiceClient(http1, url, connect.WithGRPCWeb()),
	} {
		all[name+" unary"] = func(ctx context.Context, id string) error {
			_, err := client.GetFetch(ctx, connect.NewRequest(&atlantv1.GetFetchRequest{Id: id}))
			return err
		}
		all[name+" stream"] = func(ctx context.Context, id string) error {
			stream, err := client.WatchFetch(ctx, connect.NewRequest(&atlantv1.WatchFetchRequest{Id: id}))
			if err != nil {
				return err
			}
			defer stream.Close()
			stream.Receive()
			return stream.Err()
		}
	}
	return all
}

const id = "0199d3a0-0000-7000-8000-000000000001"

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

const secret = "/var/lib/secret.db"

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(context.Context) error
		code   connect.Code
		says   string
		logged bool
	}{
		{"unknown", func(context.Context) error { return errors.New(secret) }, connect.CodeInternal, "internal error", true},
		{"wrapped", func(context.Context) error { return fmt.Errorf("a: %w", fmt.Errorf("b: %w", errors.New(secret))) }, connect.CodeInternal, "internal error", true},
		{"panic", func(context.Context) error { panic(secret) }, connect.CodeInternal, "internal error", true},
		{"panic with an error", func(context.Context) error { panic(errors.New(secret)) }, connect.CodeInternal, "internal error", true},
		{"panic of a library", func(context.Context) error { return errors.New(strings.Repeat("x", -1)) }, connect.CodeInternal, "internal error", true},
		{"log unavailable", func(context.Context) error { return fmt.Errorf("%s: %w", secret, events.ErrUnavailable) }, connect.CodeUnavailable, events.ErrUnavailable.Error(), true},
		{"log full", func(context.Context) error {
			return fmt.Errorf("%s: %w", secret, errors.Join(events.ErrUnavailable, events.ErrFull))
		}, connect.CodeResourceExhausted, events.ErrFull.Error(), true},
		{"views unavailable", func(context.Context) error { return fmt.Errorf("%s: %w", secret, projections.ErrUnavailable) }, connect.CodeUnavailable, projections.ErrUnavailable.Error(), true},
		{"cancelled", func(context.Context) error { return fmt.Errorf("%s: %w", secret, context.Canceled) }, connect.CodeCanceled, "cancelled", false},
		{"deadline", func(context.Context) error { return fmt.Errorf("%s: %w", secret, context.DeadlineExceeded) }, connect.CodeDeadlineExceeded, "deadline", false},
		{"not found", func(context.Context) error { return rpc.NotFound("there is no fetch %s", id) }, connect.CodeNotFound, "there is no fetch " + id, false},
		{"invalid argument", func(context.Context) error { return rpc.InvalidArgument("id", "is %d", 5) }, connect.CodeInvalidArgument, "id: is 5", false},
		{"meant but wrapped", func(context.Context) error { return fmt.Errorf("%s: %w", secret, rpc.NotFound("there is none")) }, connect.CodeNotFound, "there is none", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			for name, call := range calls(t, &service{answer: test.answer}, slog.New(slog.NewTextHandler(&log, nil))) {
				before := len(log.String())
				wantOutward(t, name, call(t.Context(), id), test.code, test.says)
				if got := log.String()[before:]; (got != "") != test.logged || test.logged && !strings.Contains(got, secret) && test.name != "panic of a library" {
					t.Errorf("%s: the log says %q", name, got)
				}
			}
			if test.logged && !strings.Contains(log.String(), "/atlant.v1.FetchService/GetFetch") {
				t.Errorf("the log does not name the procedure: %s", log.String())
			}
		})
	}
}

func wantOutward(t testing.TB, name string, err error, code connect.Code, says string) {
	t.Helper()
	var got *connect.Error
	if !errors.As(err, &got) || got.Code() != code {
		t.Fatalf("%s: got error %v, want %s", name, err, code)
	}
	if !strings.Contains(got.Message(), says) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "negative Repeat") {
		t.Errorf("%s: it says %q", name, got.Message())
	}
	if len(got.Details()) > 0 && code != connect.CodeInvalidArgument {
		t.Errorf("%s: details %v", name, got.Details())
	}
}

// The id that a client gets leads to the cause.
func TestInternalErrorID(t *testing.T) {
	t.Parallel()
	var log logged
	seen := map[string]bool{}
	for _, answer := range []func(context.Context) error{
		func(context.Context) error { return errors.New(secret) }, func(context.Context) error { panic(secret) },
	} {
		for name, call := range calls(t, &service{answer: answer}, slog.New(slog.NewTextHandler(&log, nil))) {
			err := call(t.Context(), id)
			given := uuidPattern.FindString(err.Error())
			if given == "" || seen[given] {
				t.Fatalf("%s: no id, or one given before: %v", name, err)
			}
			seen[given] = true
			if !regexp.MustCompile(given + `.*` + regexp.QuoteMeta(secret)).MatchString(log.String()) {
				t.Errorf("%s: nothing in the log under %s:\n%s", name, given, log.String())
			}
		}
	}
}

// A request that breaks a rule of the contract does not get as far as the service; the answer names the field.
func TestValidation(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context) error { return errors.New("called") }}
	for name, call := range calls(t, s, slog.New(slog.DiscardHandler)) {
		wantOutward(t, name, call(t.Context(), "not an id"), connect.CodeInvalidArgument, "id: ")
	}
}

func TestNoError(t *testing.T) {
	t.Parallel()
	var log logged
	s := &service{answer: func(context.Context) error { return nil }}
	for name, call := range calls(t, s, slog.New(slog.NewTextHandler(&log, nil))) {
		if err := call(t.Context(), id); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if log.String() != "" {
		t.Errorf("the log says %s", log.String())
	}
}

// A service sees the client's deadline, and what it makes of it reaches the client.
func TestDeadline(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
	for name, call := range calls(t, s, slog.New(slog.DiscardHandler)) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := call(ctx, id); connect.CodeOf(err) != connect.CodeDeadlineExceeded {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}
