package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

type checkpointKey struct {
	Generation int64         `bson:"generation"`
	Stream     events.Stream `bson:"stream"`
}

type checkpointDocument struct {
	ID          checkpointKey `bson:"_id"`
	Sequence    int64         `bson:"sequence"`
	LoggedAt    int64         `bson:"logged_at"` // of the message at sequence; nanoseconds since the Unix epoch, as the log has it
	Late        int64         `bson:"late"`
	ProjectedAt events.Micros `bson:"projected_at"`
}

func (s *Store) checkpoints() *driver.Collection { return s.collection("checkpoints") }

// Checkpoint implements projections.Checkpoints.
func (v *views) Checkpoint(ctx context.Context, stream events.Stream) (projections.Checkpoint, error) {
	var found checkpointDocument
	err := v.store.checkpoints().FindOne(ctx, bson.D{{Key: fieldID, Value: checkpointKey{v.number, stream}}}).Decode(&found)
	if errors.Is(err, driver.ErrNoDocuments) {
		return projections.Checkpoint{Stream: stream}, v.failed("read checkpoint of", string(stream), v.check(ctx))
	}
	if err != nil {
		return projections.Checkpoint{}, v.failed("read checkpoint of", string(stream), err)
	}
	return found.checkpoint(), nil
}

// Checkpoints implements projections.Checkpoints. There are some for each generation, too few for an index.
func (v *views) Checkpoints(ctx context.Context) ([]projections.Checkpoint, error) {
	var found []checkpointDocument
	cursor, err := v.store.checkpoints().Find(ctx, bson.D{{Key: fieldID + ".generation", Value: v.number}})
	if err == nil {
		err = cursor.All(ctx, &found)
	}
	if err == nil && len(found) == 0 {
		err = v.check(ctx)
	}
	if err != nil {
		return nil, v.failed("read checkpoints of", "all streams", err)
	}
	all := make([]projections.Checkpoint, len(found))
	for i := range found {
		all[i] = found[i].checkpoint()
	}
	return all, nil
}

func (d *checkpointDocument) checkpoint() projections.Checkpoint {
	checkpoint := projections.Checkpoint{
		Stream: d.ID.Stream, Sequence: uint64(d.Sequence), Late: d.Late,
		ProjectedAt: time.UnixMicro(int64(d.ProjectedAt)).UTC(),
	}
	if d.LoggedAt != 0 {
		checkpoint.LoggedAt = time.Unix(0, d.LoggedAt).UTC()
	}
	return checkpoint
}

// writeCheckpoint moves the checkpoint, but never back: another projector may be further on.
func (v *views) writeCheckpoint(ctx context.Context, checkpoint projections.Checkpoint) error {
	var loggedAt int64
	if !checkpoint.LoggedAt.IsZero() { // it has no UnixNano
		loggedAt = checkpoint.LoggedAt.UnixNano()
	}
	// Sequences stay below 2^63: at a million events a second that takes 292,000 years.
	sequence := int64(checkpoint.Sequence)
	filter := bson.D{
		{Key: fieldID, Value: checkpointKey{v.number, checkpoint.Stream}},
		{Key: fieldSequence, Value: bson.D{{Key: "$lt", Value: sequence}}},
	}
	update := bson.D{
		{Key: "$set", Value: bson.D{
			{Key: fieldSequence, Value: sequence},
			{Key: "logged_at", Value: loggedAt},
			{Key: "projected_at", Value: time.Now().UnixMicro()},
		}},
		{Key: "$inc", Value: bson.D{{Key: "late", Value: checkpoint.Late}}},
	}
	_, err := v.store.checkpoints().UpdateOne(ctx, filter, update, options.UpdateOne().SetUpsert(true))
	if driver.IsDuplicateKeyError(err) {
		// It is further on, or another projector has inserted it just now, and may be behind.
		_, err = v.store.checkpoints().UpdateOne(ctx, filter, update)
	}
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}
