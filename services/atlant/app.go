package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/fetch"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/projection"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// When the app closes, calls under way may take drainTimeout to end; then those that still run, streams above all, are
	// cancelled, and have closeTimeout.
	drainTimeout = 500 * time.Millisecond
	closeTimeout = 5 * time.Second
	// readHeaderTimeout keeps slow clients from holding connections open.
	readHeaderTimeout = 10 * time.Second
)

// logError is the key of an error in a log record.
const logError = "error"

// Names within the data folder.
const (
	logFolder   = "log"
	viewsFile   = "views/views.db" // its folder can be deleted while Atlant is stopped: it is rebuilt from the log
	spoolFolder = "spool"
)

// appConfig says how the embedded shape runs.
type appConfig struct {
	Listen       string           // host:port; port 0 takes a free one
	DataDir      string           // made if it is missing
	Fetchers     int              // lists worked on at once
	MaxListBytes int64            // of a decoded list
	AllowPrivate bool             // also fetch from addresses that are not public
	Except       []netip.AddrPort // addresses that are fetched from even if they are not public
}

// app is everything in one process: the log, the views, the projectors, the fetchers and the API.
type app struct {
	logger   *slog.Logger
	listener net.Listener
	server   *http.Server
	embedded *jetstream.Embedded
	log      *jetstream.Log
	views    *sqlite.DB

	projectors []*projections.Projector
	fetcher    *fetch.Fetcher

	stop    context.CancelFunc // ends projectors and fetchers
	hangUp  context.CancelFunc // cancels the calls under way
	working sync.WaitGroup
	broken  chan error // holds why the API has broken down, once it has
}

// startApp returns a running app, or what kept it from starting. It listens first, so that a second Atlant on the same
// port is told at once.
func startApp(ctx context.Context, config appConfig, logger *slog.Logger) (*app, error) {
	a := &app{logger: logger, stop: func() {}, hangUp: func() {}, broken: make(chan error, 1)}
	if err := a.open(ctx, config); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	calls, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	a.stop, a.hangUp = stop, hangUp
	a.server = &http.Server{
		Handler: a.handler(), Protocols: protocols(), ReadHeaderTimeout: readHeaderTimeout,
		BaseContext: func(net.Listener) context.Context { return calls },
		ErrorLog:    slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	for _, p := range a.projectors {
		a.working.Go(func() { p.Run(working) })
	}
	for partition := range events.QueuePartitions {
		a.working.Go(func() { a.fetcher.Work(working, partition) })
	}
	a.working.Go(func() {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.broken <- fmt.Errorf("serve on %s: %w", a.listener.Addr(), err)
		}
	})
	return a, nil
}

// open opens what the app is made of, in the order in which it depends on each other.
func (a *app) open(ctx context.Context, config appConfig) error {
	var err error
	if a.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", config.Listen); err != nil {
		hint := "--listen says where, as host:port"
		if errors.Is(err, syscall.EADDRINUSE) {
			hint = "another Atlant may run there already: choose another address with --listen"
		}
		return failed(hint, "cannot listen on %s: %v", config.Listen, err)
	}
	a.embedded, err = jetstream.StartEmbedded(filepath.Join(config.DataDir, logFolder), a.logger)
	if errors.Is(err, jetstream.ErrDataInUse) {
		return failed("stop it first, or choose another folder with --data", "another Atlant works on %s", config.DataDir)
	}
	if err != nil {
		return err
	}
	conn, err := a.embedded.Connect()
	if err != nil {
		return err
	}
	if a.log, err = jetstream.Open(ctx, conn, jetstream.Config{}); err != nil {
		return err
	}
	viewsPath := filepath.Join(config.DataDir, viewsFile)
	if err := os.MkdirAll(filepath.Dir(viewsPath), 0o750); err != nil {
		return fmt.Errorf("make folder of the views: %w", err)
	}
	if a.views, err = sqlite.Open(ctx, viewsPath); err != nil {
		return err
	}
	for shard := range a.log.Shards() {
		a.projectors = append(a.projectors, projections.NewPriceProjector(shard, a.log, a.views, a.logger))
	}
	a.projectors = append(a.projectors, projections.NewFetchProjector(a.log, a.views, a.logger))
	a.fetcher, err = fetch.NewFetcher(a.log, a.views, fetch.Config{
		SpoolDir: filepath.Join(config.DataDir, spoolFolder), Concurrency: config.Fetchers, MaxListBytes: config.MaxListBytes,
		AllowPrivate: config.AllowPrivate, Except: config.Except, UserAgent: "atlant/" + buildVersion(),
	}, a.logger)
	return err
}

// handler mounts the services.
func (a *app) handler() http.Handler {
	options := rpc.Options(a.logger)
	fetches, products := fetch.NewService(a.log, a.views), product.NewService(a.views, a.log.Shards())
	status := projection.NewService(a.views, a.log, a.projectors, buildVersion())
	return rpc.NewHandler(a.ready,
		rpc.Mount(atlantv1connect.FetchServiceName)(atlantv1connect.NewFetchServiceHandler(fetches, options...)),
		rpc.Mount(atlantv1connect.ProductServiceName)(atlantv1connect.NewProductServiceHandler(products, options...)),
		rpc.Mount(atlantv1connect.ProjectionServiceName)(atlantv1connect.NewProjectionServiceHandler(status, options...)),
	)
}

// ready tells whether requests can be served: the log and the views answer.
func (a *app) ready(ctx context.Context) error {
	if _, err := a.log.LastSequence(ctx, events.FetchStream); err != nil {
		return err
	}
	if _, err := a.views.Checkpoint(ctx, events.FetchStream); err != nil {
		return fmt.Errorf("the views cannot be read: %w", err)
	}
	return nil
}

// protocols lets HTTP/1.1 and HTTP/2 without TLS, which gRPC needs, share the port.
func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

// url returns where the app answers.
func (a *app) url() string {
	addr, ok := a.listener.Addr().(*net.TCPAddr)
	if ok && addr.IP.IsUnspecified() { // that is where to listen, not where to call
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + a.listener.Addr().String()
}

// wait blocks until the context ends, or returns why the API has broken down.
func (a *app) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.broken:
		return err
	}
}

// close ends all work and closes everything, also where only a part was opened. What is not done goes on at the next start.
func (a *app) close(ctx context.Context) error {
	var all []error
	a.stop()
	switch {
	case a.server != nil:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		defer time.AfterFunc(drainTimeout, a.hangUp).Stop()
		if err := a.server.Shutdown(ctx); err != nil {
			all = append(all, a.server.Close())
		}
	case a.listener != nil:
		all = append(all, a.listener.Close())
	}
	a.hangUp()
	a.working.Wait()
	if a.views != nil {
		all = append(all, a.views.Close())
	}
	if a.embedded != nil {
		all = append(all, a.embedded.Close())
	}
	return errors.Join(all...)
}
