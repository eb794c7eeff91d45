package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
	natsarchive "github.com/nats-io/nats-server/v2/server/archive"
	"github.com/nats-io/nats.go/jetstream"
)

// A snapshot as servers write it since 2.15: S2 around entries, the first of which is the state of the stream; then its messages, in
// their order, and an empty entry at the end.
const (
	stateEntry = "state.json"
	// maxEntry bounds what is read of an entry: the server takes no larger message.
	maxEntry = 64 << 20
)

// storedMessage is a message as a stream keeps it.
type storedMessage struct {
	subject      string
	sequence     uint64
	storedAt     int64  // nanoseconds since the Unix epoch
	header, data []byte // valid until the next message is read
}

// snapshotReader reads the messages of a snapshot, and never more than one at a time.
type snapshotReader struct {
	state jetstream.StreamState

	entries *natsarchive.Reader
	read    uint64 // messages
	last    uint64 // sequence
	buffer  []byte
}

// openSnapshotFile reads the state of a snapshot. Errors of it and of next say what is not as it should be.
func openSnapshotFile(from io.Reader) (*snapshotReader, error) {
	r := &snapshotReader{entries: natsarchive.NewReader(s2.NewReader(from))}
	entry, err := r.entries.Next()
	if err != nil {
		return nil, r.broken(err)
	}
	if entry.Name != stateEntry || entry.PayloadSize > maxEntry {
		return nil, fmt.Errorf("it begins with %.40q, not with the state of the stream", entry.Name)
	}
	if err := json.NewDecoder(r.entries).Decode(&r.state); err != nil {
		return nil, fmt.Errorf("its state: %w", r.broken(err))
	}
	if r.state.Consumers != 0 {
		return nil, errors.New("it holds consumers, which no back-up of Atlant does")
	}
	return r, nil
}

// next returns the next message, and io.EOF behind the last one, once it is certain that nothing is missing.
func (r *snapshotReader) next() (*storedMessage, error) {
	entry, err := r.entries.Next()
	switch {
	case err != nil:
		return nil, r.broken(err)
	case *entry == natsarchive.Header{}:
		return nil, r.end()
	case entry.Sequence <= r.last:
		return nil, fmt.Errorf("message %d comes behind message %d", entry.Sequence, r.last)
	case entry.HeaderSize+entry.PayloadSize > maxEntry:
		return nil, fmt.Errorf("message %d has %d bytes, more than there can be", entry.Sequence, entry.HeaderSize+entry.PayloadSize)
	}
	size := int(entry.HeaderSize + entry.PayloadSize)
	if cap(r.buffer) < size {
		r.buffer = make([]byte, size)
	}
	r.buffer = r.buffer[:size]
	if _, err := io.ReadFull(r.entries, r.buffer); err != nil {
		return nil, fmt.Errorf("message %d: %w", entry.Sequence, r.broken(err))
	}
	r.read, r.last = r.read+1, entry.Sequence
	return &storedMessage{
		subject: entry.Name, sequence: entry.Sequence, storedAt: entry.Timestamp,
		header: r.buffer[:entry.HeaderSize:entry.HeaderSize], data: r.buffer[entry.HeaderSize:],
	}, nil
}

// end returns io.EOF if all messages were read, and nothing else follows.
func (r *snapshotReader) end() error {
	switch _, err := r.entries.Next(); {
	case err == nil:
		return errors.New("something follows its end")
	case !errors.Is(err, io.EOF):
		return r.broken(err)
	case r.read != r.state.Msgs || r.last > r.state.LastSeq:
		return fmt.Errorf("it holds %d messages up to %d, its state says %d up to %d", r.read, r.last, r.state.Msgs, r.state.LastSeq)
	}
	return io.EOF
}

// broken says what an error of what is read means: nothing of it may look like the end.
func (r *snapshotReader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it breaks off behind message %d", r.last)
	}
	return err
}

// snapshotWriter writes a snapshot.
type snapshotWriter struct {
	packed  *s2.Writer
	entries *natsarchive.Writer
}

// newSnapshotWriter returns a writer, which must be closed: until then something may not be written yet.
func newSnapshotWriter(to io.Writer) *snapshotWriter {
	packed := s2.NewWriter(to)
	return &snapshotWriter{packed: packed, entries: natsarchive.NewWriter(packed)}
}

// begin writes the state of the stream: the messages that follow must be as it says.
func (w *snapshotWriter) begin(state *jetstream.StreamState) error {
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return w.write(&natsarchive.Header{Name: stateEntry, PayloadSize: int64(len(data))}, nil, data)
}

func (w *snapshotWriter) add(m *storedMessage) error {
	return w.write(&natsarchive.Header{
		Name: m.subject, Timestamp: m.storedAt, Sequence: m.sequence, HeaderSize: int64(len(m.header)), PayloadSize: int64(len(m.data)),
	}, m.header, m.data)
}

// end says that nothing is missing.
func (w *snapshotWriter) end() error { return w.write(&natsarchive.Header{}, nil, nil) }

func (w *snapshotWriter) write(entry *natsarchive.Header, header, data []byte) error {
	if err := w.entries.WriteHeader(entry); err != nil {
		return err
	}
	if _, err := w.entries.Write(header); err != nil {
		return err
	}
	_, err := w.entries.Write(data)
	return err
}

func (w *snapshotWriter) close() error { return errors.Join(w.entries.Close(), w.packed.Close()) }
