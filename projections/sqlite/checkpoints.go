package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Checkpoint implements projections.Checkpoints.
func (db *DB) Checkpoint(ctx context.Context, stream events.Stream) (projections.Checkpoint, error) {
	found := projections.Checkpoint{Stream: stream}
	const text = "SELECT stream, sequence, logged_at, late, projected_at FROM checkpoints WHERE stream = ?"
	err := db.reader.query(ctx, text, []any{string(stream)}, func(rows *sql.Rows) (err error) {
		found, err = scanCheckpoint(rows)
		return err
	})
	if err != nil {
		return projections.Checkpoint{}, db.failed("read checkpoint of", string(stream), err)
	}
	return found, nil
}

// Checkpoints implements projections.Checkpoints.
func (db *DB) Checkpoints(ctx context.Context) ([]projections.Checkpoint, error) {
	var all []projections.Checkpoint
	const text = "SELECT stream, sequence, logged_at, late, projected_at FROM checkpoints"
	err := db.reader.query(ctx, text, nil, func(rows *sql.Rows) error {
		found, err := scanCheckpoint(rows)
		all = append(all, found)
		return err
	})
	return all, db.failed("read checkpoints of", "all streams", err)
}

func scanCheckpoint(rows *sql.Rows) (projections.Checkpoint, error) {
	var checkpoint projections.Checkpoint
	var sequence, loggedAt, projectedAt int64
	err := rows.Scan(&checkpoint.Stream, &sequence, &loggedAt, &checkpoint.Late, &projectedAt)
	checkpoint.Sequence = uint64(sequence)
	if loggedAt != 0 {
		checkpoint.LoggedAt = time.Unix(0, loggedAt).UTC()
	}
	checkpoint.ProjectedAt = time.UnixMicro(projectedAt).UTC()
	return checkpoint, err
}

// writeCheckpoint moves the checkpoint, but never back: another projector may be further on.
func (tx *transaction) writeCheckpoint(ctx context.Context, checkpoint projections.Checkpoint) error {
	const text = `INSERT INTO checkpoints (stream, sequence, logged_at, late, projected_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (stream) DO UPDATE SET
			logged_at = iif(excluded.sequence > sequence, excluded.logged_at, logged_at),
			sequence = max(sequence, excluded.sequence),
			late = late + iif(excluded.sequence > sequence, excluded.late, 0), projected_at = excluded.projected_at`
	var loggedAt int64
	if !checkpoint.LoggedAt.IsZero() { // it has no UnixNano
		loggedAt = checkpoint.LoggedAt.UnixNano()
	}
	// Sequences stay below 2^63: at a million events a second that takes 292,000 years.
	err := tx.execText(ctx, text, string(checkpoint.Stream), int64(checkpoint.Sequence), loggedAt, checkpoint.Late,
		time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}
