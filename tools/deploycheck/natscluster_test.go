package deploycheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience bounds what should take a moment.
const patience = 2 * time.Minute

// startCluster starts the three servers in this process, as a configuration says but for addresses and folders, and waits
// until they have a leader.
func startCluster(t *testing.T, config string) []*server.Server {
	t.Helper()
	var servers []*server.Server
	ports := freePorts(t, len(natsNames))
	for i, name := range natsNames {
		options := loadNATS(t, config, name)
		options.Host, options.Port, options.HTTPHost, options.HTTPPort = "127.0.0.1", -1, "127.0.0.1", -1
		options.StoreDir, options.NoSigs, options.NoLog = t.TempDir(), true, true
		options.Cluster.Host, options.Cluster.Port = "127.0.0.1", ports[i]
		if options.LeafNode.Port != 0 {
			options.LeafNode.Host, options.LeafNode.Port = "127.0.0.1", -1
		}
		for i, route := range options.Routes {
			options.Routes[i] = &url.URL{Scheme: route.Scheme, Host: fmt.Sprintf("127.0.0.1:%d", ports[i])}
		}
		running, err := server.NewServer(options)
		if err != nil {
			t.Fatal(err)
		}
		running.Start()
		t.Cleanup(func() {
			running.Shutdown()
			running.WaitForShutdown()
		})
		servers = append(servers, running)
	}
	await(t, "a leader of three", func() bool {
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(natsNames) {
				return true
			}
		}
		return false
	})
	return servers
}

// freePorts returns ports that were free just now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func connect(t testing.TB, s *server.Server, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	silent := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}) // what is refused is looked for
	nc, err := nats.Connect(s.ClientURL(), append(options, silent)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// wantThreeCopies makes a stream like those of the log, and writes to it.
func wantThreeCopies(t testing.TB, js jetstream.JetStream) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "PRICES_00", Subjects: []string{"prices.0.>"}, Storage: jetstream.FileStorage, Replicas: 3,
		Compression: jetstream.S2Compression, AllowAtomicPublish: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(ctx, "prices.0.observed", []byte("1")); err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Msgs != 1 || len(info.Cluster.Replicas) != 2 {
		t.Errorf("%d messages, %d further replicas", info.State.Msgs, len(info.Cluster.Replicas))
	}
}

// wantSynced asks a server's monitoring, as Atlant does, whether every write is synced.
func wantSynced(t testing.TB, s *server.Server) {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://%s/jsz?config=1", s.MonitorAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said server.JSInfo
	if err := json.Unmarshal(data, &said); err != nil || !said.Config.SyncAlways {
		t.Errorf("%s does not sync every write: %v %s", s.Name(), err, data)
	}
}

// wantRefused fails unless a user may publish to none of the subjects, and to one that it may.
func wantRefused(t testing.TB, js jetstream.JetStream, subjects ...string) {
	t.Helper()
	refusals := make(chan error, len(subjects)+1)
	nc := js.Conn()
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err })
	for _, subject := range append(subjects, "$JS.API.INFO") {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	for _, subject := range subjects {
		select {
		case err := <-refusals:
			if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
				t.Errorf("publishing to %s: %v", subject, err)
			}
		case <-time.After(patience):
			t.Fatalf("publishing to %s was not refused", subject)
		}
	}
	select {
	case err := <-refusals:
		t.Errorf("what is allowed: %v", err)
	default:
	}
}

func TestNATSCluster(t *testing.T) {
	servers := startCluster(t, "cluster.conf")
	wantThreeCopies(t, connect(t, servers[1]))
	for _, s := range servers {
		wantSynced(t, s)
	}
}

func TestSecureNATSCluster(t *testing.T) {
	keys := newAuthority(t)
	keys.issue(t, "nats", natsNames...).setenv(t)
	servers := startCluster(t, "secure.conf")
	as := func(user string) []nats.Option {
		id := keys.issue(t, user, user)
		return []nats.Option{nats.RootCAs(id.ca), nats.ClientCert(id.cert, id.key)}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	atlant := connect(t, servers[1], as("atlant")...)
	wantThreeCopies(t, atlant)
	for _, s := range servers {
		wantSynced(t, s)
	}
	refused, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := atlant.DeleteStream(refused, "PRICES_00"); err == nil {
		t.Error("atlant deleted the log")
	}
	wantRefused(t, connect(t, servers[0], as("atlant-serve")...), "prices.0.observed", "parked.PRICES_00", "$JS.ACK.FETCHES.x", "$JS.API.CONSUMER.MSG.NEXT.FETCHES.x")
	wantRefused(t, connect(t, servers[0], as("atlant-work")...), "sources.record.shop", "$O.UPLOADS.C.x", "$JS.API.STREAM.PURGE.PRICES_00")
	if err := connect(t, servers[2], as("operator")...).DeleteStream(ctx, "PRICES_00"); err != nil {
		t.Errorf("operator: %v", err)
	}
	if nc, err := nats.Connect(servers[0].ClientURL(), as("stranger")...); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a stranger: %v %v", nc, err)
	}
	if nc, err := nats.Connect(servers[0].ClientURL(), nats.RootCAs(keys.path("ca.pem"))); err == nil {
		t.Errorf("nobody in particular was let in: %v", nc)
	}
}
