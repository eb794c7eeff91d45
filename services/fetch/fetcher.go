package fetch

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/services/outbound"
)

const (
	// retryPause is how long work waits when the log failed, conflictPause when somebody else wrote to its fetch.
	retryPause    = 2 * time.Second
	conflictPause = 50 * time.Millisecond
	// takenPause is how long a partition is left to somebody else who took it, if it still is ours to work.
	takenPause = 5 * time.Second
)

// Config says how a Fetcher works.
type Config struct {
	SpoolDir     string           // where lists are kept until they are published
	Concurrency  int              // how many lists are worked on at once; 0 means 4
	MaxListBytes int64            // of a decoded list; 0 means DefaultMaxListBytes
	AllowPrivate bool             // also fetch from addresses that are not public
	Except       []netip.AddrPort // addresses that are fetched from even if they are not public
	Version      string           // of this program: servers are told it, and what another one read is read again

	KnownHosts  string   // file with the keys of SFTP servers; empty: lists are fetched from none
	ListsFolder string   // folder of this machine that lists are taken from; empty: from none
	Buckets     []string // that lists are taken from, see package remote/bucket

	Observer Observer // is told how work goes; nil: nobody is
}

// Fetcher takes requests from the queue and does them.
type Fetcher struct {
	log        Log
	live       projections.LiveViews
	logger     *slog.Logger
	spool      spool
	downloader *downloader
	running    chan struct{} // a slot for each list that is worked on, whatever its partition

	observer     Observer
	version      string // of this program
	viewPatience time.Duration
}

// NewFetcher returns a fetcher; its spool folder is made if it is missing. What else the configuration names must be there.
func NewFetcher(log Log, live projections.LiveViews, config Config, logger *slog.Logger) (*Fetcher, error) {
	spool, err := newSpool(config.SpoolDir)
	if err != nil {
		return nil, err
	}
	if config.Concurrency == 0 {
		config.Concurrency = 4
	}
	if config.MaxListBytes == 0 {
		config.MaxListBytes = DefaultMaxListBytes
	}
	if config.Observer == nil {
		config.Observer = unobserved{}
	}
	guard := outbound.NewGuard(config.AllowPrivate, config.Except...)
	openers, err := newOpeners(guard, &config, logger)
	if err != nil {
		return nil, err
	}
	downloader := newDownloader(guard, config.MaxListBytes, "atlant/"+config.Version, openers)
	downloader.hosts.lists = listsPerHost(config.Concurrency)
	return &Fetcher{
		log: log, live: live, logger: logger, spool: spool, downloader: downloader,
		observer: config.Observer, version: config.Version, viewPatience: viewPatience,
		running: make(chan struct{}, config.Concurrency),
	}, nil
}

// Work does the requests of one partition of the queue until the context ends, and returns when all work on them has
// stopped. What is not done by then is on the queue still. Several partitions can be worked at once. That a partition is
// worked by one process at a time keeps it from being taken to and fro, no more.
func (f *Fetcher) Work(ctx context.Context, partition int) {
	logger := f.logger.With(slog.Int(logPartition, partition))
	for ctx.Err() == nil {
		err := f.workShift(ctx, partition)
		if ctx.Err() != nil {
			return
		}
		wait := retryPause
		if errors.Is(err, events.ErrTaken) {
			wait = takenPause
		}
		logger.WarnContext(ctx, "no requests from the queue", slog.Any(logError, err), slog.Duration(logRetryIn, wait))
		pause(ctx, wait)
	}
}

// workShift takes a partition and works it until it is lost or the context ends.
func (f *Fetcher) workShift(ctx context.Context, partition int) error {
	queue, err := f.log.TakeFrom(ctx, partition)
	if err != nil {
		return err
	}
	defer queue.Close()
	return newShift(f).run(ctx, queue)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
