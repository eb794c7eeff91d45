package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

// ErrNoList says that there is no list of a name.
var ErrNoList = errors.New("there is no such list")

// ListSum is the SHA-256 of a list.
type ListSum [sha256.Size]byte

// String returns it in hexadecimal digits. It is the name of a list that is kept by its sum.
func (s ListSum) String() string { return hex.EncodeToString(s[:]) }

// ListStore keeps whole lists, for any process to read that reaches the log. Its methods may be called from many goroutines
// at once. Where the log cannot be reached they block for some seconds and return ErrUnavailable, with ErrFull if that is why.
type ListStore interface {
	// PutList keeps what there is to read under a name, in place of what was there, and returns how many bytes that are. It
	// is durable when it returns, and nobody gets a part of it before. A put that fails, or is broken off, leaves everything as
	// it was; only where the log's last answer was lost may the whole list be there. An error of the reader is returned as it
	// is. Of two puts at the same time the one that ends later counts.
	PutList(ctx context.Context, name string, list io.Reader) (size int64, err error)
	// PutListBySum keeps a list as PutList does, under a name that only shows at its end: the text of its sum.
	PutListBySum(ctx context.Context, list io.Reader) (sum ListSum, size int64, err error)
	// GetList writes a list out and returns how many bytes of it that were, which is all of them where there is no error. It
	// returns ErrNoList if there is none of that name, and an error of the writer as it is.
	GetList(ctx context.Context, name string, to io.Writer) (size int64, err error)
	// DeleteList removes a list; where there is none of that name it does nothing.
	DeleteList(ctx context.Context, name string) error
}
