package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

const (
	// settlePause is how long a file that changed not long ago is left alone between a look at its time and reading it: times
	// are told to the second, and what is written after a second has passed has a later one. Then a file that still has its
	// size and time is the one that was read.
	settlePause = 1100 * time.Millisecond
	// settledAge is so long that no clock, and no time zone that a server takes for UTC, makes it a second.
	settledAge = 26 * time.Hour
)

// files is the transport for what is kept as files: it reads them from wherever their opener finds them.
type files struct{ opener remote.Opener }

var _ transport = (*files)(nil)

// attempt implements transport.
func (f *files) attempt(ctx context.Context, t *transfer, at *host) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(answerTimeout, func() { cancel(errSilent) })
	defer silent.Stop()
	u, err := url.Parse(t.url)
	if err != nil {
		return permanent("the URL cannot be read")
	}
	var file remote.File
	err = at.ask(func() (int, error) {
		file, err = f.opener.Open(ctx, u, t.credentials)
		return 0, err
	})
	if err != nil {
		return requestError(ctx, err)
	}
	defer func() { _ = file.Close() }() // all that matters of it was read
	info := file.Info()
	if err := t.acceptFile(ctx, info, fileValidators(u, t.credentials, info)); err != nil {
		return err
	}
	body, err := file.From(t.to.size)
	if errors.Is(err, remote.ErrCannotResume) {
		return t.giveUpPart(remote.ErrCannotResume.Error())
	}
	if err != nil {
		return requestError(ctx, err)
	}
	defer func() { _ = body.Close() }() // as above
	silent.Stop()
	return t.take(ctx, cancel, body, "")
}

// acceptFile takes what is known of a file, and tells whether there is a reason not to read it. Afterwards t.to is ready for
// the rest of it.
func (t *transfer) acceptFile(ctx context.Context, info remote.Info, now *atlantv1.ListValidators) error {
	switch {
	case t.to.size == 0 && sameFile(t.known, now):
		return errNotModified
	case info.Size > t.maxBytes:
		return tooLarge(t.maxBytes)
	}
	if !sameFile(t.validators, now) || t.to.size > info.Size {
		if err := t.to.restart(); err != nil {
			return err
		}
	}
	t.validators, t.total, t.to.contentType = now, info.Size, info.ContentType
	if t.to.size == 0 && info.Tag == "" && now != nil && time.Since(info.Modified) < settledAge {
		pause(ctx, settlePause)
	}
	return nil
}

// sameFile tells whether a file is certain to be the one that it was.
func sameFile(before, now *atlantv1.ListValidators) bool {
	return before != nil && now != nil && before.GetEtag() == now.GetEtag() && bytes.Equal(before.GetUrlSha256(), now.GetUrlSha256())
}

// fileValidators returns what a file can be recognised by; nil if there is nothing. Who logs in decides what file a path is.
func fileValidators(u *url.URL, credentials *atlantv1.Credentials, info remote.Info) *atlantv1.ListValidators {
	tag := info.Tag
	switch {
	case tag == "" && info.Size >= 0 && !info.Modified.IsZero():
		tag = fmt.Sprintf(`"%d-%d"`, info.Size, info.Modified.Unix())
	case strings.HasPrefix(tag, "W/"): // is not for each byte
		return nil
	case !strings.HasPrefix(tag, `"`):
		tag = `"` + tag + `"`
	}
	if len(tag) > maxETag || len(tag) <= len(`""`) || !isQuoted(tag) {
		return nil
	}
	mine := *u
	if user := userOf(credentials); user != "" {
		mine.User = url.User(user)
	}
	return &atlantv1.ListValidators{UrlSha256: urlHash(&mine), Etag: tag}
}
