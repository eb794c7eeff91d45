package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/mongo"
	"github.com/atlant-log/atlant/projections/sqlite"
)

// Names within the data folder.
const (
	logFolder   = "log"
	viewsFolder = "views" // can be deleted while Atlant is stopped: it is rebuilt from the log
	spoolFolder = "spool"
)

// backend is the log and the views.
type backend struct {
	embedded *jetstream.Embedded // nil where the log is elsewhere
	conn     *jetstream.Conn
	log      *jetstream.Log
	leases   *jetstream.Leases
	store    projections.Store
}

// openBackend opens the log and the views, or says why it cannot; what was opened by then is in the backend all the same,
// to be closed.
func openBackend(ctx context.Context, config *appConfig) (*backend, error) {
	b := &backend{}
	if err := b.connect(ctx, config); err != nil {
		return b, err
	}
	var err error
	if b.log, err = jetstream.Open(ctx, b.conn, jetstream.Config{
		Shards: config.Backend.Shards, Replicas: config.Backend.Replicas, Embedded: b.embedded,
		Observer: config.telemetry.Log(),
	}); err != nil {
		return b, err
	}
	if b.leases, err = jetstream.OpenLeases(ctx, b.conn, jetstream.LeaseConfig{Replicas: config.Backend.Replicas}); err != nil {
		return b, err
	}
	b.store, err = openViews(ctx, config)
	return b, err
}

// connect connects to NATS, or to a server in this process.
func (b *backend) connect(ctx context.Context, config *appConfig) error {
	var err error
	if config.Backend.NATS == "" {
		dir := filepath.Join(config.DataDir, logFolder)
		b.embedded, err = jetstream.StartEmbedded(dir, config.Logger)
		if errors.Is(err, jetstream.ErrDataInUse) {
			return dataInUse(config.DataDir)
		}
		if errors.Is(err, events.ErrFull) {
			return failed("make some room and start it again; nothing that was accepted is lost",
				"the disk of the log is full, there must be %d MB free in %s", jetstream.RoomNeeded>>20, dir)
		}
		if err != nil {
			return explainMoved(err)
		}
		b.conn, err = b.embedded.Connect()
		return err
	}
	if err := config.Backend.checkFsync(ctx, config.Logger); err != nil {
		return err
	}
	b.conn, err = jetstream.Connect(ctx, config.Backend.connectConfig(config.Process, config.Logger))
	return err
}

func dataInUse(dir string) error {
	return failed("stop it first, or choose another folder with --data", "another Atlant works on %s", dir)
}

// viewsStore is a store that tells whether it was opened on views of an older version.
type viewsStore interface {
	projections.Store
	Outdated() bool
}

// openViews opens the views where the flags say, or in the data folder.
func openViews(ctx context.Context, config *appConfig) (projections.Store, error) {
	var store viewsStore
	var err error
	switch uri := config.Backend.Views; viewsScheme(uri) {
	case schemeMongo:
		store, err = mongo.Open(ctx, uri)
	case schemeSQLite:
		store, err = sqlite.Open(ctx, strings.TrimPrefix(uri, schemeSQLite+":"))
	default:
		store, err = sqlite.Open(ctx, filepath.Join(config.DataDir, viewsFolder))
	}
	if err != nil {
		return nil, err
	}
	if store.Outdated() {
		config.Logger.WarnContext(ctx,
			"an older version made the views; they are filled anew from the log, and lack what is not in them yet")
	}
	return config.telemetry.Store(store), nil
}

// close closes what was opened.
func (b *backend) close() error {
	var all []error
	if b.store != nil {
		all = append(all, b.store.Close())
	}
	if b.conn != nil {
		b.conn.Close()
	}
	if b.embedded != nil {
		all = append(all, b.embedded.Close())
	}
	return errors.Join(all...)
}
