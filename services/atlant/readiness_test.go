package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestReadyMaxLag: where nobody projects, a process that minds is not ready once there is something to project.
func TestReadyMaxLag(t *testing.T) {
	t.Parallel()
	a, err := startApp(t.Context(), appConfig{
		Serve: true, Listen: "127.0.0.1:0", DataDir: t.TempDir(), Process: "here", Logger: slog.New(slog.DiscardHandler),
		Observe: observeFlags{ReadyMaxLag: time.Nanosecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	wantReady(t, a.url(), http.StatusOK, "ok")
	api, err := newClients(a.url(), &clientFlags{})
	if err != nil {
		t.Fatal(err)
	}
	request := connect.NewRequest(&atlantv1.FetchRequest{Url: "http://example.com/list.csv"})
	if _, err := api.fetch.Fetch(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	wantReady(t, a.url(), http.StatusServiceUnavailable, "behind FETCH_EVENTS, by 1 messages")
	for _, bound := range []time.Duration{0, time.Hour} {
		a.config.Observe.ReadyMaxLag = bound
		if err := a.ready(t.Context()); err != nil {
			t.Errorf("within %s: %v", bound, err)
		}
	}
}

func wantReady(t *testing.T, url string, want int, names string) {
	t.Helper()
	answer, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want || !strings.Contains(string(said), names) {
		t.Errorf("got %d %s, error %v, want %d %s", answer.StatusCode, said, err, want, names)
	}
}
