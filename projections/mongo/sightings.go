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
	sightings := inOrder(seen, newSightingDocument)
	groups := map[positionValue][]sightingDocument{}
	for _, sighting := range sightings {
		groups[sighting.Position] = append(groups[sighting.Position], sighting)
	}
	for _, group := range groups {
		if len(group) < minGroup {
			continue
		}
		if err := v.move(ctx, group, v.moveTogether); err != nil {
			return err
		}
	}
	rest := slices.DeleteFunc(sightings, func(s sightingDocument) bool { return len(groups[s.Position]) >= minGroup })
	return v.move(ctx, rest, v.moveEach)
}

// move moves sightings. Those that did not match are further on, or were never written, because of a crash.
func (v *views) move(
	ctx context.Context, sightings []sightingDocument, how func(context.Context, []sightingDocument) (matched int, err error),
) error {
	return eachChunk(ctx, sightings, idsPerCommand, func(ctx context.Context, chunk []sightingDocument) error {
		matched, err := how(ctx, chunk)
		if err != nil || matched == len(chunk) {
			return err
		}
		missing, err := v.missingSightings(ctx, chunk)
		if err != nil {
			return err
		}
		return v.insertSightings(ctx, missing)
	})
}

// missingSightings returns those that are not stored. It returns ErrConflict if a product does not exist.
func (v *views) missingSightings(ctx context.Context, sightings []sightingDocument) ([]sightingDocument, error) {
	ids := documents(sightings, func(s *sightingDocument) uuidKey { return s.ID })
	known, err := v.products.CountDocuments(ctx, inIDs(ids))
	if err != nil {
		return nil, err
	}
	if known != int64(len(ids)) {
		return nil, projections.ErrConflict
	}
	stored, err := v.findSightings(ctx, ids)
	return slices.DeleteFunc(slices.Clone(sightings), func(s sightingDocument) bool {
		_, ok := stored[s.ID]
		return ok
	}), err
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
