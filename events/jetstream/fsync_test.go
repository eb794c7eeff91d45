package jetstream_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// monitored starts a server with monitoring, and returns where that is.
func monitored(t testing.TB, options *natsd.Options) string {
	t.Helper()
	options.HTTPHost, options.HTTPPort = "127.0.0.1", -1
	return "http://" + natstest.StartServer(t, options).MonitorAddr().String()
}

func TestCheckFsync(t *testing.T) {
	t.Parallel()
	synced := monitored(t, &natsd.Options{JetStream: true})
	now := monitored(t, &natsd.Options{JetStream: true, StoreDir: t.TempDir(), SyncInterval: time.Minute})
	wantNoError(t, jetstream.CheckFsync(t.Context(), nil, quiet))
	wantNoError(t, jetstream.CheckFsync(t.Context(), []string{synced, synced + "/"}, quiet))
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	t.Cleanup(other.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	err := jetstream.CheckFsync(t.Context(), []string{
		synced, now, monitored(t, &natsd.Options{}), other.URL, gone.URL, "nonsense",
	}, quiet)
	for _, words := range []string{
		"server at " + now + ": syncing to the disk is every 1m0s", "`sync_interval: always`", "JetStream is off",
		"server at " + other.URL + ": its monitoring is not to be had (it did not answer as a NATS server does",
		"(it answered 404 Not Found)", "not a URL like http://host:8222",
	} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q is missing in: %v", words, err)
		}
	}
	if strings.Contains(err.Error(), "server at "+synced) {
		t.Error(err)
	}
}

// A server that is down is warned of while another answers; where none does, something else is wrong.
func TestCheckFsyncOfServersThatAreDown(t *testing.T) {
	t.Parallel()
	synced := monitored(t, &natsd.Options{JetStream: true})
	const down = "http://u:" + secret + "@127.0.0.1:1"
	var said strings.Builder
	wantNoError(t, jetstream.CheckFsync(t.Context(), []string{down, synced}, slog.New(slog.NewTextHandler(&said, nil))))
	err := jetstream.CheckFsync(t.Context(), []string{down, down}, quiet)
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range []string{said.String(), err.Error()} {
		if !strings.Contains(text, "http://u:xxxxx@127.0.0.1:1") || !strings.Contains(text, "connection refused") || strings.Contains(text, secret) {
			t.Errorf("it says %s", text)
		}
	}
}
