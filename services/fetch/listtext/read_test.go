package listtext

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// memory is a File that is not one.
type memory struct{ bytes.Buffer }

func (m *memory) ReadAt(p []byte, offset int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(p, offset)
}

func (m *memory) Reset() error {
	m.Buffer.Reset()
	return nil
}

// readAll makes text of bytes. Where that fails, nothing but an *UnreadableError will do.
func readAll(tb testing.TB, data []byte, hints Hints) (string, *Text, error) {
	tb.Helper()
	if hints.MaxBytes == 0 {
		hints.MaxBytes = 1 << 30
	}
	text, err := Read(tb.Context(), bytes.NewReader(data), int64(len(data)), hints, func() (File, error) { return &memory{}, nil })
	if err != nil {
		if _, ok := errors.AsType[*UnreadableError](err); !ok {
			tb.Fatalf("got %T: %v", err, err)
		}
		return "", nil, err
	}
	all, err := io.ReadAll(io.NewSectionReader(text, 0, text.Size+1))
	if err != nil || int64(len(all)) != text.Size {
		tb.Fatalf("%d bytes of %d: %v", len(all), text.Size, err)
	}
	return string(all), text, nil
}

// encoded writes text in an encoding.
func encoded(tb testing.TB, name, text string) []byte {
	tb.Helper()
	if name == utf8Charset.name {
		return []byte(text)
	}
	data, err := named(name).encoding.NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return data
}
