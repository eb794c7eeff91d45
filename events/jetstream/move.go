package jetstream

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// MoveConfig says which log to move, and where.
type MoveConfig struct {
	Dir      string        // the folder of the embedded log, on which no other process works
	To       ConnectConfig // a server or cluster that holds no log yet, and a user who may create and update streams there
	LeafURLs string        // where those servers take leaf nodes, separated by commas; empty for the hosts of To at port 7422
	Replicas int           // of each stream, 0 for 1
	Patience time.Duration // how long the leaf connection may take, 0 for a good while
	Logger   *slog.Logger
	// Report, if there is one, is told before each step, and now and then how far the copy is. What it is told of is not
	// done yet.
	Report func(MoveProgress)
}

// MoveStage is a part of a move.
type MoveStage string

// The stages of a move, in their order. Until MoveSealing the old folder can be used as before.
const (
	MoveConnecting MoveStage = "connecting"
	MoveCreating   MoveStage = "creating mirrors"
	MoveCopying    MoveStage = "copying the log"
	MoveSealing    MoveStage = "sealing the old log"
	MoveQueue      MoveStage = "moving requests that wait, sources and alerts"
	MoveLists      MoveStage = "moving lists that wait"
	MovePromoting  MoveStage = "opening the new log"
)

// MoveProgress is how far a move has come.
type MoveProgress struct {
	Stage       MoveStage
	Done, Total int64 // messages, while the log is copied
}

// Moved says what a log that was moved consists of.
type Moved struct {
	Already  bool // it was there before; nothing was done
	Streams  []MovedStream
	Requests int // that waited in the queue, and now wait in the new one
	Lists    int // that were uploaded or held, and are in the new log now
}

// MovedStream is a stream that was moved. Its messages have the sequences and times that they had.
type MovedStream struct {
	Name     string
	Messages uint64
	Last     uint64 // sequence
}

// Move moves a log from the folder of an embedded server to a server or cluster: it mirrors each stream there over a leaf
// connection, seals the old log, hands over what waits in the queue, the sources, the alerts and the lists that are kept, and makes the
// mirrors streams of their own. It blocks until that is done, as long as the copying takes.
//
// Interrupted at any point and called again it goes on; after it is done it changes nothing. It returns ErrDataInUse where
// another process works on the folder, a FaultsError where the other side is set up in a way that cannot take the log or
// holds another one, and an ErrUnavailable where it does not answer. Before MoveSealing is reported the old log stays as it
// is, whatever the error.
func Move(ctx context.Context, config MoveConfig) (moved *Moved, err error) {
	m := &move{config: config}
	if m.mark, err = markOf(config.Dir); err != nil {
		return nil, err
	}
	m.report(MoveConnecting)
	nc, err := Connect(ctx, config.To)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	if m.there, err = logAt(nc); err != nil {
		return nil, err
	}
	if err := checkServer(ctx, nc, m.there.js); err != nil {
		return nil, err
	}
	if err := m.openSource(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.embedded.Close()) }()
	return m.run(ctx)
}

// move is a move under way.
type move struct {
	config      MoveConfig
	mark        moveMark // of the old log
	embedded    *Embedded
	said        *leafLogger
	here, there *Log // of there only what needs no streams
}

func (m *move) report(stage MoveStage) { m.tell(MoveProgress{Stage: stage}) }

func (m *move) tell(progress MoveProgress) {
	if m.config.Report != nil {
		m.config.Report(progress)
	}
}

// run does what is not done yet. The order is what makes a move safe: nothing is sealed before it is there as well, and no
// process can work there before everything is. FETCH_EVENTS is promoted last, and until then Open refuses.
func (m *move) run(ctx context.Context) (*Moved, error) {
	streams := m.streams()
	found, err := m.survey(ctx, streams)
	if err != nil {
		return nil, err
	}
	moved := &Moved{Already: found.done}
	if !found.done {
		if err := m.copy(ctx, streams, found); err != nil {
			return nil, err
		}
		if err := m.seal(ctx); err != nil {
			return nil, err
		}
		if err := m.compare(ctx, streams); err != nil {
			return nil, err
		}
		if err := m.handOver(ctx, moved); err != nil {
			return nil, err
		}
	}
	if moved.Streams, err = m.result(ctx, streams); err != nil || found.done {
		return moved, err
	}
	return moved, m.promote(ctx, streams)
}

// handOver moves what is not mirrored, once the old log is sealed.
func (m *move) handOver(ctx context.Context, moved *Moved) (err error) {
	if moved.Requests, err = m.moveRequests(ctx); err != nil {
		return err
	}
	if err := m.moveSources(ctx); err != nil {
		return err
	}
	if err := m.moveAlerts(ctx); err != nil {
		return err
	}
	moved.Lists, err = m.moveLists(ctx)
	return err
}

// copy mirrors the streams, and waits until the mirrors hold everything. Where some are promoted already, they did.
func (m *move) copy(ctx context.Context, streams []jetstream.StreamConfig, found *findings) error {
	if err := m.awaitLeaf(ctx); err != nil {
		return err
	}
	if err := m.createMirrors(ctx, streams, found); err != nil {
		return err
	}
	if err := m.awaitMirrors(ctx, streams); err != nil {
		return err
	}
	return m.compare(ctx, streams)
}

// streams are those of the log as they will be there, the one that tells of the log first.
func (m *move) streams() []jetstream.StreamConfig {
	wanted := wantedStreams(m.here.shards, max(m.config.Replicas, 1))
	for i := range wanted {
		if wanted[i].Metadata == nil {
			wanted[i].Metadata = map[string]string{}
		}
		wanted[i].Metadata[movedFromKey] = m.mark.ID
	}
	return wanted
}

// result reads what the mirrors hold.
func (m *move) result(ctx context.Context, streams []jetstream.StreamConfig) ([]MovedStream, error) {
	var all []MovedStream
	for _, wanted := range logStreams(streams) {
		info, err := m.settled(ctx, m.there, wanted.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, MovedStream{Name: wanted.Name, Messages: info.State.Msgs, Last: info.State.LastSeq})
	}
	return all, nil
}
