package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/atlant-log/atlant/services/ownership"
	"github.com/atlant-log/atlant/services/telemetry"
)

// observeFlags say how operators see what a process does.
type observeFlags struct {
	LogFormat   string        `default:"text" enum:"text,json" placeholder:"FORMAT" help:"How to write the log to stderr: text or json (${default})."`
	TraceFile   string        `placeholder:"FILE" help:"Append traces to this file, for 'atlant trace'. The OTEL_… variables send them elsewhere."`
	AdminListen string        `placeholder:"HOST:PORT" help:"Where to answer /metrics and /debug/pprof (nowhere). Take a loopback address: profiles show what is in memory."`
	ReadyMaxLag time.Duration `placeholder:"DURATION" help:"Say at /readyz that this process is not ready while the views have lacked something of the log for longer (no bound)."`
}

func (o *observeFlags) check() error {
	if o.ReadyMaxLag < 0 {
		return errors.New("--ready-max-lag must not be negative")
	}
	return nil
}

// newLogger returns a logger to stderr.
func (o *observeFlags) newLogger(c *console, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(c.err, options)
	if o.LogFormat == "json" {
		handler = slog.NewJSONHandler(c.err, options)
	}
	return slog.New(telemetry.NewLogHandler(handler))
}

func newLogger(c *console, level slog.Level) *slog.Logger {
	return (&observeFlags{}).newLogger(c, level)
}

// openTelemetry is the first thing to be opened: what is opened after it reports to it.
func (a *app) openTelemetry(ctx context.Context) (err error) {
	a.config.telemetry, err = telemetry.New(ctx, telemetry.Config{
		Process: a.config.Process, Version: buildVersion(), TraceFile: a.config.Observe.TraceFile, Logger: a.config.Logger,
	})
	return err
}

// leaseChanged passes on what becomes of leases.
func leaseChanged(to *telemetry.Telemetry) func(unit string, change ownership.Change) {
	return func(unit string, change ownership.Change) { to.LeaseChanged(unit, string(change)) }
}

// observe has the metrics ask the app what it is like.
func (a *app) observe() error {
	asked := telemetry.Asked{Log: a.backend.log, Views: a.backend.store}
	if a.config.Serve {
		asked.Watchers = a.products.Watchers
	}
	if a.worker != nil {
		asked.Fetcher, asked.Projectors = a.worker.fetcher, a.worker.projectors
	}
	return a.config.telemetry.Ask(asked)
}

// startAdmin answers operators, if they are to be answered on an address of their own.
func (a *app) startAdmin(ctx context.Context) error {
	if a.config.Observe.AdminListen == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.config.Observe.AdminListen)
	if err != nil {
		return failed("--admin-listen says where, as host:port", "cannot listen on %s: %v", a.config.Observe.AdminListen, err)
	}
	if addr, ok := listener.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		a.config.Logger.WarnContext(ctx, "whoever reaches the admin address sees what is in the memory of this process",
			slog.String(logAddress, listener.Addr().String()))
	}
	a.config.Logger.InfoContext(ctx, "operators are answered", slog.String(logAddress, listener.Addr().String()))
	a.admin = &http.Server{
		Handler: a.config.telemetry.Admin(), ReadHeaderTimeout: readHeaderTimeout,
		ErrorLog: slog.NewLogLogger(a.config.Logger.Handler(), slog.LevelDebug),
	}
	a.working.Go(func() {
		if err := a.admin.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.config.Logger.ErrorContext(ctx, "operators are not answered any more", slog.Any(logError, err))
		}
	})
	return nil
}

// closeTelemetry is the last thing to be closed. Traces that cannot be sent are no failure of what they tell of.
func (a *app) closeTelemetry(ctx context.Context) {
	if a.config.telemetry == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := a.config.telemetry.Close(ctx); err != nil {
		a.config.Logger.WarnContext(ctx, "the last traces are lost", slog.Any(logError, fmt.Errorf("close: %w", err)))
	}
}

// logAddress is the key of an address in a log record.
const logAddress = "address"
