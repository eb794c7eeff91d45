package mongo

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// fetchDocument is a fetch as an encoded atlant.v1.Fetch, and what it is found by.
type fetchDocument struct {
	ID    uuidKey    `bson:"_id"`
	State fetchState `bson:",inline"`
}

type fetchState struct {
	Source      string        `bson:"source"`
	RequestedAt events.Micros `bson:"requested_at"`
	Sequence    int64         `bson:"sequence"` // of the last event folded into it
	Rejects     int64         `bson:"rejects"`
	Fetch       []byte        `bson:"fetch"`
}

// Fetches implements projections.FetchViews.
func (v *views) Fetches(ctx context.Context, ids []events.FetchID) (map[events.FetchID]projections.FetchView, error) {
	known := make(map[events.FetchID]projections.FetchView, len(ids))
	for chunk := range slices.Chunk(sortedIDs(ids), idsPerCommand) {
		found, err := findAll[fetchDocument](ctx, v.fetches, inIDs(chunk), len(chunk), options.Find())
		if err != nil {
			return nil, v.failed("read", "fetches", err)
		}
		for i := range found {
			fetch, err := decode(found[i].State.Fetch, &atlantv1.Fetch{})
			if err != nil {
				return nil, v.failed("read", "fetches", err)
			}
			known[events.FetchID(found[i].ID)] = projections.FetchView{
				Fetch: fetch, Sequence: uint64(found[i].State.Sequence), Rejects: found[i].State.Rejects,
			}
		}
	}
	if len(known) == 0 {
		return known, v.failed("read", "fetches", v.check(ctx))
	}
	return known, nil
}

// decode fills a message from its encoding.
func decode[M proto.Message](data []byte, message M) (M, error) {
	if err := proto.Unmarshal(data, message); err != nil {
		return message, fmt.Errorf("decode %T: %w", message, err)
	}
	return message, nil
}

// GetFetch implements projections.FetchQueries.
func (v *views) GetFetch(ctx context.Context, id events.FetchID) (*atlantv1.Fetch, error) {
	known, err := v.Fetches(ctx, []events.FetchID{id})
	if err != nil {
		return nil, err
	}
	view, ok := known[id]
	if !ok {
		return nil, projections.ErrNotFound
	}
	return view.Fetch, nil
}

// ListFetches implements projections.FetchQueries.
func (v *views) ListFetches(
	ctx context.Context, source string, after *projections.FetchCursor, limit int,
) ([]*atlantv1.Fetch, error) {
	fetches := []*atlantv1.Fetch{}
	for _, filter := range fetchFilters(source, after) {
		if len(fetches) == limit {
			break
		}
		how := options.Find().SetSort(ordered(-1, fieldRequestedAt, fieldID))
		found, err := findAll[fetchDocument](ctx, v.fetches, filter, limit-len(fetches), how)
		if err != nil {
			return nil, v.failed("list", "fetches", err)
		}
		for i := range found {
			fetch, err := decode(found[i].State.Fetch, &atlantv1.Fetch{})
			if err != nil {
				return nil, v.failed("list", "fetches", err)
			}
			fetches = append(fetches, fetch)
		}
	}
	if len(fetches) == 0 {
		return fetches, v.failed("list", "fetches", v.check(ctx))
	}
	return fetches, nil
}

// fetchFilters returns the filters of the finds whose results, one after the other, are the page: the rest of those that
// were requested at the cursor's time, and those before.
func fetchFilters(source string, after *projections.FetchCursor) []bson.D {
	base := bson.D{}
	if source != "" {
		base = bson.D{{Key: fieldSource, Value: source}}
	}
	if after == nil {
		return []bson.D{base}
	}
	with := func(conditions ...bson.E) bson.D { return append(slices.Clone(base), conditions...) }
	earlier := func(value any) bson.D { return bson.D{{Key: "$lt", Value: value}} }
	return []bson.D{
		with(
			bson.E{Key: fieldRequestedAt, Value: after.RequestedAt},
			bson.E{Key: fieldID, Value: earlier(uuidKey(after.ID))}),
		with(bson.E{Key: fieldRequestedAt, Value: earlier(after.RequestedAt)}),
	}
}

// ApplyFetches implements projections.FetchViews. The rejects come before the fetches: an event that a stored fetch holds is
// not folded again, so its rejects would be lost by a crash in between.
func (v *views) ApplyFetches(ctx context.Context, delta projections.FetchDelta, checkpoint projections.Checkpoint) error {
	return v.failed("apply fetches of", string(checkpoint.Stream), v.applyFetches(ctx, &delta, checkpoint))
}

func (v *views) applyFetches(ctx context.Context, delta *projections.FetchDelta, checkpoint projections.Checkpoint) error {
	if err := v.check(ctx); err != nil {
		return err
	}
	rejects, err := rejectDocuments(delta.Rejects)
	if err != nil {
		return err
	}
	if _, err := insertNew(ctx, v.rejects, rejects); err != nil {
		return fmt.Errorf("insert rejects: %w", err)
	}
	if err := v.writeFetches(ctx, delta.Fetches); err != nil {
		return fmt.Errorf("write fetches: %w", err)
	}
	return v.writeCheckpoint(ctx, checkpoint)
}

// writeFetches writes those that are not stored with a higher sequence.
func (v *views) writeFetches(ctx context.Context, views []projections.FetchView) error {
	fetches := make([]fetchDocument, len(views))
	for i := range views {
		fetch, err := newFetchDocument(&views[i])
		if err != nil {
			return fmt.Errorf("encode fetch %s: %w", views[i].Fetch.GetId(), err)
		}
		fetches[i] = fetch
	}
	_, existed, err := writeAll(ctx, v.fetches, fetchUpdates(fetches, true))
	if err == nil && existed > 0 {
		// They have a higher sequence, or another projector has inserted them just now, and may be behind.
		_, _, err = writeAll(ctx, v.fetches, fetchUpdates(fetches, false))
	}
	return err
}

func newFetchDocument(view *projections.FetchView) (fetchDocument, error) {
	id, err := uuid.Parse(view.Fetch.GetId())
	if err != nil {
		return fetchDocument{}, err
	}
	data, err := proto.Marshal(view.Fetch)
	return fetchDocument{uuidKey(id), fetchState{
		Source: view.Fetch.GetSource(), RequestedAt: events.MicrosOf(view.Fetch.GetRequestedAt()),
		Sequence: int64(view.Sequence), Rejects: view.Rejects, Fetch: data,
	}}, err
}

func fetchUpdates(fetches []fetchDocument, upsert bool) []driver.WriteModel {
	return documents(fetches, func(d *fetchDocument) driver.WriteModel {
		older := bson.D{{Key: "$lte", Value: d.State.Sequence}}
		return driver.NewUpdateOneModel().SetUpsert(upsert).
			SetFilter(bson.D{{Key: fieldID, Value: d.ID}, {Key: fieldSequence, Value: older}}).
			SetUpdate(bson.D{{Key: "$set", Value: d.State}})
	})
}
