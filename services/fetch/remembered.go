package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

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
	recent, err := w.recent(ctx, w.viewPatience)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errNotRecalled
	}
	looked := 0
	for _, fetch := range recent {
		if fetch.GetId() == w.id.String() || !isSameList(fetch, w.view.Fetch) || !endedWell(fetch) {
			continue
		}
		if looked++; looked > maxRecalled {
			break
		}
		found, err := w.readBy(ctx, fetch)
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

// readBy returns how a fetch read its list, or the one did that found the same list before; nil if that was asked for with other
// options.
func (w *work) readBy(ctx context.Context, fetch *atlantv1.Fetch) (*pricelist.Remembered, error) {
	recorded, err := w.recorded(ctx, fetch.GetId())
	if err != nil || !sameOptions(recorded[0].Event.GetRequested().GetCsv(), w.request.GetCsv()) {
		return nil, err
	}
	by, recorded, err := w.publishedBy(ctx, fetch.GetId(), recorded)
	dialect := parsed(recorded).GetDialect()
	if err != nil || dialect == nil {
		return nil, err
	}
	return &pricelist.Remembered{Fetch: by, Dialect: dialect}, nil
}

func sameOptions(a, b *atlantv1.CsvOptions) bool {
	return proto.Equal(a, b) || proto.Size(a) == 0 && proto.Size(b) == 0
}
