package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch"
)

const (
	// standardInput is what stands for it on the command line, and stdinName what a list from there is called.
	standardInput = "-"
	stdinName     = "stdin"
	// uploadPiece is how much of a list one message takes.
	uploadPiece = 512 << 10
)

// urlPattern holds for what is meant as a URL. A single letter is a drive of Windows.
var urlPattern = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]+://|upload:)`)

// localList is a list on this machine, about to be uploaded.
type localList struct {
	from     io.ReadCloser
	fileName string
	entry    string // of an archive
	size     int64  // -1: not known
}

// openLocal opens a file, of which a # may name an entry, or standard input. It says what is wrong with what could not be
// a list whatever the server thinks of it.
func openLocal(c *console, path string) (*localList, error) {
	if path == standardInput {
		return &localList{from: io.NopCloser(c.in), fileName: stdinName, size: -1}, nil
	}
	file, err := os.Open(path)
	archive, entry, named := strings.Cut(path, "#")
	if errors.Is(err, fs.ErrNotExist) && named {
		if file, err = os.Open(archive); err == nil {
			path = archive
		}
	} else {
		entry = ""
	}
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	info, err := file.Stat()
	size := int64(-1)
	switch {
	case err != nil:
	case info.IsDir():
		err = failed("name one of the files in it", "%s is a folder, not a price list", path)
	case info.Mode().IsRegular() && info.Size() == 0:
		err = failed("", "%s is empty", path)
	case info.Mode().IsRegular(): // the size of a pipe says nothing
		size = info.Size()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &localList{from: file, fileName: fileNameOf(path), entry: entry, size: size}, nil
}

func cannotOpen(path string, err error) error {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "a list is a file on this machine, a URL with http:// or https:// in front, or - for standard input"
	}
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		err = wrapped.Err
	}
	return failed(hint, "cannot read %s: %v", path, err)
}

// fileNameOf returns what the file at a path is called, as far as that can be said to others.
func fileNameOf(path string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(filepath.Base(path), "_"))
}

// upload sends the list to the server and returns its URL there. What breaks off on the way leaves nothing there.
func (l *localList) upload(ctx context.Context, c *console, api *clients) (string, error) {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	sum, shown := sha256.New(), newUploadBar(c, l)
	defer shown.done()
	stream := api.fetch.Upload(ctx)
	err := l.send(ctx, stream, io.MultiWriter(sum, shown))
	if err != nil {
		hangUp() // to end the stream in order would be to say that this was the list
		return "", err
	}
	response, err := stream.CloseAndReceive()
	if err != nil {
		return "", err
	}
	return l.urlOf(response.Msg, sum)
}

// send sends the list piece by piece, and shows each to see. It returns nil where the server has ended the stream, which then
// has its reason.
func (l *localList) send(
	ctx context.Context, stream *connect.ClientStreamForClient[atlantv1.UploadRequest, atlantv1.UploadResponse], see io.Writer,
) error {
	message, piece := &atlantv1.UploadRequest{FileName: l.fileName}, make([]byte, uploadPiece)
	for {
		n, failure := readPiece(ctx, l.from, piece)
		ended := errors.Is(failure, io.EOF) || errors.Is(failure, io.ErrUnexpectedEOF)
		if failure != nil && !ended {
			return failed("nothing was uploaded", "cannot read %s: %v", l.fileName, failure)
		}
		message.Data = piece[:n]
		if err := stream.Send(message); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		message.FileName = ""
		if _, err := see.Write(piece[:n]); err != nil {
			return err
		}
		if ended {
			return nil
		}
	}
}

// readPiece is io.ReadFull that ends with the context: a read from a terminal does not. It is left behind then, and the piece
// with it.
func readPiece(ctx context.Context, from io.Reader, piece []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	read := make(chan result, 1)
	go func() {
		n, err := io.ReadFull(from, piece)
		read <- result{n, err}
	}()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case r := <-read:
		return r.n, r.err
	}
}

// urlOf returns the URL of the list on the server, if that has what was sent.
func (l *localList) urlOf(answer *atlantv1.UploadResponse, sum hash.Hash) (string, error) {
	if answer.GetSha256() != events.ListSum(sum.Sum(nil)).String() {
		return "", failed("try again", "%s came to the server as something else than was sent", l.fileName)
	}
	if l.entry == "" {
		return answer.GetUrl(), nil
	}
	return answer.GetUrl() + (&url.URL{Fragment: l.entry}).String(), nil
}

// shownURL returns the URL of a list for people: that of an upload with the beginning of its SHA-256 only.
func shownURL(listURL string) string {
	sum, fileName, err := fetch.ParseUploadURL(listURL)
	if err != nil {
		return listURL
	}
	_, entry, named := strings.Cut(listURL, "#")
	if unescaped, err := url.PathUnescape(entry); err == nil && named {
		fileName += "#" + unescaped
	}
	return "upload:" + sum.String()[:8] + "…/" + fileName
}
