package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// CompactConfig says what to compact, and how.
type CompactConfig struct {
	Files    fs.FS     // of the back-up, which were found to be whole
	Contents BackedUp  // of the back-up
	Before   time.Time // what the log stored from then on stays as it is
	// Retention returns what decides for one more shard.
	Retention func() events.Retention
	// Report is told before each stream, and now and then, how many bytes of its copy were read, or written.
	Report func(stream string, bytes int64)
}

// Compaction is what can be left out of a back-up. Its methods block while they read it, and are for one goroutine.
type Compaction struct {
	config CompactConfig
	shards map[string]*shardCompaction
}

// CompactedStream says what is left out of a stream, or would be.
type CompactedStream struct {
	events.Retained
	Name string
	Gone uint64 // messages of which nothing stays
	// Unread is the first message that this version cannot read wholly, 0 if there is none. From there on everything stays: what
	// may be left out behind it hangs on what it says.
	Unread uint64
}

// SurveyCompaction reads the prices of a back-up, and finds what can be left out. It blocks until that is done, and keeps in memory
// what its Retention keeps of one shard at a time. Its errors say what in the back-up cannot be read.
func SurveyCompaction(ctx context.Context, config CompactConfig) (*Compaction, error) {
	if err := checkContents(&config.Contents); err != nil {
		return nil, err
	}
	c := &Compaction{config: config, shards: map[string]*shardCompaction{}}
	for _, stream := range config.Contents.Streams {
		if !isShard(stream.Name) {
			continue
		}
		shard := &shardCompaction{name: stream.Name, before: config.Before.UnixNano(), retention: config.Retention()}
		if err := c.read(ctx, stream, shard.survey); err != nil {
			return nil, err
		}
		shard.outcome = shard.retention.End()
		shard.countGone()
		c.shards[stream.Name] = shard
	}
	return c, nil
}

// Streams says what is left out of each stream of prices.
func (c *Compaction) Streams() []CompactedStream {
	var all []CompactedStream
	for _, stream := range c.config.Contents.Streams {
		if shard, ok := c.shards[stream.Name]; ok {
			all = append(all, CompactedStream{
				Name: stream.Name, Retained: shard.retention.Retained(), Gone: shard.gone, Unread: shard.unread,
			})
		}
	}
	return all
}

// Write writes the back-up into an archive without what is left out, all else as it is. What it wrote of the prices it takes in once
// more: it returns an error if views would not be told the same. With an error what the archive got is of no use.
func (c *Compaction) Write(ctx context.Context, to Archive) (*BackedUp, error) {
	contents := c.config.Contents
	contents.Streams = nil
	for _, stream := range c.config.Contents.Streams {
		var err error
		if shard, ok := c.shards[stream.Name]; ok && shard.leavesOut() {
			stream, err = c.writeShard(ctx, stream, shard, to)
		} else {
			err = c.copyStream(ctx, stream, to)
		}
		if err != nil {
			return nil, err
		}
		contents.Streams = append(contents.Streams, stream)
	}
	return &contents, nil
}

// read calls visit with all of the snapshot of a stream.
func (c *Compaction) read(ctx context.Context, stream BackedUpStream, visit func(*snapshotReader) error) error {
	c.config.Report(stream.Name, 0)
	doing := "read " + stream.Name + " of the back-up"
	file, err := c.config.Files.Open(path.Join(stream.Name, snapshotFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: it has the form of NATS servers before 2.15: restore it, and back up what that makes", doing)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	counted := &countingReader{ctx: ctx, from: file, report: func(bytes int64) { c.config.Report(stream.Name, bytes) }}
	r, err := openSnapshotFile(counted)
	if err == nil && (r.state.Msgs != stream.Messages || r.state.LastSeq != stream.Last) {
		err = fmt.Errorf("its state says %d messages up to %d, the manifest %d up to %d",
			r.state.Msgs, r.state.LastSeq, stream.Messages, stream.Last)
	}
	if err == nil {
		err = visit(r)
	}
	if counted.err != nil { // of which the format's reader makes another one
		err = counted.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// writeShard writes a stream of prices without what is left out.
func (c *Compaction) writeShard(
	ctx context.Context, stream BackedUpStream, shard *shardCompaction, to Archive,
) (BackedUpStream, error) {
	file, err := to.Create(path.Join(stream.Name, snapshotFile))
	if err != nil {
		return stream, err
	}
	counted := &countingWriter{to: file, report: func(int64) {}}
	again := c.config.Retention()
	var state jetstream.StreamState
	err = c.read(ctx, stream, func(r *snapshotReader) error {
		state = r.state
		state.Msgs, state.NumDeleted = state.Msgs-shard.gone, state.NumDeleted+int(shard.gone)
		// Its bytes are what a restore makes room for: it may be less.
		return shard.write(r, &state, counted, again)
	})
	if counted.err != nil {
		return stream, counted.err
	}
	if err != nil {
		return stream, err
	}
	if err := shard.checkWritten(again); err != nil {
		return stream, err
	}
	stream.Messages, stream.Bytes = state.Msgs, counted.bytes
	head, err := headOf(c.config.Files, stream.Name)
	if err != nil {
		return stream, err
	}
	if head.State, err = json.Marshal(state); err != nil {
		return stream, err
	}
	return stream, writeHead(to, stream.Name, head)
}

// copyStream copies a stream as it is.
func (c *Compaction) copyStream(ctx context.Context, stream BackedUpStream, to Archive) error {
	c.config.Report(stream.Name, 0)
	from, err := openSnapshot(c.config.Files, stream.Name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	info, err := from.Stat()
	if err != nil {
		return err
	}
	file, err := to.Create(path.Join(stream.Name, info.Name()))
	if err != nil {
		return err
	}
	report := func(bytes int64) { c.config.Report(stream.Name, bytes) }
	if _, err := io.Copy(file, &countingReader{ctx: ctx, from: from, report: report}); err != nil {
		return fmt.Errorf("copy %s: %w", stream.Name, err)
	}
	head, err := fs.ReadFile(c.config.Files, path.Join(stream.Name, headFile))
	if err != nil {
		return fmt.Errorf("read the back-up: %w", err)
	}
	if file, err = to.Create(path.Join(stream.Name, headFile)); err != nil {
		return err
	}
	_, err = file.Write(head)
	return err
}

// countingReader reports how much was read, until its context ends, and remembers whether it failed.
type countingReader struct {
	ctx    context.Context //nolint:containedctx // a reader is not given any
	from   io.Reader
	bytes  int64
	err    error
	report func(int64)
}

// Read implements io.Reader.
func (r *countingReader) Read(p []byte) (n int, err error) {
	if err = r.ctx.Err(); err == nil {
		n, err = r.from.Read(p)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	r.bytes += int64(n)
	r.report(r.bytes)
	return n, err
}
