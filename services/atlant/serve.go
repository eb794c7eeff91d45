package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
)

// serveCommand answers requests; others do the work.
type serveCommand struct {
	backendFlags
	listFlags
	httpFlags
	accessFlags
	observeFlags
	Listen   string     `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to answer (${default})."`
	LogLevel slog.Level `default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Validate is called by kong.
func (s *serveCommand) Validate() error {
	return errors.Join(
		s.require("serve"), s.backendFlags.check(), s.listFlags.check(), s.httpFlags.check(), s.accessFlags.check(), s.observeFlags.check(),
	)
}

// Run serves until the context ends.
func (s *serveCommand) Run(ctx context.Context, c *console) error {
	return runApp(ctx, c, appConfig{
		Serve: true, Listen: s.Listen, HTTP: s.httpFlags, Access: s.accessFlags, Backend: s.backendFlags,
		Fetchers: fetcherFlags{listFlags: s.listFlags},
		Process:  processName(), Logger: s.newLogger(c, s.LogLevel), Observe: s.observeFlags,
	})
}

// workCommand fetches lists and projects the log; others answer requests.
type workCommand struct {
	backendFlags
	fetcherFlags
	alertFlags
	observeFlags
	Data     string     `default:"atlant-data" placeholder:"DIR" help:"Where to keep lists while they are worked on (${default})."`
	Listen   string     `placeholder:"HOST:PORT" help:"Where to answer /healthz and /readyz (nowhere)."`
	LogLevel slog.Level `default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Validate is called by kong.
func (w *workCommand) Validate() error {
	return errors.Join(
		w.require("work"), w.backendFlags.check(), w.fetcherFlags.check(), w.alertFlags.check(), w.observeFlags.check(),
	)
}

// Run works until the context ends.
func (w *workCommand) Run(ctx context.Context, c *console) error {
	return runApp(ctx, c, appConfig{
		Work: true, Listen: w.Listen, DataDir: w.Data, Backend: w.backendFlags, Fetchers: w.fetcherFlags,
		Alerts:  w.alertFlags,
		Process: processName(), Logger: w.newLogger(c, w.LogLevel), Observe: w.observeFlags,
	})
}

// runApp runs a part of Atlant until the context ends.
func runApp(ctx context.Context, c *console, config appConfig) (err error) {
	a, err := startApp(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close(ctx)) }()
	var does []string
	if config.Work {
		does = append(does, "works on its share as "+config.Process)
	}
	if a.listener != nil {
		does = append(does, "answers at "+a.url())
	}
	c.notef("Atlant is up: it %s. Ctrl-C stops it.", strings.Join(does, " and "))
	if err := a.wait(ctx); err != nil {
		return err
	}
	c.notef("stopping; others go on with what is not done")
	return nil
}
