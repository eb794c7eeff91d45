package fetch

import (
	"bytes"
	"context"
	"net/url"
	"os"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
)

// openText makes UTF-8 text of the list, in a file beside it if it is not such text as it is.
func (r *reading) openText(ctx context.Context, l *toRead) (err error) {
	r.text, err = listtext.Read(ctx, l.file, l.size, l.hints, func() (listtext.File, error) {
		if r.made, err = l.makeText(); err != nil {
			return nil, err
		}
		return r.made, nil
	})
	if err != nil {
		return err
	}
	r.counts.Bytes = r.text.Size
	return nil
}

// toRead gathers what tells how to read the list of the fetch; before is what an earlier attempt found, nil if none came so
// far. Its errors are spoolErrors.
func (w *work) toRead(file *os.File, before *atlantv1.FetchParsed) (*toRead, error) {
	size, sha256, err := hash(file)
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = w.held.GetParsed()
	}
	hints, err := w.hints(before, sha256)
	if err != nil {
		return nil, err
	}
	latest := w.request.GetRequestedAt().AsTime().Add(clockTolerance) // the same in every attempt
	return &toRead{
		file: file, size: size, sha256: sha256, hints: hints,
		options: w.request.GetCsv(), source: w.request.GetSource(), latest: events.Micros(latest.UnixMicro()),
		makeText: func() (*textFile, error) { return w.spool.createText(w.id) },
		recall:   w.recaller(before, sha256),
	}, nil
}

// hints gathers what tells how the list with that SHA-256 is packed and encoded. An attempt that goes on where another one left
// off reads it in the encoding that was settled then, even if the list had to be downloaded again and the server now says
// something else of the same bytes.
func (w *work) hints(before *atlantv1.FetchParsed, sha256 []byte) (listtext.Hints, error) {
	contentType, err := w.spool.contentType(w.id)
	if err != nil {
		return listtext.Hints{}, err
	}
	hints := listtext.Hints{
		Encoding: w.request.GetCsv().GetEncoding(), ContentType: contentType, MaxBytes: w.downloader.maxBytes,
	}
	if before != nil && bytes.Equal(before.GetSha256(), sha256) {
		hints.Settled = before.GetDialect().GetEncoding()
	}
	if u, err := url.Parse(w.request.GetUrl()); err == nil { // as it was when the request came
		hints.Entry = u.Fragment
	}
	return hints, nil
}

// close removes what was made of the list to read it.
func (r *reading) close() error {
	made := r.made
	if r.made = nil; made == nil {
		return nil
	}
	return made.discard()
}
