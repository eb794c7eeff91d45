package main

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/services/fetch"
	"github.com/atlant-log/atlant/services/ownership"
	"github.com/atlant-log/atlant/services/source"
)

// queuePrefix begins the names of the units of work that are partitions of the fetch queue; others are streams that are
// projected, and shards that alerts are asked about.
const queuePrefix = "queue/"

// worker fetches and projects this process's share, and sees to it that sources are fetched when they are due.
type worker struct {
	owner      *ownership.Owner
	groups     [][]string
	projectors map[string]*projections.Projector // by stream
	fetcher    *fetch.Fetcher
	scheduler  *source.Scheduler
	alerts     *alertWork
}

func newWorker(b *backend, fetches *fetch.Service, config *appConfig) (*worker, error) {
	w := &worker{
		projectors: map[string]*projections.Projector{},
		scheduler:  source.NewScheduler(b.log, fetches, b.store, config.Logger),
	}
	var shards, partitions []string
	for shard := range b.log.Shards() {
		p := projections.NewPriceProjector(shard, b.log, b.store, config.Logger)
		shards = append(shards, string(p.Stream()))
		w.projectors[string(p.Stream())] = p
	}
	w.projectors[string(events.FetchStream)] = projections.NewFetchProjector(b.log, b.store, config.Logger)
	for partition := range events.QueuePartitions {
		partitions = append(partitions, queuePrefix+strconv.Itoa(partition))
	}
	for _, p := range w.projectors {
		p.Observe(config.telemetry.Projections())
	}
	var err error
	if w.alerts, err = newAlertWork(b, config); err != nil {
		return nil, err
	}
	w.groups = [][]string{shards, {string(events.FetchStream)}, partitions, w.alerts.units(b.log.Shards())}
	w.owner = ownership.NewOwner(b.leases, ownership.Config{
		Worker: config.Process, Note: w.report, Changed: leaseChanged(config.telemetry), Logger: config.Logger,
	})
	w.fetcher, err = fetch.NewFetcher(b.log, b.store, fetch.Config{
		SpoolDir: filepath.Join(config.DataDir, spoolFolder), Concurrency: config.Fetchers.Fetchers,
		MaxListBytes: config.Fetchers.MaxListBytes, AllowPrivate: config.Fetchers.AllowPrivateURLs, Except: config.Except,
		Version:    buildVersion(),
		KnownHosts: config.Fetchers.SSHKnownHosts, Buckets: config.Fetchers.AllowBucket, ListsFolder: config.Fetchers.ListsFolder,
		Observer: config.telemetry.Fetches(),
	}, config.Logger)
	return w, err
}

// run works until the context ends and all is handed over.
func (w *worker) run(ctx context.Context) {
	var scheduling sync.WaitGroup
	scheduling.Go(func() { w.scheduler.Run(ctx) })
	scheduling.Go(func() { w.alerts.deliver(ctx) })
	defer scheduling.Wait()
	w.owner.Run(ctx, w.groups, func(ctx context.Context, unit string) {
		if p := w.projectors[unit]; p != nil {
			p.Run(ctx)
			return
		}
		if w.alerts.follow(ctx, unit) {
			return
		}
		partition, err := strconv.Atoi(strings.TrimPrefix(unit, queuePrefix))
		if err == nil {
			w.fetcher.Work(ctx, partition)
		}
	})
}

// report is what other processes get to know of a unit.
func (w *worker) report(unit string) []byte {
	if p := w.projectors[unit]; p != nil {
		return p.Report()
	}
	return nil
}
