package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/url"
	"os"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
)

const (
	// maxListToReread bounds the list, packed and unpacked, that one row is read from: 256 MiB.
	maxListToReread = 256 << 20
	maxRawRow       = 64 << 10 // bytes of a row
)

// RawRow returns the row that begins on a line of the list of a fetch, as the list has it, in UTF-8. It is empty where the bytes that
// were read are not kept any more, or are too many to be read again: kept are uploads, for some days. It blocks while it reads the
// list, into a file that it removes.
func (s *Service) RawRow(ctx context.Context, fetch *atlantv1.Fetch, line int64) (row string, err error) {
	sum, _, err := ParseUploadURL(fetch.GetUrl())
	if err != nil {
		return "", nil // of another list nothing is kept
	}
	list, err := newRowFile()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, list.discard()) }()
	hash := sha256.New()
	size, err := s.log.Uploads().GetList(ctx, sum.String(), io.MultiWriter(list, hash))
	switch {
	case errors.Is(err, events.ErrNoList), errors.Is(err, errTooMuch):
		return "", nil
	case err != nil:
		return "", err
	case !bytes.Equal(hash.Sum(nil), sum[:]):
		return "", nil // it is not what it was
	}
	return rowOf(ctx, list.File, size, fetch, line)
}

// rowOf makes text of a list, as it was made when it was fetched, and returns the row on a line.
func rowOf(ctx context.Context, list *os.File, size int64, fetch *atlantv1.Fetch, line int64) (row string, err error) {
	hints := listtext.Hints{Settled: fetch.GetDialect().GetEncoding(), MaxBytes: maxListToReread}
	if u, err := url.Parse(fetch.GetUrl()); err == nil {
		hints.Entry = u.Fragment
	}
	var made *rowFile
	text, err := listtext.Read(ctx, list, size, hints, func() (listtext.File, error) {
		var err error
		made, err = newRowFile()
		return made, err
	})
	if made != nil {
		defer func() { err = errors.Join(err, made.discard()) }()
	}
	if _, ok := errors.AsType[*listtext.UnreadableError](err); ok { // it is larger unpacked, or this version reads it no more
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return rowAt(io.NewSectionReader(text, 0, text.Size), line, fetch.GetDialect().GetQuote())
}

// rowAt returns the row that begins on a line, counted from 1. It goes on over the end of a line within quotes.
func rowAt(text io.Reader, line int64, quote string) (string, error) {
	buffered := bufio.NewReaderSize(text, 64<<10)
	newline := byte('\n')
	if head, _ := buffered.Peek(buffered.Size()); bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		newline = '\r'
	}
	var row []byte
	for at := int64(1); ; {
		piece, err := buffered.ReadSlice(newline)
		if at >= line {
			row = append(row, piece...)
		}
		whole := !errors.Is(err, bufio.ErrBufferFull)
		if whole {
			at++
		}
		ended := errors.Is(err, io.EOF) || at > line && (quote != `"` || bytes.Count(row, []byte(`"`))%2 == 0)
		if ended || len(row) > maxRawRow {
			row = bytes.ToValidUTF8(row[:min(len(row), maxRawRow)], []byte("\uFFFD"))
			return string(bytes.TrimRight(row, "\r\n")), nil
		}
		if err != nil && whole {
			return "", err
		}
	}
}

// errTooMuch: a file holds as much as it may.
var errTooMuch = errors.New("the list is too large to be read again")

// rowFile is a temporary file for a list, or for its text, that takes so much and no more.
type rowFile struct {
	textFile

	size int64
}

func newRowFile() (*rowFile, error) {
	file, err := os.CreateTemp("", "atlant-row-")
	if err != nil {
		return nil, err
	}
	return &rowFile{textFile: textFile{file}}, nil
}

func (f *rowFile) Write(p []byte) (int, error) {
	if f.size += int64(len(p)); f.size > maxListToReread {
		return 0, errTooMuch
	}
	return f.textFile.Write(p)
}

// Reset implements listtext.File.
func (f *rowFile) Reset() error {
	f.size = 0
	return f.textFile.Reset()
}
