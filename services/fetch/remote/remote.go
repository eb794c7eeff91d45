// Package remote says what it takes to get a list from where files are kept: a server, a bucket, a folder. The packages below
// it do, each with a library of its own. What they have in common (retries, limits, going on where a download broke off) is
// the business of services/fetch, which also gets lists over HTTP.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Opener finds files by their URLs.
type Opener interface {
	// Open finds the file at a URL that holds no credentials; nil credentials are nobody's. It connects and logs in where
	// that is needed, and blocks until it has an answer or the context ends, which also ends the work with the file.
	//
	// A *RefusedError says that trying again will not help. Of any other error it is not known, and neither holds credentials
	// or what a server said in its own words.
	Open(ctx context.Context, list *url.URL, credentials *atlantv1.Credentials) (File, error)
}

// File is a list where it is kept.
type File interface {
	// Info tells what is known of the file without reading it. It does not block.
	Info() Info
	// From returns the bytes of the file from an offset on; the caller closes the reader. Errors are those of Opener, and
	// ErrCannotResume. Those of reading are of either kind, too: io.EOF comes only where the file ends.
	From(offset int64) (io.ReadCloser, error)
	// Close lets go of the file, and ends the connection to it.
	Close() error
}

// Info is what is known of a file without reading it.
type Info struct {
	// Size in bytes; -1 if it is not known.
	Size int64
	// Tag stands for one version of the file, byte for byte; empty if there is none.
	Tag string
	// Modified is when the file changed last, to the second, by some clock; zero if it is not known. It matters where there is
	// no tag.
	Modified time.Time
	// ContentType of the file as MIME has it, empty if it is not known.
	ContentType string
}

// ErrCannotResume says that a file can be read from its start only.
var ErrCannotResume = errors.New("the server does not go on with a list that broke off")

// RefusedError says in words for the user why a file cannot be had, however often one tries.
type RefusedError struct{ err error }

// Refused makes a RefusedError as fmt.Errorf makes an error.
func Refused(format string, args ...any) error { return &RefusedError{fmt.Errorf(format, args...)} }

// Error implements error.
func (e *RefusedError) Error() string { return e.err.Error() }

// Unwrap returns what is behind it.
func (e *RefusedError) Unwrap() error { return e.err }
