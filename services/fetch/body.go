package fetch

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/atlant-log/atlant/services/fetch/listtext"
)

// take writes what comes to where the list is written, without the content encoding that it comes in, until the list ends.
// Where nothing comes for too long it cancels the context, with which the body must end.
func (t *transfer) take(ctx context.Context, cancel context.CancelCauseFunc, from io.Reader, encoding string) error {
	idle := time.AfterFunc(idleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	wire := &wireReader{body: from, read: func() { idle.Reset(idleTimeout) }}
	before := t.to.size
	brokenOff := func(err error) error { return bodyError(ctx, err, before+wire.bytes, t.total) }
	body, err := decode(encoding, wire)
	if err != nil {
		return brokenOff(err)
	}
	buffer := make([]byte, 128<<10)
	for {
		n, err := body.Read(buffer)
		total := t.to.size + int64(n)
		switch {
		case total > t.maxBytes:
			return tooLarge(t.maxBytes)
		case total > listtext.RatioFreeBytes && (total-before)/max(wire.bytes, 1) > listtext.MaxRatio:
			return permanent("the list blows up to more than %d times its compressed size: a compression bomb", listtext.MaxRatio)
		}
		if _, err := t.to.Write(buffer[:n]); err != nil {
			return err
		}
		t.progress(total)
		if errors.Is(err, io.EOF) {
			return t.checkEnd()
		}
		if err != nil {
			return brokenOff(err)
		}
	}
}

func tooLarge(most int64) error {
	return permanent("the list is larger than %d bytes, the most that is taken", most)
}

// decode undoes the content encoding. Only gzip is asked for, but any that can be unpacked is taken.
func decode(encoding string, body io.Reader) (io.Reader, error) {
	name := strings.TrimPrefix(strings.ToLower(encoding), "x-")
	switch {
	case name == "", name == "identity":
		return body, nil
	case !listtext.IsPacking(name):
		return nil, permanent("the server sent the list with content encoding %q, which was not asked for", encoding)
	}
	decoded, err := listtext.NewReader(name, body)
	if errors.Is(err, listtext.ErrNotPacked) {
		return nil, permanent("the server calls the list %s, but it is not", name)
	}
	return decoded, err
}

// wireReader counts what comes over the wire.
type wireReader struct {
	body  io.Reader
	bytes int64
	read  func()
}

func (r *wireReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.bytes += int64(n)
	r.read()
	return n, err
}
