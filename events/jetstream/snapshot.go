package jetstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The server's own way to copy a stream out and in again. The client does not have it; jsm.go does, but waits for ever where a
// server dies in the middle, and would have nats-server built with another version of the library it asserts with.
const (
	snapshotSubject = "$JS.API.STREAM.SNAPSHOT."
	restoreSubject  = "$JS.API.STREAM.RESTORE."
	// snapshotChunk is how much comes in one message, restoreChunk how much goes; what is on its way at once the server bounds.
	snapshotChunk = 128 << 10
	restoreChunk  = 64 << 10
	// silence is how long the other side may say nothing.
	silence = 30 * time.Second
	// restorePatience is how long a server may take, after the last chunk, to open the stream.
	restorePatience = 5 * time.Minute
)

// snapshotHead is what a server says of a snapshot, and what it asks for when it gets it back.
type snapshotHead struct {
	Config json.RawMessage `json:"config"`
	State  json.RawMessage `json:"state"`
}

// config is that of the stream.
func (h *snapshotHead) config() (config jetstream.StreamConfig, err error) {
	err = json.Unmarshal(h.Config, &config)
	return config, err
}

// state is that of the stream when the snapshot was taken.
func (h *snapshotHead) state() (state jetstream.StreamState, err error) {
	err = json.Unmarshal(h.State, &state)
	return state, err
}

// takeSnapshot writes a stream as it is now to a writer, in whatever form the server has for it: what is added meanwhile is not
// in it. Consumers are left out. It blocks until the end, and keeps some megabytes in memory where the writer is slow.
func takeSnapshot(ctx context.Context, nc *nats.Conn, stream string, to io.Writer) (*snapshotHead, error) {
	inbox := nc.NewInbox()
	chunks, err := nc.SubscribeSync(inbox) // before the server looks whether anybody listens
	if err != nil {
		return nil, err
	}
	defer func() { _ = chunks.Unsubscribe() }() // the server notices, and stops
	var head snapshotHead
	request := map[string]any{"deliver_subject": inbox, "no_consumers": true, "chunk_size": snapshotChunk}
	if err := ask(ctx, nc, snapshotSubject+stream, request, &head); err != nil {
		return nil, err
	}
	for {
		chunk, err := heard(ctx, chunks)
		if err != nil {
			return nil, err
		}
		if len(chunk.Data) == 0 {
			return &head, endOfSnapshot(chunk)
		}
		if _, err := to.Write(chunk.Data); err != nil {
			return nil, err
		}
		if chunk.Reply != "" { // the server has another one to send when it is told so
			if err := chunk.Respond(nil); err != nil {
				return nil, err
			}
		}
	}
}

// heard returns the next message, which must not take too long.
func heard(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	msg, err := sub.NextMsgWithContext(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("the server has fallen silent: %w", err)
	}
	return msg, err
}

// endOfSnapshot returns the server's reason if a snapshot ended before its end.
func endOfSnapshot(last *nats.Msg) error {
	const complete = "204"
	if status := last.Header.Get("Status"); status != "" && status != complete {
		return fmt.Errorf("the server broke the snapshot off: %s %s", status, last.Header.Get("Description"))
	}
	return nil
}

// putSnapshot makes a stream of a snapshot, with the configuration of the head: there must be none of its name. It blocks until
// the stream is there and reports how many bytes have gone. It returns ErrUnavailable where the server refuses it or does not
// answer, and the errors of the reader as they are.
func putSnapshot(ctx context.Context, nc *nats.Conn, stream string, head *snapshotHead, from io.Reader, report func(int64)) error {
	doing := "restore stream " + stream
	var to struct {
		Subject string `json:"deliver_subject"` //nolint:tagliatelle // as the server has it
	}
	if err := ask(ctx, nc, restoreSubject+stream, head, &to); err != nil {
		return unavailable(doing, err)
	}
	chunk, gone := make([]byte, restoreChunk), int64(0)
	for {
		n, err := io.ReadFull(from, chunk)
		if n > 0 {
			if err := send(ctx, nc, to.Subject, chunk[:n]); err != nil {
				return unavailable(doing, err)
			}
			gone += int64(n)
			report(gone)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: read the back-up: %w", doing, err)
		}
	}
	ending, cancel := context.WithTimeout(ctx, restorePatience)
	defer cancel()
	answer, err := nc.RequestWithContext(ending, to.Subject, nil)
	if err == nil {
		err = answered(answer.Data, nil)
	}
	if err != nil {
		return unavailable(doing, err)
	}
	return nil
}

// send sends a chunk; the answer to it says nothing unless it was refused.
func send(ctx context.Context, nc *nats.Conn, subject string, chunk []byte) error {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	answer, err := nc.RequestWithContext(waiting, subject, chunk)
	if err != nil || len(bytes.TrimSpace(answer.Data)) == 0 {
		return err
	}
	return answered(answer.Data, nil)
}

// ask calls the server's API, which has silence to answer.
func ask(ctx context.Context, nc *nats.Conn, subject string, request, response any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	answer, err := nc.RequestWithContext(waiting, subject, data)
	if denied := nc.LastError(); err != nil && errors.Is(denied, nats.ErrPermissionViolation) {
		return denied // which otherwise looks like a slow answer
	}
	if err != nil {
		return err
	}
	return answered(answer.Data, response)
}

// answered reads an answer of the API, or the error in it.
func answered(data []byte, response any) error {
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(data, &failed); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if failed.Error != nil {
		return failed.Error
	}
	if response == nil {
		return nil
	}
	return json.Unmarshal(data, response)
}
