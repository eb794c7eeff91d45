package fetch

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// downloadAttempts, with pauses that double from firstPause, is how often a download is tried in vain that fails in a way
	// that may pass. An attempt that gets further than those before is not in vain; maxAttempts bounds all of them.
	downloadAttempts = 3
	maxAttempts      = 20
	firstPause       = 500 * time.Millisecond
	maxPause         = 5 * time.Second
)

// attempts counts how often a download was tried.
type attempts struct {
	all, inVain int
	furthest    int64 // byte that any of them has reached
}

// note counts an attempt that ended at a byte.
func (a *attempts) note(end int64) {
	a.all++
	a.inVain++
	switch {
	case end > a.furthest:
		a.inVain, a.furthest = 1, end // this one did not get the list either
	case end == 0: // what was there was given up
		a.furthest = 0
	}
}

// another tells whether the last attempt is to be followed by another one.
func (a *attempts) another(err error) bool {
	return isTransient(err) && a.inVain < downloadAttempts && a.all < maxAttempts
}

// download writes the list to a part of the spool. Each failure but the last is told to whoever looks at the fetch.
func (w *work) download(ctx context.Context, to *part) error {
	if sum, _, err := ParseUploadURL(w.request.GetUrl()); err == nil {
		return w.takeUpload(ctx, to, sum)
	}
	t := &transfer{
		url: w.request.GetUrl(), credentials: w.request.GetCredentials(), to: to, progress: w.bytes.Store,
	}
	if w.last != nil {
		t.known = w.last.validators
	}
	var tried attempts
	policy := retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool { return tried.another(err) }).
		WithMaxAttempts(maxAttempts).WithBackoff(firstPause, maxPause).WithDelayFunc(askedFor).ReturnLastFailure().Build()
	err := failsafe.With(policy).WithContext(ctx).Run(func() error {
		err := w.downloader.attempt(ctx, t)
		tried.note(to.size)
		if !tried.another(err) || ctx.Err() != nil {
			return err
		}
		w.observer.AttemptFailed()
		failed := &atlantv1.FetchAttemptFailed{Attempt: int32(tried.all), Error: err.Error()}
		event := &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_AttemptFailed{AttemptFailed: failed}}
		if err := w.append(ctx, event); err != nil {
			return err
		}
		return err
	})
	w.validators = forOthers(t.validators, t.credentials)
	return err
}

// askedFor is a failsafe.DelayFunc: it returns how long the server is to be left alone, or -1 to go by the back-off.
func askedFor(exec failsafe.ExecutionAttempt[any]) time.Duration {
	if failed, ok := errors.AsType[*downloadError](exec.LastError()); ok && failed.wait > 0 {
		return failed.wait
	}
	return -1
}
