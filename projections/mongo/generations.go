package mongo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// The record of generations is the one document of its collection.
const (
	recordCollection = "views"
	recordID         = "generations"
)

// recordDocument is projections.Generations as it is stored.
type recordDocument struct {
	ID       string        `bson:"_id"`
	Revision int64         `bson:"revision"`
	Live     int64         `bson:"live"`
	Previous int64         `bson:"previous"`
	Next     int64         `bson:"next"`
	Last     int64         `bson:"last"`
	Fill     *fillDocument `bson:"fill"`
	// Stored are the generations that have collections. A collection that is written to comes into being, so this is what
	// tells one that was dropped from an empty one.
	Stored []int64 `bson:"stored"`
}

type fillDocument struct {
	Targets map[events.Stream]int64 `bson:"targets"`
	Passes  int                     `bson:"passes"`
	Done    int                     `bson:"done"`
}

// readRecord makes the record if there is none, as other processes may do at the same time.
func (s *Store) readRecord(ctx context.Context) (*recordDocument, error) {
	record, err := s.findRecord(ctx)
	if !errors.Is(err, driver.ErrNoDocuments) {
		return record, err
	}
	first := recordDocument{ID: recordID, Revision: 1, Live: 1, Last: 1, Stored: []int64{}}
	_, err = s.record().InsertOne(ctx, first)
	if err != nil && !driver.IsDuplicateKeyError(err) {
		return nil, fmt.Errorf("make the record of generations: %w", err)
	}
	return s.findRecord(ctx)
}

func (s *Store) findRecord(ctx context.Context) (*recordDocument, error) {
	var record recordDocument
	if err := s.record().FindOne(ctx, recordFilter()).Decode(&record); err != nil {
		return nil, fmt.Errorf("read the record of generations: %w", err)
	}
	return &record, nil
}

func (s *Store) record() *driver.Collection { return s.database.Collection(recordCollection) }

func recordFilter() bson.D { return bson.D{{Key: "_id", Value: recordID}} }

// Generations implements projections.Store.
func (s *Store) Generations(ctx context.Context) (projections.Generations, error) {
	record, err := s.readRecord(ctx)
	if err != nil {
		return projections.Generations{}, failed("read", "generations", err)
	}
	return record.generations(), nil
}

func (r *recordDocument) generations() projections.Generations {
	generations := projections.Generations{
		Revision: r.Revision, Live: r.Live, Previous: r.Previous, Next: r.Next, Last: r.Last,
	}
	if r.Fill != nil {
		targets := make(map[events.Stream]uint64, len(r.Fill.Targets))
		for stream, sequence := range r.Fill.Targets {
			targets[stream] = uint64(sequence)
		}
		generations.Fill = &projections.Fill{Targets: targets, Passes: r.Fill.Passes, Done: r.Fill.Done}
	}
	return generations
}

// SetGenerations implements projections.Store.
func (s *Store) SetGenerations(ctx context.Context, was, now projections.Generations) error {
	filter := append(recordFilter(), bson.E{Key: "revision", Value: was.Revision})
	result, err := s.record().UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: bson.D{
		{Key: "revision", Value: was.Revision + 1}, {Key: "live", Value: now.Live}, {Key: "previous", Value: now.Previous},
		{Key: "next", Value: now.Next}, {Key: "last", Value: now.Last}, {Key: "fill", Value: newFillDocument(now.Fill)},
	}}})
	if err == nil && result.MatchedCount == 0 {
		err = projections.ErrConflict
	}
	return failed("set", "generations", err)
}

func newFillDocument(fill *projections.Fill) *fillDocument {
	if fill == nil {
		return nil
	}
	targets := make(map[events.Stream]int64, len(fill.Targets))
	for stream, sequence := range fill.Targets {
		targets[stream] = int64(sequence)
	}
	return &fillDocument{Targets: targets, Passes: fill.Passes, Done: fill.Done}
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
var generationCollection = regexp.MustCompile(`^(?:products|sightings|changes|fetches|rejects|sources)_(\d+)$`)

// DropViews implements projections.Store. It also removes what those wrote who did not know that a generation was gone.
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
	match := generationCollection.FindStringSubmatch(name)
	if match == nil {
		return false
	}
	number, err := strconv.ParseInt(match[1], 10, 64)
	return err == nil && !slices.Contains(keep, number)
}
