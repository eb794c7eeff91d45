package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// LogState is what is asked of the log at each look at the metrics.
type LogState interface {
	events.Source
	// Shards returns how many shards the log has.
	Shards() int
	// Writable returns events.ErrFull while it is known that nothing can be stored.
	Writable() error
	// Reconnects returns how often the connection was made anew.
	Reconnects() uint64
	// Queued returns how many requests are on the queue.
	Queued(ctx context.Context) (int64, error)
}

// FetcherState is what is asked of a fetcher.
type FetcherState interface {
	// Running returns how many lists are worked on.
	Running() int
	// HostsLeftAlone returns how many hosts are not asked for now, and of how many one request is to tell whether they are well.
	HostsLeftAlone() (open, halfOpen int)
}

// Asked is what is asked at each look at the metrics.
type Asked struct {
	Log        LogState
	Views      projections.LiveViews
	Fetcher    FetcherState                      // nil where none works
	Projectors map[string]*projections.Projector // by stream; none where none works
	Watchers   func() int                        // how many streams of Watch there are; nil where there are none
}

// scraper answers looks at the metrics.
type scraper struct {
	Asked

	logUp, logFull, viewsUp, viewsGeneration metric.Int64ObservableGauge
	logReconnects                            metric.Int64ObservableCounter
	queueRequests                            metric.Int64ObservableGauge
	lag, late, parked, standsStill           metric.Int64ObservableGauge
	lagSeconds                               metric.Float64ObservableGauge
	running, hostsLeftAlone, watchStreams    metric.Int64ObservableGauge
}

// Ask has the metrics that are not counted but asked for be asked of these. It is called once.
func (t *Telemetry) Ask(asked Asked) error {
	meter := t.meters.Meter(scope)
	made := instruments{meter: meter}
	s := &scraper{
		Asked:           asked,
		logUp:           made.gauge(logUp, "Whether the log answers this process: 1 or 0."),
		logFull:         made.gauge(logFull, "Whether the disk of the embedded log is full: 1 or 0."),
		logReconnects:   made.observedCounter(logReconnects, "How often the connection to NATS was made anew."),
		viewsUp:         made.gauge(viewsUp, "Whether the database of the views answers this process: 1 or 0."),
		viewsGeneration: made.gauge(viewsGeneration, "Which generation of the views is live."),
		queueRequests:   made.gauge(queueRequests, "Requests for lists that wait or are worked on."),
		lag:             made.gauge(projectionLag, "Messages of the log that the views do not hold, by stream."),
		lagSeconds: made.secondsGauge(projectionLagSeconds,
			"For how long the log has held something that the views do not, by stream."),
		late:   made.gauge(projectionLate, "Prices that came too late to count, since the views began, by stream."),
		parked: made.gauge(parkedMessages, "Messages of the log that could not be read and were set aside, by stream."),
	}
	all := []metric.Observable{
		s.logUp, s.logFull, s.logReconnects, s.viewsUp, s.viewsGeneration, s.queueRequests, s.lag, s.lagSeconds, s.late, s.parked,
	}
	if asked.Fetcher != nil {
		s.running = made.gauge(fetchesRunning, "Lists that this process works on.")
		s.hostsLeftAlone = made.gauge(fetchHostsLeftAlone,
			"Hosts of lists that have failed several times in a row, by the state of their breaker.")
		all = append(all, s.running, s.hostsLeftAlone)
	}
	if len(asked.Projectors) > 0 {
		s.standsStill = made.gauge(projectionStandsStill, "Whether a projector of this process cannot go on: 1 or 0, by stream.")
		all = append(all, s.standsStill)
	}
	if asked.Watchers != nil {
		s.watchStreams = made.gauge(watchStreams, "Streams of price changes that clients of this process watch.")
		all = append(all, s.watchStreams)
	}
	_, err := meter.RegisterCallback(s.scrape, all...)
	return errors.Join(append(made.failed, err)...)
}

// scrape tells what there is to tell. What cannot be asked now is left out; that it cannot is a metric itself.
func (s *scraper) scrape(ctx context.Context, to metric.Observer) error {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	s.scrapeProcess(to)
	to.ObserveInt64(s.logUp, asInt(s.scrapeLog(ctx, to) == nil))
	to.ObserveInt64(s.viewsUp, asInt(s.scrapeViews(ctx, to) == nil))
	return nil
}

// scrapeLog tells what the log knows, or why it does not answer.
func (s *scraper) scrapeLog(ctx context.Context, to metric.Observer) error {
	queued, err := s.Log.Queued(ctx)
	if err != nil {
		return err
	}
	to.ObserveInt64(s.queueRequests, queued)
	for _, stream := range projections.Streams(s.Log.Shards()) {
		parked, err := s.Log.Parked(ctx, stream)
		if err != nil {
			return err
		}
		to.ObserveInt64(s.parked, parked, label(labelStream, string(stream)))
	}
	return nil
}

// scrapeViews tells what the views know, or why they do not answer.
func (s *scraper) scrapeViews(ctx context.Context, to metric.Observer) error {
	views, err := s.Views.Live(ctx)
	if err != nil {
		return err
	}
	checkpoints, err := views.Checkpoints(ctx)
	if err != nil {
		return err
	}
	to.ObserveInt64(s.viewsGeneration, views.Generation())
	lags, err := projections.Lags(ctx, s.Log, s.Log.Shards(), checkpoints)
	if err != nil {
		return nil //nolint:nilerr // the views have answered; of the log that is said elsewhere
	}
	now := time.Now()
	for _, lag := range lags {
		of := label(labelStream, string(lag.Stream))
		to.ObserveInt64(s.lag, lag.Messages, of)
		to.ObserveFloat64(s.lagSeconds, lag.Behind(now).Seconds(), of)
		to.ObserveInt64(s.late, lag.Late, of)
	}
	return nil
}

// scrapeProcess tells what this process knows by itself.
func (s *scraper) scrapeProcess(to metric.Observer) {
	to.ObserveInt64(s.logFull, asInt(s.Log.Writable() != nil))
	to.ObserveInt64(s.logReconnects, int64(s.Log.Reconnects()))
	if s.Fetcher != nil {
		open, halfOpen := s.Fetcher.HostsLeftAlone()
		to.ObserveInt64(s.running, int64(s.Fetcher.Running()))
		to.ObserveInt64(s.hostsLeftAlone, int64(open), label(labelBreaker, "open"))
		to.ObserveInt64(s.hostsLeftAlone, int64(halfOpen), label(labelBreaker, "half_open"))
	}
	for stream, p := range s.Projectors {
		to.ObserveInt64(s.standsStill, asInt(p.Failure() != nil), label(labelStream, stream))
	}
	if s.Watchers != nil {
		to.ObserveInt64(s.watchStreams, int64(s.Watchers()))
	}
}

func asInt(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
