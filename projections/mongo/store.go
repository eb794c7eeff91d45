// Package mongo keeps the views in a MongoDB database, or in one that speaks its protocol. It needs no multi-document
// transactions, no change streams and no server-side JavaScript.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/atlant-log/atlant/projections"
)

var _ projections.Store = (*Store)(nil)

const (
	oldestVersion = 5                // of the server
	patience      = 10 * time.Second // with a server that does not answer, unless the URI says serverSelectionTimeoutMS
)

// Store is the generations of views in one database.
type Store struct {
	client   *driver.Client
	database *driver.Database

	mu    sync.Mutex
	views map[int64]*views // those that were asked for, by generation

	outdated atomic.Bool // whether there were views of an older version, and none of this
}

// Open connects to the database that the URI names (without a name: atlant), and makes what an empty one needs. Views of an
// older version of this program are as good as none: see Outdated. It blocks
// until the server answers, for at most the URI's serverSelectionTimeoutMS (10 s) and a little more. Credentials, TLS, the
// replica set, compression and the pool are the URI's; writes always wait for a majority, and reads ask the primary.
func Open(ctx context.Context, uri string) (*Store, error) {
	target, err := parseURI(uri)
	if err != nil {
		return nil, failed("read", "the URI", err)
	}
	client, err := driver.Connect(target.options)
	if err != nil {
		return nil, failed("connect to", target.hosts(), err)
	}
	s := &Store{client: client, database: client.Database(target.database), views: map[int64]*views{}}
	if err := s.open(ctx, target); err != nil {
		return nil, failed("open views at", target.hosts(), errors.Join(err, s.disconnect(context.WithoutCancel(ctx))))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, target *target) error {
	answering, cancel := context.WithTimeout(ctx, *target.options.ServerSelectionTimeout+patience)
	defer cancel()
	var server struct {
		Version string `bson:"version"`
	}
	err := s.database.RunCommand(answering, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&server)
	if err == nil {
		if err := checkVersion(server.Version); err != nil {
			return err
		}
		_, err = s.readRecord(answering) // unlike buildInfo, this needs a login where there is one
	}
	if err != nil {
		return fmt.Errorf("no good answer. Is it running, may this machine reach it, are user, password and authSource right? %w", err)
	}
	return nil
}

func checkVersion(version string) error {
	var major int
	if _, err := fmt.Sscanf(version, "%d.", &major); err != nil || major < oldestVersion {
		return fmt.Errorf("the server says that it is version %q; %d.0 or later is needed", version, oldestVersion)
	}
	return nil
}

// Close closes all connections. It waits for operations that run, but not for long.
func (s *Store) Close() error {
	return failed("close", "connections", s.disconnect(context.Background()))
}

func (s *Store) disconnect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.client.Disconnect(ctx)
}

// failed says what the operation was and what it was on; nil stays nil.
func failed(operation, object string, err error) error {
	if err == nil {
		return nil
	}
	if isAway(err) {
		err = fmt.Errorf("%w: %w", projections.ErrUnavailable, err)
	}
	return fmt.Errorf("mongo: %s %s: %w", operation, object, err)
}

// isAway tells whether the server did not answer, or is just being replaced by another member of its replica set.
func isAway(err error) bool {
	var labeled driver.LabeledError
	return driver.IsNetworkError(err) || driver.IsTimeout(err) ||
		errors.As(err, &labeled) && (labeled.HasErrorLabel("RetryableWriteError") || labeled.HasErrorLabel("RetryableError"))
}
