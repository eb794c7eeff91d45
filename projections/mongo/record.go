package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

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
	Late    map[events.Stream]int64 `bson:"late"`
	Version string                  `bson:"version"`
}

// readRecord makes the record if there is none, as other processes may do at the same time.
func (s *Store) readRecord(ctx context.Context) (*recordDocument, error) {
	record, err := s.findRecord(ctx)
	if !errors.Is(err, driver.ErrNoDocuments) {
		return record, err
	}
	if err := s.lookForOlder(ctx); err != nil {
		return nil, err
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

func (s *Store) record() *driver.Collection { return s.collection(recordCollection) }

func recordFilter() bson.D { return bson.D{{Key: "_id", Value: recordID}} }

func (r *recordDocument) generations() projections.Generations {
	generations := projections.Generations{
		Revision: r.Revision, Live: r.Live, Previous: r.Previous, Next: r.Next, Last: r.Last,
	}
	if r.Fill != nil {
		targets := make(map[events.Stream]uint64, len(r.Fill.Targets))
		for stream, sequence := range r.Fill.Targets {
			targets[stream] = uint64(sequence)
		}
		generations.Fill = &projections.Fill{
			Targets: targets, Passes: r.Fill.Passes, Done: r.Fill.Done, Late: r.Fill.Late, Version: r.Fill.Version,
		}
	}
	return generations
}

func newFillDocument(fill *projections.Fill) *fillDocument {
	if fill == nil {
		return nil
	}
	targets := make(map[events.Stream]int64, len(fill.Targets))
	for stream, sequence := range fill.Targets {
		targets[stream] = int64(sequence)
	}
	return &fillDocument{Targets: targets, Passes: fill.Passes, Done: fill.Done, Late: fill.Late, Version: fill.Version}
}
