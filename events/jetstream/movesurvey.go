package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// findings are what a move finds where it goes to.
type findings struct {
	there map[string]bool // streams of this log, mirrors or not
	done  bool            // the log is there and in use
}

// survey looks at what is there already. It returns a FaultsError where that is not of this log: nothing is overwritten.
func (m *move) survey(ctx context.Context, streams []jetstream.StreamConfig) (*findings, error) {
	found := &findings{there: map[string]bool{}}
	var faults FaultsError
	for _, wanted := range streams {
		fault, err := m.look(ctx, wanted, found)
		if err != nil {
			return nil, unavailable("look for stream "+wanted.Name, err)
		}
		if fault != nil {
			faults = append(faults, *fault)
		}
	}
	mirrored := found.there[string(events.FetchStream)]
	switch {
	case len(faults) > 0:
		return nil, faults
	case m.mark.To != "" && !mirrored:
		return nil, MovedError{To: m.mark.To}
	case found.done && m.mark.To == "":
		return nil, FaultsError{{
			Where: "the folder " + m.config.Dir, What: "its log", Is: "in use still", Must: "the one that was moved there",
			Todo: "this is a copy of a folder whose log was moved; what was added to the copy since cannot be moved",
		}}
	}
	return found, nil
}

// look sees whether a stream can be made or is made already.
func (m *move) look(ctx context.Context, wanted jetstream.StreamConfig, found *findings) (*Fault, error) {
	var stream jetstream.Stream
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) (err error) {
		stream, err = m.there.js.Stream(ctx, wanted.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if stream == nil {
		return m.taken(ctx, wanted)
	}
	config := stream.CachedInfo().Config
	fault := &Fault{Where: "stream " + wanted.Name}
	switch {
	case config.Metadata[movedFromKey] != m.mark.ID:
		fault.What, fault.Is, fault.Must = "what is there", "of another log", "nothing, or a mirror of the log that is moved"
		fault.Todo = "move it to servers, or to an account, with no log; if nobody needs that one, delete its streams first"
		return fault, nil
	case config.Replicas < m.config.Replicas:
		fault.What, fault.Is, fault.Must = "replicas", strconv.Itoa(config.Replicas), fmt.Sprint(m.config.Replicas, ", as asked for")
		fault.Todo = fmt.Sprintf(todoEdit, wanted.Name)
		return fault, nil
	}
	found.there[wanted.Name] = true
	found.done = found.done || (wanted.Name == string(events.FetchStream) && config.Mirror == nil)
	return nil, nil //nolint:nilnil // nothing is at fault
}

// taken sees whether another stream has the subjects of one that is missing. A mirror would not mind; the stream that it
// becomes would, and then it is too late.
func (m *move) taken(ctx context.Context, wanted jetstream.StreamConfig) (*Fault, error) {
	var others []string
	for _, subject := range wanted.Subjects {
		names := m.there.js.StreamNames(ctx, jetstream.WithStreamListSubject(subject))
		for name := range names.Name() {
			others = append(others, name)
		}
		if err := names.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
			return nil, err
		}
	}
	if len(others) == 0 {
		return nil, nil //nolint:nilnil // nothing is at fault
	}
	return &Fault{
		Where: "stream " + wanted.Name, What: "subjects", Is: "taken by stream " + strings.Join(others, ", "),
		Must: strings.Join(wanted.Subjects, " "), Todo: "use an account of its own for Atlant, or delete the other stream",
	}, nil
}
