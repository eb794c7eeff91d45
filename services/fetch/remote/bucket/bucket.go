// Package bucket gets lists from buckets in the clouds: s3://bucket/key, gs://bucket/key, azblob://container/key.
//
// What lets Atlant in is in its own environment, where the libraries of the clouds look for it, and never in a request. So that
// nobody who may ask for a list can read all that the operator can, lists are taken from those buckets only that the operator
// names, who alone says how they are reached.
package bucket

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // opens azblob:// and the like
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

// Keys of what is logged.
const (
	logBucket = "bucket"
	logError  = "error"
)

// Opener finds lists in the buckets that are allowed.
type Opener struct {
	allowed []allowed
	logger  *slog.Logger
}

var _ remote.Opener = (*Opener)(nil)

// NewOpener returns an opener of what the URLs allow, each like s3://bucket/folder?region=eu-central-1: no folder is the whole
// bucket. Parameters are those of gocloud.dev/blob. The logger is told what only the operator may know.
func NewOpener(urls []string, logger *slog.Logger) (*Opener, error) {
	o := &Opener{logger: logger}
	if err := Check(urls); err != nil {
		return nil, err
	}
	for _, text := range urls {
		a, err := parseAllowed(text)
		if err != nil {
			return nil, err
		}
		o.allowed = append(o.allowed, a)
	}
	return o, nil
}

// Open implements remote.Opener. A bucket is opened each time, which costs little and takes what is new in the environment.
func (o *Opener) Open(ctx context.Context, list *url.URL, _ *atlantv1.Credentials) (remote.File, error) {
	key := strings.TrimPrefix(list.Path, "/")
	if climbs(key) {
		return nil, remote.Refused("the key holds . or .. between slashes, with which no list is taken")
	}
	a := match(o.allowed, list.Scheme, list.Host, key)
	if a == nil {
		return nil, remote.Refused("lists are not taken from %s://%s, or not with that key; "+
			"whoever runs Atlant can allow a bucket with --allow-bucket", list.Scheme, list.Host)
	}
	opened, err := blob.OpenBucket(ctx, a.url)
	if err != nil {
		o.logger.ErrorContext(ctx, "a bucket cannot be opened", slog.String(logBucket, a.scheme+"://"+a.bucket), slog.Any(logError, err))
		return nil, remote.Refused("the bucket cannot be opened; the log of Atlant says why")
	}
	f := &object{ctx: ctx, bucket: opened, key: key, opener: o, allowed: a}
	if f.attributes, err = opened.Attributes(ctx, key); err != nil {
		return nil, errors.Join(f.explain(err), f.Close())
	}
	return f, nil
}

// object is a list in a bucket.
type object struct {
	ctx        context.Context //nolint:containedctx // the file ends with it, see remote.Opener
	bucket     *blob.Bucket
	key        string
	attributes *blob.Attributes

	opener  *Opener
	allowed *allowed
}

// Info implements remote.File.
func (o *object) Info() remote.Info {
	return remote.Info{Size: o.attributes.Size, Tag: o.attributes.ETag, ContentType: o.attributes.ContentType}
}

// From implements remote.File. What comes is of the version that Info tells of, or nothing.
func (o *object) From(offset int64) (io.ReadCloser, error) {
	if offset > 0 && offset >= o.attributes.Size {
		return io.NopCloser(strings.NewReader("")), nil // a store has no answer to that
	}
	options := &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		sameVersion(as, o.attributes)
		return nil
	}}
	reader, err := o.bucket.NewRangeReader(o.ctx, o.key, offset, -1, options)
	if err != nil {
		return nil, o.explain(err)
	}
	return &body{Reader: reader, object: o}, nil
}

// Close implements remote.File.
func (o *object) Close() error { return o.bucket.Close() }

// explain says in words for the user what went wrong. What a cloud says goes to the operator's log: it may tell of accounts.
func (o *object) explain(err error) error {
	if o.ctx.Err() != nil {
		return o.ctx.Err()
	}
	code := gcerrors.Code(err)
	switch code {
	case gcerrors.NotFound:
		return remote.Refused("there is no such list in the bucket, or Atlant may not read it")
	case gcerrors.FailedPrecondition:
		return errChanged
	default: // concerns the operator
	}
	o.opener.logger.WarnContext(o.ctx, "a list cannot be had from a bucket",
		slog.String(logBucket, o.allowed.scheme+"://"+o.allowed.bucket), slog.Any(logError, err))
	if code == gcerrors.PermissionDenied {
		return remote.Refused("Atlant may not read that list in the bucket; its log says more")
	}
	return errStore
}

// What may pass.
var (
	errChanged = errors.New("the list in the bucket is being replaced")
	errStore   = errors.New("the store of the bucket does not answer as it should; the log of Atlant says more")
)

// body explains what goes wrong while a list is read.
type body struct {
	*blob.Reader
	object *object
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = b.object.explain(err)
	}
	return n, err
}
