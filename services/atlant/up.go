package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"
)

// upCommand runs everything in this process.
type upCommand struct {
	backendFlags
	fetcherFlags
	alertFlags
	httpFlags
	accessFlags
	observeFlags
	Listen   string     `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to answer (${default})."`
	Data     string     `placeholder:"DIR" help:"Where to keep the log and the views (atlant-data; with --demo a folder that is removed at the end)."`
	LogLevel slog.Level `default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
	Demo     bool       `help:"Serve a small price list whose prices move, and fetch it every few seconds."`
}

// defaultData is where the log is kept if the user does not say.
const defaultData = "atlant-data"

// memoryLimit is for what Go manages; what SQLite takes, and the page tables of a large log, come on top. The embedded log
// keeps what was written last until the garbage collector is in need: without a limit that is most of a gigabyte while a
// large list streams through. GOMEMLIMIT overrides it.
const memoryLimit = 400 << 20

// Validate is called by kong.
func (u *upCommand) Validate() error {
	return errors.Join(
		u.backendFlags.check(), u.fetcherFlags.check(), u.alertFlags.check(), u.httpFlags.check(),
		u.accessFlags.check(), u.observeFlags.check(),
	)
}

// Run starts Atlant and stops it when the context ends.
func (u *upCommand) Run(ctx context.Context, c *console) (err error) {
	if os.Getenv("GOMEMLIMIT") == "" && u.NATS == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	logger := u.newLogger(c, u.LogLevel)
	data, temporary := u.Data, false
	switch {
	case data == "" && u.Demo:
		if data, err = os.MkdirTemp("", "atlant-demo-"); err != nil {
			return err
		}
		temporary = true
		defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	case data == "":
		data = defaultData
	}
	config := appConfig{
		Serve: true, Work: true, Listen: u.Listen, HTTP: u.httpFlags, Access: u.accessFlags, DataDir: data, Backend: u.backendFlags,
		Fetchers: u.fetcherFlags, Alerts: u.alertFlags,
		Process: processName(), Logger: logger, Observe: u.observeFlags,
	}
	var list *demoList
	if u.Demo {
		if list, err = serveDemoList(ctx); err != nil {
			return err
		}
		defer list.close()
		config.Except = []netip.AddrPort{list.addr()}
	}
	a, err := startApp(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close(ctx)) }()
	if u.Demo {
		c.greetDemo(a.url(), data, temporary)
		fetching, stop := context.WithCancel(ctx)
		defer stop()
		go list.keepFetching(fetching, a.fetches, logger)
	} else {
		c.greet(a.url(), data)
	}
	if err := a.wait(ctx); err != nil {
		return err
	}
	c.notef("stopping; what is not done goes on at the next start")
	return nil
}

// addrFlag returns the flag that a user needs to reach an Atlant there, empty for the default address.
func addrFlag(url string) string {
	if url == "http://127.0.0.1:8080" {
		return ""
	}
	return " --addr " + url
}

func (c *console) greet(url, data string) {
	c.notef("Atlant is up at %s, its data is in %s. Ctrl-C stops it.", url, data)
	c.notef("Fetch a price list from another terminal:")
	c.notef("  atlant fetch --wait FILE-OR-URL%s", addrFlag(url))
	c.notef("  atlant list%s", addrFlag(url))
}

func (c *console) greetDemo(url, data string, temporary bool) {
	c.notef("Atlant is up at %s and fetches a small price list, whose prices move, every %s. Ctrl-C stops it.", url, demoInterval)
	if temporary {
		c.notef("Its data is in %s until then; with --data DIR it is kept.", data)
	}
	c.notef("Look at it from another terminal (with `go run ./services/atlant` for `atlant` in a clone):")
	c.notef("  atlant list --sort price-changes --desc%s", addrFlag(url))
	c.notef("  atlant changes --source demo 'Espresso Beans 1 kg'%s", addrFlag(url))
	c.notef("  atlant fetches%s", addrFlag(url))
	c.notef("  atlant status%s", addrFlag(url))
	c.notef("  curl -s %s/atlant.v1.ProductService/List -H 'Content-Type: application/json' -d '{\"pageSize\": 3}'", url)
}
