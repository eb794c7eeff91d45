package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

const (
	// movedFromKey is where the streams of a log that was moved keep the id of the move, from the first on.
	movedFromKey = "atlant.moved-from"
	// copyPatience is how long a copy may stand still. A mirror that found the old log away, because the move was
	// interrupted, asks for it again within two minutes and a half.
	copyPatience = 4 * time.Minute
	// copyInterval is how often mirrors are asked how far they have come.
	copyInterval = 250 * time.Millisecond
)

// mirrorOf returns the configuration of the mirror that becomes a stream. It cannot have subjects of its own.
func (m *move) mirrorOf(wanted jetstream.StreamConfig) jetstream.StreamConfig {
	wanted.Subjects, wanted.AllowAtomicPublish = nil, false
	wanted.Mirror = &jetstream.StreamSource{
		Name: wanted.Name, External: &jetstream.ExternalStream{APIPrefix: "$JS." + m.mark.domain() + ".API"},
	}
	return wanted
}

// createMirrors creates what is missing, and with it what is filled otherwise: nobody else can create that then.
func (m *move) createMirrors(ctx context.Context, streams []jetstream.StreamConfig, found *findings) error {
	m.report(MoveCreating)
	for _, wanted := range streams {
		if found.there[wanted.Name] {
			continue
		}
		if isMirrored(wanted.Name) {
			wanted = m.mirrorOf(wanted)
		}
		_, err := ensureStream(ctx, m.there.js, wanted)
		if _, ok := errors.AsType[FaultsError](err); ok {
			return err
		}
		if err != nil {
			return unavailable("create stream "+wanted.Name, err)
		}
		m.report(MoveCreating)
	}
	return nil
}

// awaitMirrors waits until the mirrors are as long as what they mirror, which nobody adds to.
func (m *move) awaitMirrors(ctx context.Context, streams []jetstream.StreamConfig) error {
	last, progress := map[string]uint64{}, MoveProgress{Stage: MoveCopying}
	for _, wanted := range logStreams(streams) {
		info, err := m.settled(ctx, m.here, wanted.Name)
		if err != nil {
			return err
		}
		last[wanted.Name] = info.State.LastSeq
		progress.Total += int64(info.State.Msgs)
	}
	deadline, why := time.Now().Add(copyPatience), error(nil)
	for {
		done, behind := int64(0), ""
		for _, wanted := range logStreams(streams) {
			stream, err := m.there.look(ctx, events.Stream(wanted.Name))
			if err != nil {
				behind, why = wanted.Name, err
				continue
			}
			info := stream.CachedInfo()
			done += int64(info.State.Msgs)
			if info.State.LastSeq < last[wanted.Name] {
				behind = wanted.Name
				why = mirrorError(info)
			}
		}
		if done > progress.Done {
			deadline = time.Now().Add(copyPatience)
		}
		progress.Done = done
		m.tell(progress)
		switch {
		case behind == "":
			return nil
		case time.Now().After(deadline):
			return unavailable(fmt.Sprintf("copy stream %s, which stands still", behind), why)
		}
		if err := sleep(ctx, copyInterval); err != nil {
			return err
		}
	}
}

func mirrorError(info *jetstream.StreamInfo) error {
	if info.Mirror != nil && info.Mirror.Error != nil {
		return info.Mirror.Error
	}
	return errors.New("the servers say no reason")
}

// compare says what differs between the two logs.
func (m *move) compare(ctx context.Context, streams []jetstream.StreamConfig) error {
	var faults FaultsError
	for _, wanted := range logStreams(streams) {
		old, err := m.settled(ctx, m.here, wanted.Name)
		if err != nil {
			return err
		}
		copied, err := m.settled(ctx, m.there, wanted.Name)
		if err != nil {
			return err
		}
		if is, must := contents(copied.State), contents(old.State); is != must {
			faults = append(faults, Fault{
				Where: "stream " + wanted.Name, What: "its copy", Is: is, Must: must,
				Todo: "delete the copies, if nothing else was written there, and move the log again",
			})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// contents describes what a stream holds. It says nothing of bytes: a mirror drops headers that it has no use for.
func contents(state jetstream.StreamState) string {
	if state.Msgs == 0 {
		return fmt.Sprintf("empty up to %d", state.LastSeq)
	}
	return fmt.Sprintf("%d messages of %d subjects, %d of %s to %d of %s", state.Msgs, state.NumSubjects,
		state.FirstSeq, state.FirstTime.UTC().Format(time.RFC3339Nano), state.LastSeq, state.LastTime.UTC().Format(time.RFC3339Nano))
}

// promote makes streams of the mirrors. The one that tells of the log is the last: when it is one, all are.
func (m *move) promote(ctx context.Context, streams []jetstream.StreamConfig) error {
	all := logStreams(streams)
	for _, wanted := range append(all[1:], all[0]) {
		m.report(MovePromoting)
		info, err := m.settled(ctx, m.there, wanted.Name)
		if err != nil {
			return err
		}
		if info.Config.Mirror == nil {
			continue
		}
		wanted.Replicas = info.Config.Replicas
		err = untilAnswered(ctx, openPatience, func(ctx context.Context) error {
			_, err := m.there.js.UpdateStream(ctx, wanted)
			return err
		})
		if err != nil {
			return unavailable("open stream "+wanted.Name+" for writing", err)
		}
	}
	return nil
}

// logStreams are those that are mirrored.
func logStreams(streams []jetstream.StreamConfig) []jetstream.StreamConfig {
	var all []jetstream.StreamConfig
	for _, s := range streams {
		if isMirrored(s.Name) {
			all = append(all, s)
		}
	}
	return all
}

// isMirrored tells whether a stream is moved as a mirror. A mirror has no place for what is taken out of a stream at its end,
// as requests, lists and notifications are, and old deliveries; and alarms of sources go off while it is made.
func isMirrored(stream string) bool {
	isBucket := slices.ContainsFunc(buckets, func(bucket string) bool { return bucketStreamName(bucket) == stream })
	return stream != queueStream && stream != sourcesStream && !slices.Contains(alertStreams, stream) && !isBucket
}

// settled returns what a stream's leader says of it. It waits a while for one that is in touch with its replicas: a stream
// that was just created has none yet.
func (m *move) settled(ctx context.Context, log *Log, name string) (*jetstream.StreamInfo, error) {
	for deadline := time.Now().Add(openPatience); ; {
		info, err := log.info(ctx, events.Stream(name))
		if err == nil {
			return info, nil
		}
		if !errors.Is(err, errOutOfTouch) || time.Now().After(deadline) {
			return nil, unavailable("read stream "+name, err)
		}
		if err := sleep(ctx, firstPause); err != nil {
			return nil, err
		}
	}
}
