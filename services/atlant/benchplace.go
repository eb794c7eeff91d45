package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections/mongo"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/services/atlant/bench"
)

// benchPlace is where Atlant is measured. What is elsewhere was found empty, and is emptied after each use.
type benchPlace struct {
	backend backendFlags
	scratch string // a folder of ours, for what is here
	logger  *slog.Logger
}

func (p *benchPlace) bench() bench.Place {
	place := bench.Place{Start: p.start, OpenLog: p.openLog, OpenStore: p.openStore}
	if viewsScheme(p.backend.Views) == schemeMongo {
		place.OpenImport = p.openImport
	}
	return place
}

// check refuses what holds something already.
func (p *benchPlace) check(ctx context.Context) error {
	if viewsScheme(p.backend.Views) == schemeMongo {
		empty, err := mongo.Empty(ctx, p.backend.Views)
		if err != nil {
			return err
		}
		if !empty {
			return failed("name another one in --views: it would be dropped at the end", "the database of the views is not empty")
		}
	}
	if p.backend.NATS == "" {
		return nil
	}
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	exists, err := jetstream.Exists(ctx, conn)
	if err == nil && exists {
		err = failed("measure on other servers, or in another account: this log would be deleted at the end", "NATS keeps a log already")
	}
	return err
}

func (p *benchPlace) connect(ctx context.Context) (*jetstream.Conn, error) {
	return jetstream.Connect(ctx, p.backend.connectConfig(processName(), p.logger))
}

// start starts an Atlant on nothing.
func (p *benchPlace) start(ctx context.Context, except netip.AddrPort) (_ *bench.Atlant, err error) {
	dir, err := os.MkdirTemp(p.scratch, "data-")
	if err != nil {
		return nil, err
	}
	config := appConfig{
		Serve: true, Work: true, Listen: "127.0.0.1:0", DataDir: dir, Backend: p.backend,
		Fetchers: fetcherFlags{listFlags: listFlags{MaxListBytes: 1 << 40}, Fetchers: 4},
		Except:   []netip.AddrPort{except}, Process: processName(), Logger: p.logger,
	}
	atlant := &bench.Atlant{}
	if p.backend.NATS == "" {
		atlant.LogDir = filepath.Join(dir, logFolder)
	}
	switch viewsScheme(p.backend.Views) {
	case schemeMongo:
	case schemeSQLite:
		if atlant.ViewsDir, err = os.MkdirTemp(strings.TrimPrefix(p.backend.Views, schemeSQLite+":"), "atlant-bench-"); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		config.Backend.Views = schemeSQLite + ":" + atlant.ViewsDir
	default:
		atlant.ViewsDir = filepath.Join(dir, viewsFolder)
	}
	a, err := startApp(ctx, config)
	clean := func() error {
		err := errors.Join(p.empty(context.WithoutCancel(ctx)), os.RemoveAll(dir))
		if atlant.ViewsDir != "" {
			err = errors.Join(err, os.RemoveAll(atlant.ViewsDir))
		}
		return err
	}
	if err != nil {
		return nil, errors.Join(err, clean())
	}
	atlant.URL, atlant.Store = a.url(), a.backend.store
	atlant.Stop = func() error { return errors.Join(a.close(ctx), clean()) }
	return atlant, nil
}

// empty removes what an Atlant left elsewhere.
func (p *benchPlace) empty(ctx context.Context) error {
	var all []error
	if viewsScheme(p.backend.Views) == schemeMongo {
		all = append(all, mongo.Drop(ctx, p.backend.Views))
	}
	if p.backend.NATS != "" {
		conn, err := p.connect(ctx)
		if err != nil {
			return errors.Join(append(all, err)...)
		}
		defer conn.Close()
		all = append(all, jetstream.Remove(ctx, conn))
	}
	return errors.Join(all...)
}

// openLog opens NATS alone.
func (p *benchPlace) openLog(ctx context.Context) (*bench.Log, error) {
	if p.backend.NATS != "" {
		conn, err := p.connect(ctx)
		if err != nil {
			return nil, err
		}
		return &bench.Log{
			Conn: conn, Config: jetstream.Config{Shards: p.backend.Shards, Replicas: p.backend.Replicas},
			Close: func() error {
				defer conn.Close()
				return jetstream.Remove(context.WithoutCancel(ctx), conn)
			},
		}, nil
	}
	dir, err := os.MkdirTemp(p.scratch, "log-")
	if err != nil {
		return nil, err
	}
	embedded, err := jetstream.StartEmbedded(dir, p.logger)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	conn, err := embedded.Connect()
	if err != nil {
		return nil, errors.Join(err, embedded.Close(), os.RemoveAll(dir))
	}
	return &bench.Log{
		Conn: conn, Config: jetstream.Config{Shards: p.backend.Shards, Embedded: embedded},
		Close: func() error { return errors.Join(embedded.Close(), os.RemoveAll(dir)) },
	}, nil
}

func (p *benchPlace) openStore(ctx context.Context) (bench.Store, error) {
	switch uri := p.backend.Views; viewsScheme(uri) {
	case schemeMongo:
		return mongo.OpenBaseline(ctx, uri)
	case schemeSQLite:
		return sqlite.OpenBaseline(ctx, strings.TrimPrefix(uri, schemeSQLite+":"))
	default:
		return sqlite.OpenBaseline(ctx, p.scratch)
	}
}

func (p *benchPlace) openImport(ctx context.Context, indexes bool) (bench.Import, error) {
	return mongo.OpenImport(ctx, p.backend.Views, indexes)
}
