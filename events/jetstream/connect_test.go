package jetstream_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// secret is a password that no error and no log may show.
const secret = "s3cret"

func mustConnect(t testing.TB, config jetstream.ConnectConfig) *nats.Conn {
	t.Helper()
	config.Logger = quiet
	nc, err := jetstream.Connect(t.Context(), config)
	wantNoError(t, err)
	t.Cleanup(nc.Close)
	wantNoError(t, nc.Flush())
	return nc
}

// wantNoConnection checks that there is none, and that the error says all of that and no password.
func wantNoConnection(t testing.TB, config jetstream.ConnectConfig, want ...string) {
	t.Helper()
	config.Logger = quiet
	_, err := jetstream.Connect(t.Context(), config)
	if err == nil {
		t.Fatal("connected")
	}
	for _, words := range want {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q is missing in: %v", words, err)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("tells the password: %v", err)
	}
}

func withUser(url, user string) string { return strings.Replace(url, "://", "://"+user+"@", 1) }

func TestConnectWithPassword(t *testing.T) {
	t.Parallel()
	url := natstest.StartServer(t, &natsd.Options{Username: "u", Password: secret}).ClientURL()
	mustConnect(t, jetstream.ConnectConfig{URL: withUser(url, "u:"+secret)})
	wantNoConnection(t, jetstream.ConnectConfig{URL: url}, "does not let us in", url, "user and password")
	wantNoConnection(t, jetstream.ConnectConfig{URL: withUser(url, "x:"+secret)}, "does not let us in", "x:xxxxx@127.0.0.1")
}

// The servers are tried one after the other, and the name is what the server lists.
func TestConnectToOneOfSeveral(t *testing.T) {
	t.Parallel()
	running := natstest.StartServer(t, &natsd.Options{})
	nc := mustConnect(t, jetstream.ConnectConfig{URL: " nats://127.0.0.1:1 , " + running.ClientURL(), Name: "atlant work"})
	if at := nc.ConnectedUrl(); at != running.ClientURL() {
		t.Error(at)
	}
	all, err := running.Connz(nil)
	if err != nil || len(all.Conns) != 1 || all.Conns[0].Name != "atlant work" {
		t.Error(all, err)
	}
}

func TestConnectFaults(t *testing.T) {
	t.Parallel()
	missing, garbage := filepath.Join(t.TempDir(), "missing"), filepath.Join(t.TempDir(), "garbage")
	wantNoError(t, os.WriteFile(garbage, []byte("garbage"), 0o600))
	url := natstest.StartServer(t, &natsd.Options{}).ClientURL()
	for name, test := range map[string]struct {
		config jetstream.ConnectConfig
		want   []string
	}{
		"nobody":        {jetstream.ConnectConfig{URL: "nats://u:" + secret + "@127.0.0.1:1,nats://127.0.0.1:2"}, []string{"no NATS server answers at nats://u:xxxxx@127.0.0.1:1, nats://127.0.0.1:2"}},
		"no URL":        {jetstream.ConnectConfig{URL: "nats://u:" + secret + "@127.0.0.1:port"}, []string{"URL 1 of the NATS servers"}},
		"second no URL": {jetstream.ConnectConfig{URL: url + ",http://u:" + secret + "@127.0.0.1:4222"}, []string{"URL 2 of the NATS servers, http://u:xxxxx@127.0.0.1:4222"}},
		"nothing":       {jetstream.ConnectConfig{}, []string{"URL 1 of the NATS servers"}},
		"no TLS":        {jetstream.ConnectConfig{URL: strings.Replace(url, "nats:", "tls:", 1)}, []string{"has no TLS"}},
		"creds":         {jetstream.ConnectConfig{URL: url, CredsFile: missing}, []string{"read credentials", missing}},
		"bad creds":     {jetstream.ConnectConfig{URL: url, CredsFile: garbage}, []string{garbage}},
		"CA":            {jetstream.ConnectConfig{URL: url, CAFile: missing}, []string{"certificate authorities", missing}},
		"bad CA":        {jetstream.ConnectConfig{URL: url, CAFile: garbage}, []string{garbage + " holds no certificate"}},
		"certificate":   {jetstream.ConnectConfig{URL: url, CertFile: missing, KeyFile: missing}, []string{"client certificate", missing}},
		"no key":        {jetstream.ConnectConfig{URL: url, CertFile: garbage}, []string{"client certificate", garbage, "key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNoConnection(t, test.config, test.want...)
		})
	}
}

func TestConnectCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := jetstream.Connect(ctx, jetstream.ConnectConfig{URL: natstest.StartServer(t, &natsd.Options{}).ClientURL(), Logger: quiet})
	wantError(t, err, context.Canceled)
}

// journal is a log that can be looked at.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// A server that goes away and comes back is connected to again, and the log tells; so it does of what the server forbids.
func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	running := natstest.StartServer(t, &natsd.Options{JetStream: true, StoreDir: dir})
	said := &journal{}
	nc, err := jetstream.Connect(t.Context(), jetstream.ConnectConfig{
		URL: withUser(running.ClientURL(), "u:"+secret), Logger: slog.New(slog.NewTextHandler(said, nil)),
	})
	wantNoError(t, err)
	t.Cleanup(nc.Close)
	log := open(t, nc, jetstream.Config{})
	port := running.Addr().(*net.TCPAddr).Port
	running.Shutdown()
	running.WaitForShutdown()
	if _, err := log.LastSequence(within(t, time.Second), prices); err == nil {
		t.Error("answered by nobody")
	}
	natstest.StartServer(t, &natsd.Options{JetStream: true, StoreDir: dir, Port: port})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err = log.LastSequence(t.Context(), prices); err == nil || time.Now().After(deadline) {
			break
		}
	}
	wantNoError(t, err)
	for _, words := range []string{"connection to the log lost", "connected to the log again", "127.0.0.1"} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("%q is missing in: %s", words, said)
		}
	}
	if strings.Contains(said.String(), secret) {
		t.Errorf("tells the password: %s", said)
	}
}
