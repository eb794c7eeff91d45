package jetstream

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

const (
	// touch is how long ago the leader of a stream may have heard of half of the others. It is less than what replicas wait
	// until they elect another leader, 4 s at least: within it nobody else can have led and written.
	touch = 3 * time.Second
	// readPatience is how long a read is tried that nobody answers, and answerTimeout how long one answer may take: while
	// a stream has no leader, all keep silent.
	readPatience  = 10 * time.Second
	answerTimeout = 2 * time.Second
	// spreadTime is how long it may take until all servers know of a stream that was created.
	spreadTime = 2 * time.Second
)

// errOutOfTouch: the stream's leader may have been cut off from the others, who may know better than it.
var errOutOfTouch = errors.New("the leader of the stream is out of touch with its replicas")

// stream returns the way to a stream. Messages are read through its leader, because Atlant's streams do not allow direct
// reads unless they have one replica: another one may be behind.
func (l *Log) stream(ctx context.Context, name events.Stream) (jetstream.Stream, error) {
	if known, ok := l.streams.Load(name); ok {
		if stream, ok := known.(jetstream.Stream); ok {
			return stream, nil
		}
	}
	stream, err := l.look(ctx, name)
	if err == nil {
		l.streams.Store(name, stream)
	}
	return stream, err
}

// look returns a stream with what is known of it now.
func (l *Log) look(ctx context.Context, name events.Stream) (stream jetstream.Stream, err error) {
	err = untilAnswered(ctx, readPatience, func(ctx context.Context) error {
		stream, err = l.js.Stream(ctx, string(name))
		return err
	})
	return stream, err
}

// get reads a message with one of a stream's methods. It returns jetstream.ErrMsgNotFound if there is none.
func (l *Log) get(
	ctx context.Context, name events.Stream, read func(context.Context, jetstream.Stream) (*jetstream.RawStreamMsg, error),
) (msg *jetstream.RawStreamMsg, err error) {
	stream, err := l.stream(ctx, name)
	if err != nil {
		return nil, err
	}
	err = untilAnswered(ctx, readPatience, func(ctx context.Context) error {
		msg, err = read(ctx, stream)
		return err
	})
	return msg, err
}

// at reads the message at a sequence.
func (l *Log) at(ctx context.Context, name events.Stream, sequence uint64) (*jetstream.RawStreamMsg, error) {
	return l.get(ctx, name, func(ctx context.Context, s jetstream.Stream) (*jetstream.RawStreamMsg, error) {
		return s.GetMsg(ctx, sequence)
	})
}

// from reads the first message of a subject at a sequence or after it.
func (l *Log) from(ctx context.Context, name events.Stream, subject string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	return l.get(ctx, name, func(ctx context.Context, s jetstream.Stream) (*jetstream.RawStreamMsg, error) {
		return s.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(subject))
	})
}

// last reads the last message of a subject.
func (l *Log) last(ctx context.Context, name events.Stream, subject string) (*jetstream.RawStreamMsg, error) {
	return l.get(ctx, name, func(ctx context.Context, s jetstream.Stream) (*jetstream.RawStreamMsg, error) {
		return s.GetLastMsgForSubject(ctx, subject)
	})
}

// lastIfAny reads the last message of a subject; nil if there is none, which is for the leader alone to say.
func (l *Log) lastIfAny(ctx context.Context, name events.Stream, subject string) (*jetstream.RawStreamMsg, error) {
	msg, err := l.last(ctx, name, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		_, err = l.info(ctx, name)
		return nil, err
	}
	return msg, err
}

// subjectsOf returns the subjects of a stream's messages that pass a filter, in no order, as its leader has them.
func subjectsOf(ctx context.Context, stream jetstream.Stream, filter string) ([]string, error) {
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, err
	}
	if !inTouch(info.Config.Replicas, info.Cluster) {
		return nil, errOutOfTouch
	}
	return slices.Collect(maps.Keys(info.State.Subjects)), nil
}

// info returns what the stream's leader says of the stream, or an error if the leader may be one no longer. To see that
// something is not there, look first and ask then.
func (l *Log) info(ctx context.Context, name events.Stream) (*jetstream.StreamInfo, error) {
	stream, err := l.look(ctx, name)
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	if !inTouch(info.Config.Replicas, info.Cluster) {
		return nil, errOutOfTouch
	}
	return info, nil
}

// inTouch tells whether the leader has heard of enough replicas, with itself a majority, to know that it is the leader.
// Without one any replica answers.
func inTouch(replicas int, cluster *jetstream.ClusterInfo) bool {
	if replicas <= 1 || cluster == nil {
		return true
	}
	heard := 1
	for _, peer := range cluster.Replicas {
		if peer.Active > 0 && peer.Active < touch {
			heard++
		}
	}
	return cluster.Leader != "" && heard > replicas/2
}

// untilAnswered calls the server again, for a while, as long as JetStream is not ready to answer: a cluster may be electing
// a leader, or a stream was created a moment ago.
func untilAnswered(ctx context.Context, patience time.Duration, call func(context.Context) error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		err := call(asking)
		cancel()
		spent := time.Since(began)
		if missing := codeOf(err) == codeStreamNotFound && spent < spreadTime; !missing && (!isSilence(err) || spent > patience) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
