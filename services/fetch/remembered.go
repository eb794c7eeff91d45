package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// maxRecalled is how many fetches of a list are looked at for one that settled what is open.
const maxRecalled = 20

// errNotRecalled says that the views did not tell in time how a list was read before.
var errNotRecalled = errors.New("how the list was read before could not be looked up")

// recall returns how the list was read before, by the fetch that last settled what is of use; nil if none did. Its errors are
// errNotRecalled, ctx's and the log's.
type recall func(ctx context.Context, isOfUse func(*atlantv1.Dialect) bool) (*pricelist.Remembered, error)

// recaller returns what recalls how the list was read before. An attempt that goes on where another one left off recalls what that
// one did, if anything: it must read the same bytes in the same way.
func (w *work) recaller(before *atlantv1.FetchParsed, sha256 []byte) recall {
	if before == nil || !bytes.Equal(before.GetSha256(), sha256) {
		return w.lastRead
	}
	id := before.GetDialect().GetRememberedFrom()
	return func(ctx context.Context, _ func(*atlantv1.Dialect) bool) (*pricelist.Remembered, error) {
		if id == "" {
			return nil, nil
		}
		recorded, err := w.recorded(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("recall how fetch %s read the list: %w", id, err)
		}
		return &pricelist.Remembered{Fetch: id, Dialect: parsed(recorded).GetDialect()}, nil
	}
}

// lastRead returns how the list of the same source and URL was last read with the same options. How a list is written has nothing to
// do with when its prices held: the fetch that was requested last counts, and one that asks for the past recalls it as well.
func (w *work) lastRead(ctx context.Context, isOfUse func(*atlantv1.Dialect) bool) (*pricelist.Remembered, error) {
	recent, err := w.recentFetches(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errNotRecalled
	}
	looked := 0
	for _, fetch := range recent {
		if fetch.GetId() == w.id.String() || fetch.GetUrl() != w.view.Fetch.GetUrl() || !endedWell(fetch) {
			continue
		}
		if looked++; looked > maxRecalled {
			break
		}
		found, err := w.readBy(ctx, fetch.GetId())
		if err != nil {
			return nil, fmt.Errorf("recall how the list was read: %w", err)
		}
		if found != nil && isOfUse(found.Dialect) {
			return found, nil
		}
	}
	return nil, nil //nolint:nilnil // as documented
}

func endedWell(fetch *atlantv1.Fetch) bool {
	return fetch.GetState() == atlantv1.FetchState_FETCH_STATE_COMPLETED ||
		fetch.GetState() == atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED
}

// readBy returns how a fetch read its list, or the one did that found the same list before; nil if it was asked for another list, or
// to read it in another way.
func (w *work) readBy(ctx context.Context, id string) (*pricelist.Remembered, error) {
	recorded, err := w.recorded(ctx, id)
	if err != nil || !asksForTheSame(recorded[0].Event.GetRequested(), w.request) {
		return nil, err
	}
	if unchanged := recorded[len(recorded)-1].Event.GetNotModified(); unchanged != nil {
		id = unchanged.GetPublishedBy()
		if recorded, err = w.recorded(ctx, id); err != nil {
			return nil, err
		}
	}
	if dialect := parsed(recorded).GetDialect(); dialect != nil {
		return &pricelist.Remembered{Fetch: id, Dialect: dialect}, nil
	}
	return nil, nil //nolint:nilnil // as documented
}

// recentFetches returns fetches of the source, the newest request first, among them all that ended before this one was begun.
func (w *work) recentFetches(ctx context.Context) ([]*atlantv1.Fetch, error) {
	ctx, cancel := context.WithTimeout(ctx, w.viewPatience)
	defer cancel()
	views, err := projections.WaitFor(ctx, w.live, events.FetchStream, w.hold.start)
	if err != nil {
		return nil, err
	}
	return views.ListFetches(ctx, w.request.GetSource(), nil, recentFetches)
}
