package telemetry

import (
	"context"
	"strings"
	"time"
)

// Log observes a log.
type Log struct{ *Telemetry }

// Log returns what a log reports to.
func (t *Telemetry) Log() Log { return Log{t} }

// BatchPublished measures a batch.
func (l Log) BatchPublished(observations int64, bytes int, took time.Duration) {
	ctx := context.Background()
	l.metrics.publishBatchRows.Record(ctx, observations)
	l.metrics.publishBatchBytes.Record(ctx, int64(bytes))
	l.metrics.publishBatchDuration.Record(ctx, took.Seconds())
}

// The kinds of work that there are leases for.
const (
	kindAlerts = "alerts"
	kindQueue  = "queue"
	kindStream = "stream"
)

// LeaseChanged counts what becomes of the leases of units of work: streams, partitions of the queue, which begin with queue/, and
// shards that alerts are asked about, which begin with alerts/.
func (t *Telemetry) LeaseChanged(unit, change string) {
	t.metrics.leaseChanges.Add(context.Background(), 1, labels(labelKind, kindOf(unit), labelChange, change))
}

func kindOf(unit string) string {
	if kind, _, ok := strings.Cut(unit, "/"); ok && (kind == kindQueue || kind == kindAlerts) {
		return kind
	}
	return kindStream
}
