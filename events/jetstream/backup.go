package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Names of the files of a stream in a back-up: those that the tools of NATS give them, each stream in a folder of its own.
const (
	headFile        = "backup.json"
	snapshotFile    = "stream.arc.s2"
	oldSnapshotFile = "stream.tar.s2" // of servers before 2.15
)

// Archive takes the files of a back-up.
type Archive interface {
	// Create begins a file. What is written goes there until the next one begins.
	Create(name string) (io.Writer, error)
}

// BackedUp says what a back-up holds.
type BackedUp struct {
	Server  string           `json:"server"` // version of NATS
	Shards  int              `json:"shards"`
	Streams []BackedUpStream `json:"streams"`
}

// BackedUpStream is a stream as it was when its copy began.
type BackedUpStream struct {
	Name     string `json:"name"`
	Messages uint64 `json:"messages"`
	Last     uint64 `json:"last"`  // sequence
	Bytes    int64  `json:"bytes"` // of the copy
}

// Backup copies a log, which may be written meanwhile, into an archive. It blocks until that is done, and reports how many bytes
// there are of which stream. It returns ErrNoLog where NATS holds none, a FaultsError where the log is one that is being moved or
// restored, and an ErrUnavailable where NATS does not answer. With an error what the archive got is of no use.
//
// Each stream is copied as it is at a moment, one after the other: see backupOrder. What does not outlive its processes, as who
// works on what, is left out.
func Backup(ctx context.Context, nc *Conn, to Archive, report func(stream string, bytes int64)) (*BackedUp, error) {
	log, err := logAt(nc)
	if err != nil {
		return nil, err
	}
	if err := checkServer(ctx, nc, log.js); err != nil {
		return nil, err
	}
	if log.shards, err = log.shardsToBackUp(ctx); err != nil {
		return nil, err
	}
	there, err := streamsOfLog(ctx, nc)
	if err != nil {
		return nil, err
	}
	found := &BackedUp{Server: nc.ConnectedServerVersion(), Shards: log.shards}
	for _, stream := range backupOrder(log.shards) {
		if !slices.Contains(there, stream) && !isEssential(stream) {
			continue // an older version has not made it yet
		}
		copied, err := backUpStream(ctx, nc, to, stream, func(bytes int64) { report(stream, bytes) })
		if err != nil {
			return nil, err
		}
		found.Streams = append(found.Streams, *copied)
	}
	return found, nil
}

// shardsToBackUp returns how many shards the log has, if it is one that is whole.
func (l *Log) shardsToBackUp(ctx context.Context) (int, error) {
	stream, err := l.look(ctx, events.FetchStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, ErrNoLog
	}
	if err != nil {
		return 0, unavailable("look for a log", err)
	}
	config := stream.CachedInfo().Config
	if err := unfinished(config); err != nil {
		return 0, err
	}
	return shardsOf(config)
}

// isEssential tells whether every log has the stream.
func isEssential(stream string) bool { return stream == string(events.FetchStream) || isShard(stream) }

// isBackedUp tells whether the stream is a part of the log: leases are not, they end with their processes.
func isBackedUp(stream string) bool { return slices.Contains(backupOrder(events.MaxShards), stream) }

func isShard(stream string) bool {
	s := events.Stream(stream)
	return s == events.PriceStream(int(s.Shard()))
}

// backupOrder returns the streams of a log in the order in which they are copied: what refers to something comes before what it
// refers to, so that nothing in a back-up refers to what is not in it.
//
//   - PARKED before what is parked.
//   - SOURCES and FETCHES before FETCH_EVENTS: an alarm that rings again, and a request that is on the queue again, find there
//     that they are done. What was asked for in between is in FETCH_EVENTS alone, and is put on the queue after a restore.
//   - FETCH_EVENTS before the lists that wait, and before the shards: all that a receipt says is published is there.
func backupOrder(shards int) []string {
	last := []string{string(events.FetchStream), bucketStreamName(uploadBucket), bucketStreamName(heldBucket)}
	rank := func(stream string) int {
		if isShard(stream) {
			return len(last)
		}
		return slices.Index(last, stream) // -1 for those that come first
	}
	var all []string
	for _, wanted := range wantedStreams(shards, 1) {
		all = append(all, wanted.Name)
	}
	slices.SortStableFunc(all, func(a, b string) int { return rank(a) - rank(b) })
	return all
}

func backUpStream(ctx context.Context, nc *nats.Conn, to Archive, stream string, report func(int64)) (*BackedUpStream, error) {
	report(0)
	file, err := to.Create(path.Join(stream, snapshotFileOf(nc.ConnectedServerVersion())))
	if err != nil {
		return nil, err
	}
	counted := &countingWriter{to: file, report: report}
	head, err := takeSnapshot(ctx, nc, stream, counted)
	switch {
	case counted.err != nil:
		return nil, counted.err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, unavailable("copy stream "+stream, err)
	}
	state, err := head.state()
	if err != nil {
		return nil, fmt.Errorf("read the state of stream %s: %w", stream, err)
	}
	if err := writeHead(to, stream, head); err != nil {
		return nil, err
	}
	return &BackedUpStream{Name: stream, Messages: state.Msgs, Last: state.LastSeq, Bytes: counted.bytes}, nil
}

// writeHead writes what is said of a stream.
func writeHead(to Archive, stream string, head *snapshotHead) error {
	file, err := to.Create(path.Join(stream, headFile))
	if err != nil {
		return err
	}
	return json.NewEncoder(file).Encode(head)
}

// snapshotFileOf returns the name of the form that servers of a version write.
func snapshotFileOf(version string) string {
	var major, minor int
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor)
	if major == 2 && minor < 15 {
		return oldSnapshotFile
	}
	return snapshotFile
}

// countingWriter reports how much was written, and remembers whether it failed.
type countingWriter struct {
	to     io.Writer
	bytes  int64
	err    error
	report func(int64)
}

// Write implements io.Writer.
func (w *countingWriter) Write(p []byte) (n int, err error) {
	n, err = w.to.Write(p)
	w.bytes, w.err = w.bytes+int64(n), err
	w.report(w.bytes)
	return n, err
}
