package mongo

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// Generations implements projections.Store.
func (s *Store) Generations(ctx context.Context) (projections.Generations, error) {
	record, err := s.readRecord(ctx)
	if err != nil {
		return projections.Generations{}, failed("read", "generations", err)
	}
	return record.generations(), nil
}

// SetGenerations implements projections.Store.
func (s *Store) SetGenerations(ctx context.Context, was, now projections.Generations) error {
	filter := append(recordFilter(), bson.E{Key: "revision", Value: was.Revision})
	result, err := s.record().UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: bson.D{
		{Key: "revision", Value: was.Revision + 1},
		{Key: "live", Value: now.Live},
		{Key: "previous", Value: now.Previous},
		{Key: "next", Value: now.Next},
		{Key: "last", Value: now.Last},
		{Key: "fill", Value: newFillDocument(now.Fill)},
	}}})
	if err == nil && result.MatchedCount == 0 {
		err = projections.ErrConflict
	}
	return failed("set", "generations", err)
}

// Live implements projections.LiveViews.
func (s *Store) Live(ctx context.Context) (projections.Views, error) {
	record, err := s.readRecord(ctx)
	if err != nil {
		return nil, failed("find", "the live views", err)
	}
	v, err := s.viewsOf(ctx, record, record.Live)
	if err != nil {
		return nil, err
	}
	if v.indexed.Load() {
		return v, nil
	}
	if err := v.BuildIndexes(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

// Views implements projections.Store.
func (s *Store) Views(ctx context.Context, number int64) (projections.Views, error) {
	record, err := s.readRecord(ctx)
	if err != nil {
		return nil, failed("find views of", generationName(number), err)
	}
	v, err := s.viewsOf(ctx, record, number)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// viewsOf returns the views of a generation, and makes their collections if the record says that there are none.
func (s *Store) viewsOf(ctx context.Context, record *recordDocument, number int64) (*views, error) {
	stored := slices.Contains(record.Stored, number)
	v := s.cachedViews(number, stored)
	if stored {
		return v, nil
	}
	if err := v.create(ctx); err != nil {
		return nil, failed("make views of", generationName(number), err)
	}
	update := bson.D{{Key: "$addToSet", Value: bson.D{{Key: "stored", Value: number}}}}
	if _, err := s.record().UpdateOne(ctx, recordFilter(), update); err != nil {
		return nil, failed("record views of", generationName(number), err)
	}
	return v, nil
}

// cachedViews returns the same views each time, as long as they are stored.
func (s *Store) cachedViews(number int64, stored bool) *views {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.views[number]
	if !ok || !stored {
		v = newViews(s, number)
		s.views[number] = v
	}
	return v
}

func generationName(number int64) string { return "generation " + strconv.FormatInt(number, 10) }

// generationCollection matches the name of a collection that belongs to one generation.
var generationCollection = regexp.MustCompile(`^` + layout + `(?:products|sightings|changes|fetches|rejects|sources|words)_(\d+)$`)

// DropViews implements projections.Store. It also removes what those wrote who did not know that a generation was gone, and
// what older versions of this program have left.
func (s *Store) DropViews(ctx context.Context, keep ...int64) error {
	keep = append([]int64{}, keep...) // not nil, which would be null
	others := bson.D{{Key: "$nin", Value: keep}}
	update := bson.D{{Key: "$pull", Value: bson.D{{Key: "stored", Value: others}}}}
	if _, err := s.record().UpdateOne(ctx, recordFilter(), update); err != nil {
		return failed("drop", "views from the record", err)
	}
	names, err := s.database.ListCollectionNames(ctx, bson.D{}, options.ListCollections().SetNameOnly(true))
	if err != nil {
		return failed("list", "collections", err)
	}
	for _, name := range names {
		if !isOther(name, keep) {
			continue
		}
		if err := s.database.Collection(name).Drop(ctx); err != nil {
			return failed("drop", name, err)
		}
	}
	_, err = s.checkpoints().DeleteMany(ctx, bson.D{{Key: "_id.generation", Value: others}})
	return failed("drop", "checkpoints", err)
}

// isOther tells whether the collection belongs to a generation that is not to be kept.
func isOther(name string, keep []int64) bool {
	if olderCollection.MatchString(name) {
		return true
	}
	match := generationCollection.FindStringSubmatch(name)
	if match == nil {
		return false
	}
	number, err := strconv.ParseInt(match[1], 10, 64)
	return err == nil && !slices.Contains(keep, number)
}
