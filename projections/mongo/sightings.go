package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// minGroup is how many products must share a position for one update to move them all by a list of ids.
const minGroup = 20

// moveSightings moves known products to their last observation, never back: a projector that lags behind may be at work
// too. Nearly always there are many of one fetch, and these go together. It returns ErrConflict if a product does not exist.
func (v *views) moveSightings(ctx context.Context, seen []projections.Product) error {
	groups := map[events.Position][]sightingDocument{}
	for i := range seen {
		groups[seen[i].Seen] = append(groups[seen[i].Seen], newSightingDocument(&seen[i]))
	}
	var rest []sightingDocument
	for _, group := range groups {
		if len(group) < minGroup {
			rest = append(rest, group...)
			continue
		}
		slices.SortFunc(group, func(a, b sightingDocument) int { return compareIDs(a.ID, b.ID) })
		for chunk := range slices.Chunk(group, idsPerFind) {
			if err := v.moveChunk(ctx, chunk, v.moveTogether); err != nil {
				return err
			}
		}
	}
	for chunk := range slices.Chunk(rest, idsPerFind) {
		if err := v.moveChunk(ctx, chunk, v.moveEach); err != nil {
			return err
		}
	}
	return nil
}

// moveChunk moves sightings. Those that did not match are further on, or were never written, because of a crash.
func (v *views) moveChunk(
	ctx context.Context, chunk []sightingDocument, move func(context.Context, []sightingDocument) (matched int, err error),
) error {
	matched, err := move(ctx, chunk)
	if err != nil || matched == len(chunk) {
		return err
	}
	ids := documents(chunk, func(s *sightingDocument) uuidKey { return s.ID })
	known, err := v.products.CountDocuments(ctx, inIDs(ids))
	if err != nil {
		return err
	}
	if known != int64(len(ids)) {
		return projections.ErrConflict
	}
	stored, err := v.findSightings(ctx, ids)
	if err != nil {
		return err
	}
	return v.insertSightings(ctx, slices.DeleteFunc(slices.Clone(chunk), func(s sightingDocument) bool {
		_, ok := stored[s.ID]
		return ok
	}))
}

// insertSightings inserts sightings that are missing. Where another projector was faster, they are moved.
func (v *views) insertSightings(ctx context.Context, sightings []sightingDocument) error {
	existed, err := insertNew(ctx, v.sightings, sightings)
	if err == nil && existed > 0 {
		_, err = v.moveEach(ctx, sightings)
	}
	return err
}

// moveTogether moves sightings that share a position.
func (v *views) moveTogether(ctx context.Context, sightings []sightingDocument) (matched int, err error) {
	position := sightings[0].Position
	ids := documents(sightings, func(s *sightingDocument) uuidKey { return s.ID })
	result, err := v.sightings.UpdateMany(ctx, append(inIDs(ids), before(position)), setPosition(position))
	if err != nil {
		return 0, err
	}
	return int(result.MatchedCount), nil
}

// moveEach moves sightings of any positions.
func (v *views) moveEach(ctx context.Context, sightings []sightingDocument) (matched int, err error) {
	models := documents(sightings, func(s *sightingDocument) driver.WriteModel {
		return driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: fieldID, Value: s.ID}, before(s.Position)}).SetUpdate(setPosition(s.Position))
	})
	matched, _, err = writeAll(ctx, v.sightings, models)
	return matched, err
}

func before(position positionValue) bson.E {
	return bson.E{Key: fieldPosition, Value: bson.D{{Key: "$lt", Value: position}}}
}

func setPosition(position positionValue) bson.D {
	return bson.D{{Key: "$set", Value: bson.D{{Key: fieldPosition, Value: position}}}}
}

// findSightings returns where those of the products were seen last that have a sighting.
func (v *views) findSightings(ctx context.Context, ids []uuidKey) (map[uuidKey]events.Position, error) {
	found, err := findAll[sightingDocument](ctx, v.sightings, inIDs(ids), len(ids), options.Find())
	positions := make(map[uuidKey]events.Position, len(found))
	for i := range found {
		positions[found[i].ID] = events.Position(found[i].Position)
	}
	return positions, err
}
