package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// Upload implements FetchService. The list goes straight to the log, piece by piece: it never is on this machine's disk, nor
// as a whole in memory.
func (s *Service) Upload(
	ctx context.Context, stream *connect.ClientStream[atlantv1.UploadRequest],
) (*connect.Response[atlantv1.UploadResponse], error) {
	list := &uploadReader{stream: stream, left: s.maxListBytes, most: s.maxListBytes}
	if err := list.begin(); err != nil {
		return nil, err
	}
	sum, size, err := s.log.Uploads().PutListBySum(ctx, list)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.UploadResponse{
		Url: UploadURL(sum, list.fileName), Bytes: size, Sha256: sum.String(),
	}), nil
}

// uploadReader reads the list that a client sends. Its errors are meant for the client.
type uploadReader struct {
	stream     *connect.ClientStream[atlantv1.UploadRequest]
	fileName   string
	piece      []byte // what is not read of the last message
	left, most int64  // bytes that may still come, and might at first
	begun      bool   // some came
}

// begin takes the first message.
func (r *uploadReader) begin() error {
	if err := r.receive(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if r.fileName == "" {
		return rpc.InvalidArgument("file_name", "is missing; the first message says what the list is called")
	}
	if !isFileName(r.fileName) {
		return rpc.InvalidArgument("file_name", "%q is not the name of a file", r.fileName)
	}
	return nil
}

// Read implements io.Reader.
func (r *uploadReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 {
		err := r.receive()
		switch {
		case errors.Is(err, io.EOF) && !r.begun:
			return 0, rpc.InvalidArgument("data", "there is none: the list is empty")
		case err != nil:
			return 0, err
		}
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

// receive takes the next message, and returns io.EOF where there is none. A stream that breaks off is an error: what came of
// it must not pass for the list.
func (r *uploadReader) receive() error {
	if !r.stream.Receive() {
		if err := r.stream.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	message := r.stream.Msg()
	switch name := message.GetFileName(); {
	case r.fileName == "":
		r.fileName = name
	case name != "" && name != r.fileName:
		return rpc.InvalidArgument("file_name", "only the first message says what the list is called")
	}
	r.piece = message.GetData()
	r.left -= int64(len(r.piece))
	r.begun = r.begun || len(r.piece) > 0
	if r.left < 0 {
		return rpc.InvalidArgument("data", "the list is larger than %d bytes, the most that is taken", r.most)
	}
	return nil
}

// takeUpload copies a list that was uploaded from the log to a part of the spool.
func (w *work) takeUpload(ctx context.Context, to *part, sum events.ListSum) error {
	if w.last != nil && bytes.Equal(w.last.sha256, sum[:]) {
		return errNotModified
	}
	digest := sha256.New()
	_, err := w.log.Uploads().GetList(ctx, sum.String(), io.MultiWriter(digest, limitedPart{w, to}))
	switch {
	case errors.Is(err, events.ErrNoList):
		return permanent("the list is not kept any more, or never was uploaded here: upload it again")
	case errors.Is(err, events.ErrMalformed), err == nil && events.ListSum(digest.Sum(nil)) != sum:
		return permanent("the list is damaged where it is kept: upload it again")
	case err != nil:
		return fmt.Errorf("take the upload: %w", err)
	}
	return nil
}

// limitedPart is a part of the spool that takes no more than a list may have.
type limitedPart struct {
	*work
	to *part
}

// Write implements io.Writer.
func (p limitedPart) Write(data []byte) (int, error) {
	if p.to.size+int64(len(data)) > p.downloader.maxBytes {
		return 0, tooLarge(p.downloader.maxBytes)
	}
	n, err := p.to.Write(data)
	p.bytes.Store(p.to.size)
	return n, err
}
