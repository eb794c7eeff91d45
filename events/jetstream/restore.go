package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Where the streams of a log that was restored keep the id of the back-up: all of them for good, and the fetch stream, which is
// the first that is restored, under another key until everything is.
const (
	restoredFromKey = "atlant.restored-from"
	restoringKey    = "atlant.restoring"
)

// RestoreConfig says what to restore, and how.
type RestoreConfig struct {
	ID       string   // of the back-up
	Files    fs.FS    // of the back-up
	Contents BackedUp // of the back-up
	Replicas int      // of each stream, 0 for 1
	// Recover puts right what was under way while the back-up was made. Until it returns nobody else can open the log.
	Recover func(ctx context.Context, log *Log) error
	// Report is told before each stream, and now and then, how many bytes of it have gone. A stream of no name is Recover.
	Report func(stream string, bytes int64)
}

// Restore makes a log of a back-up, on servers that hold none: messages keep their sequences and times. It blocks until that is
// done. Where a restore of the same back-up was interrupted it begins anew; until it ends nobody can open the log. It returns a
// FaultsError where there is another log, and an ErrUnavailable where NATS does not answer.
func Restore(ctx context.Context, nc *Conn, config RestoreConfig) error {
	log, err := logAt(nc)
	if err != nil {
		return err
	}
	log.shards = config.Contents.Shards
	if err := checkContents(&config.Contents); err != nil {
		return err
	}
	if err := checkServer(ctx, nc, log.js); err != nil {
		return err
	}
	if err := log.makeRoom(ctx, config.ID); err != nil {
		return err
	}
	isFirst := func(s BackedUpStream) bool { return s.Name == string(events.FetchStream) }
	streams := slices.Clone(config.Contents.Streams)
	first := slices.IndexFunc(streams, isFirst)
	streams = slices.Insert(slices.Delete(streams, first, first+1), 0, config.Contents.Streams[first])
	for _, stream := range streams {
		if err := log.restoreStream(ctx, stream, &config); err != nil {
			return err
		}
	}
	config.Report("", 0)
	if err := config.Recover(ctx, log); err != nil {
		return err
	}
	return log.endRestore(ctx)
}

// checkContents returns an error unless the streams of a back-up are those of a log.
func checkContents(contents *BackedUp) error {
	if contents.Shards < 1 || contents.Shards > events.MaxShards {
		return fmt.Errorf("the back-up says that its log has %d shards, which none has", contents.Shards)
	}
	known := map[string]bool{}
	for _, stream := range backupOrder(contents.Shards) {
		known[stream] = true
	}
	for _, stream := range contents.Streams {
		if !known[stream.Name] {
			return fmt.Errorf("the back-up holds stream %s, which this version does not know: restore it with a newer one", stream.Name)
		}
		delete(known, stream.Name)
	}
	for stream := range known {
		if isEssential(stream) {
			return fmt.Errorf("the back-up does not hold stream %s, without which it is no log", stream)
		}
	}
	return nil
}

// makeRoom returns a FaultsError unless there is no log, and removes what an interrupted restore of the same back-up has left.
func (l *Log) makeRoom(ctx context.Context, id string) error {
	there, err := streamsOfLog(ctx, l.nc)
	if err != nil {
		return err
	}
	there = slices.DeleteFunc(there, func(name string) bool { return !isBackedUp(name) }) // those others are no part of a log
	if len(there) == 0 {
		return nil
	}
	stream, err := l.look(ctx, events.FetchStream)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return unavailable("look for a log", err)
	}
	if err != nil || stream.CachedInfo().Config.Metadata[restoringKey] != id {
		return FaultsError{{
			Where: "the place to restore to", What: "what is there", Is: "a log: " + strings.Join(there, ", "), Must: "nothing of a log",
			Todo: "restore to another folder, or to servers or an account with no log; if nobody needs this one, delete its streams first",
		}}
	}
	// The one that tells what the others are goes last: this, too, may be interrupted.
	last := string(events.FetchStream)
	there = append(slices.DeleteFunc(there, func(name string) bool { return name == last }), last)
	for _, name := range there {
		if err := l.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return unavailable("delete stream "+name+" of a restore that was interrupted", err)
		}
	}
	return nil
}

// restoreStream restores one stream and looks whether it holds what it should.
func (l *Log) restoreStream(ctx context.Context, stream BackedUpStream, config *RestoreConfig) error {
	config.Report(stream.Name, 0)
	head, err := headOf(config.Files, stream.Name)
	if err != nil {
		return err
	}
	if err := head.configure(stream.Name, config); err != nil {
		return err
	}
	file, err := openSnapshot(config.Files, stream.Name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	err = putSnapshot(ctx, l.nc, stream.Name, head, file, func(bytes int64) { config.Report(stream.Name, bytes) })
	if err != nil {
		return err
	}
	doing := "restore stream " + stream.Name
	var state jetstream.StreamState
	err = untilAnswered(ctx, restorePatience, func(ctx context.Context) error { // a cluster elects its leader first
		restored, err := l.js.Stream(ctx, stream.Name)
		if err == nil {
			state = restored.CachedInfo().State
		}
		return err
	})
	if err != nil {
		return unavailable(doing, err)
	}
	// From the others something may have been taken while they were copied, or may be by now: they keep things for a while.
	isShort := isMirrored(stream.Name) && state.Msgs != stream.Messages
	if state.LastSeq < stream.Last || isShort {
		return fmt.Errorf("%s: it holds %d messages up to %d, the back-up %d up to %d",
			doing, state.Msgs, state.LastSeq, stream.Messages, stream.Last)
	}
	return nil
}

// headOf reads what is said of a stream.
func headOf(files fs.FS, stream string) (*snapshotHead, error) {
	data, err := fs.ReadFile(files, path.Join(stream, headFile))
	if err != nil {
		return nil, fmt.Errorf("read the back-up: %w", err)
	}
	head := &snapshotHead{}
	if err := json.Unmarshal(data, head); err != nil {
		return nil, fmt.Errorf("read the back-up: %s of stream %s: %w", headFile, stream, err)
	}
	return head, nil
}

// configure sets what depends on where a stream is restored: how often it is kept, and of what.
func (h *snapshotHead) configure(stream string, to *RestoreConfig) error {
	config, err := h.config()
	if err != nil {
		return fmt.Errorf("read the configuration of stream %s: %w", stream, err)
	}
	config.Name, config.Replicas, config.Placement, config.Mirror, config.Sources = stream, max(to.Replicas, 1), nil, nil, nil
	config.Metadata = maps.Clone(config.Metadata)
	if config.Metadata == nil {
		config.Metadata = map[string]string{}
	}
	delete(config.Metadata, movedFromKey)
	config.Metadata[restoredFromKey] = to.ID
	if stream == string(events.FetchStream) {
		config.Metadata[restoringKey] = to.ID
	}
	h.Config, err = json.Marshal(config)
	return err
}

func openSnapshot(files fs.FS, stream string) (fs.File, error) {
	file, err := files.Open(path.Join(stream, snapshotFile))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = files.Open(path.Join(stream, oldSnapshotFile))
	}
	if err != nil {
		return nil, fmt.Errorf("read the back-up: %w", err)
	}
	return file, nil
}

// endRestore opens the log to everybody.
func (l *Log) endRestore(ctx context.Context) error {
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) error {
		stream, err := l.js.Stream(ctx, string(events.FetchStream))
		if err != nil {
			return err
		}
		config := stream.CachedInfo().Config
		config.Metadata = maps.Clone(config.Metadata)
		delete(config.Metadata, restoringKey)
		_, err = l.js.UpdateStream(ctx, config)
		return err
	})
	if err != nil {
		return unavailable("open the log that was restored", err)
	}
	return nil
}

// unfinished returns a FaultsError if a stream is one of a log that is not whole yet.
func unfinished(config jetstream.StreamConfig) error {
	if _, ok := config.Metadata[restoringKey]; ok {
		return FaultsError{{
			Where: "stream " + config.Name, What: "the log", Is: "only a part of a back-up", Must: "all of it",
			Todo: "end the restore: call `atlant restore` again",
		}}
	}
	return unfinishedMove(config)
}
