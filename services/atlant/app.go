package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/access"
	"github.com/atlant-log/atlant/services/alert"
	"github.com/atlant-log/atlant/services/fetch"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/projection"
	"github.com/atlant-log/atlant/services/rpc"
	"github.com/atlant-log/atlant/services/source"
	"github.com/atlant-log/atlant/services/web"
)

const (
	// When the app closes, calls under way may take drainTimeout to end; then those that still run, streams above all, are
	// cancelled, and have closeTimeout.
	drainTimeout = 500 * time.Millisecond
	closeTimeout = 5 * time.Second
	// readHeaderTimeout keeps slow clients from holding connections open.
	readHeaderTimeout = 10 * time.Second
	// A connection without requests is kept for idleTimeout.
	idleTimeout = 5 * time.Minute
	// A request by GET is in the first line.
	maxHeaderBytes = 256 << 10
)

// logError is the key of an error in a log record.
const logError = "error"

// app is a server process: the API, the work, or both, on a log and views that may be in it as well.
type app struct {
	config   appConfig
	listener net.Listener // nil if it answers nowhere
	server   *http.Server
	guard    *access.Guard // nil if it does not serve
	tls      *tls.Config   // nil if it answers in the clear
	admin    *http.Server  // nil if operators are answered nowhere else
	backend  *backend
	fetches  *fetch.Service
	products *product.Service
	pages    http.Handler // nil if it does not serve
	worker   *worker      // nil if it does not work

	stop    context.CancelFunc // ends the work
	hangUp  context.CancelFunc // cancels the calls under way
	working sync.WaitGroup
	broken  chan error // holds why the API has broken down, once it has
}

// startApp returns a running app, or what kept it from starting. It listens first, so that a second Atlant on the same
// port is told at once.
func startApp(ctx context.Context, config appConfig) (*app, error) {
	a := &app{config: config, stop: func() {}, hangUp: func() {}, broken: make(chan error, 1)}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	if err := a.startAdmin(ctx); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	calls, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	a.stop, a.hangUp = stop, hangUp
	if a.worker != nil {
		a.working.Go(func() { a.worker.run(working) })
	}
	if a.listener == nil {
		return a, nil
	}
	a.server = &http.Server{
		Handler: rpc.LimitSilence(a.handler()), Protocols: protocols(), TLSConfig: a.tls,
		ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		BaseContext: func(net.Listener) context.Context { return calls },
		ErrorLog:    slog.NewLogLogger(config.Logger.Handler(), slog.LevelDebug),
	}
	a.working.Go(func() {
		if err := a.accept(); !errors.Is(err, http.ErrServerClosed) {
			a.broken <- fmt.Errorf("serve on %s: %w", a.listener.Addr(), err)
		}
	})
	return a, nil
}

// open opens what the app is made of, in the order in which it depends on each other.
func (a *app) open(ctx context.Context) (err error) {
	if err := a.openTelemetry(ctx); err != nil {
		return err
	}
	if a.config.Listen != "" {
		if a.listener, err = listen(ctx, a.config.Listen); err != nil {
			return err
		}
	}
	if a.config.Serve {
		if err = a.secure(); err != nil {
			return err
		}
	}
	if a.backend, err = openBackend(ctx, &a.config); err != nil {
		return err
	}
	if a.config.Serve {
		if a.pages, err = web.NewHandler(); err != nil {
			return err
		}
	}
	a.fetches = fetch.NewService(a.backend.log, a.backend.store, a.config.Fetchers.MaxListBytes)
	a.products = product.NewService(a.backend.store, a.backend.log, a.fetches)
	if a.config.Work {
		if a.worker, err = newWorker(a.backend, a.fetches, &a.config); err != nil { //nolint:contextcheck // what changes has none
			return err
		}
	}
	return a.observe()
}

// secure opens what decides who may call, and over what connections. It comes before the log and the views are opened, so that
// what is not to be reached is not even for a moment.
func (a *app) secure() (err error) {
	if a.guard, err = a.config.Access.newGuard(a.listener.Addr(), a.config.Logger); err != nil {
		return err
	}
	a.tls, err = a.config.Access.tls(a.config.DataDir).Config(a.config.Logger)
	return err
}

// accept serves until the server is closed.
func (a *app) accept() error {
	if a.tls != nil {
		return a.server.ServeTLS(a.listener, "", "")
	}
	return a.server.Serve(a.listener)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		hint := "--listen says where, as host:port"
		if errors.Is(err, syscall.EADDRINUSE) {
			hint = "another Atlant may run there already: choose another address with --listen"
		}
		return nil, failed(hint, "cannot listen on %s: %v", address, err)
	}
	return listener, nil
}

// handler mounts the services, if requests are to be answered; a process that only works says that it is well, and no more.
func (a *app) handler() http.Handler {
	if !a.config.Serve {
		return rpc.NewHandler(a.ready, rpc.Mount("")("/metrics", a.config.telemetry.Metrics()))
	}
	b, options := a.backend, slices.Clip(append(
		[]connect.HandlerOption{connect.WithInterceptors(a.config.telemetry.Interceptor())}, rpc.Options(a.config.Logger)...,
	))
	sources := source.NewService(b.log, a.fetches, b.store)
	status := projection.NewService(projection.Config{
		Live: b.store, Source: b.log, Shards: b.log.Shards(), Leases: b.leases,
		Rebuilder: projections.NewRebuilder(b.log, b.log.Shards(), b.store, buildVersion(), a.config.Logger),
		Auditor:   projections.NewAuditor(b.log, b.log.Shards(), b.store),
		Process:   a.config.Process, Version: buildVersion(),
	})
	return rpc.AllowOrigins(a.config.HTTP.CORSOrigin, rpc.NewProtectedHandler(a.guard.Protect, a.ready,
		rpc.Mount(atlantv1connect.FetchServiceName)(atlantv1connect.NewFetchServiceHandler(a.fetches, options...)),
		rpc.Mount(atlantv1connect.SourceServiceName)(atlantv1connect.NewSourceServiceHandler(sources, options...)),
		rpc.Mount(atlantv1connect.AlertServiceName)(atlantv1connect.NewAlertServiceHandler(alert.NewService(b.log), options...)),
		rpc.Mount(atlantv1connect.ProductServiceName)(atlantv1connect.NewProductServiceHandler(a.products,
			append(options, connect.WithInterceptors(a.products.Revalidation(buildVersion())))...)),
		rpc.Mount(atlantv1connect.ProjectionServiceName)(atlantv1connect.NewProjectionServiceHandler(status, options...)),
		rpc.Mount("")("/metrics", a.config.telemetry.Metrics()),
		rpc.Mount("")(product.ExportPath, a.products.Export(a.config.Logger)),
		rpc.Rest(a.pages),
	))
}

// protocols lets HTTP/1.1 and HTTP/2, which gRPC needs, share the port, with TLS or without.
func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	p.SetHTTP2(true)
	return &p
}

// url returns where the app answers.
func (a *app) url() string {
	addr, ok := a.listener.Addr().(*net.TCPAddr)
	scheme := "http://"
	if a.tls != nil {
		scheme = "https://"
	}
	if ok && addr.IP.IsUnspecified() { // that is where to listen, not where to call
		return fmt.Sprintf("%s127.0.0.1:%d", scheme, addr.Port)
	}
	return scheme + a.listener.Addr().String()
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

// close ends all work and closes everything, also where only a part was opened. What is not done goes on at the next start,
// or elsewhere at once.
func (a *app) close(ctx context.Context) error {
	var all []error
	a.stop()
	switch {
	case a.server != nil:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		defer time.AfterFunc(drainTimeout, a.hangUp).Stop()
		a.products.Close()
		if err := a.server.Shutdown(ctx); err != nil {
			all = append(all, a.server.Close())
		}
	case a.listener != nil:
		all = append(all, a.listener.Close())
	}
	a.hangUp()
	if a.admin != nil {
		all = append(all, a.admin.Close())
	}
	a.working.Wait()
	if a.backend != nil {
		all = append(all, a.backend.close())
	}
	a.closeTelemetry(ctx)
	return errors.Join(all...)
}
