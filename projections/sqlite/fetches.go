package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var selectFetches = &rowStatement{before: "SELECT id, doc, sequence, rejects FROM fetches WHERE id IN (", row: "?", after: ")"}

// Fetches implements projections.FetchViews.
func (db *DB) Fetches(ctx context.Context, ids []events.FetchID) (map[events.FetchID]projections.FetchView, error) {
	known := make(map[events.FetchID]projections.FetchView, len(ids))
	for chunk := range slices.Chunk(sortedIDs(ids), idsPerStatement) {
		args := appendIDs(nil, chunk)
		err := db.reader.query(ctx, selectFetches.text(len(args)), args, func(rows *sql.Rows) error {
			var id events.FetchID
			var sequence int64
			view := projections.FetchView{Fetch: &atlantv1.Fetch{}}
			if err := rows.Scan(&id, scanProto(view.Fetch), &sequence, &view.Rejects); err != nil {
				return err
			}
			view.Sequence = uint64(sequence)
			known[id] = view
			return nil
		})
		if err != nil {
			return nil, db.failed("read", "fetches", err)
		}
	}
	return known, nil
}

// GetFetch implements projections.FetchQueries.
func (db *DB) GetFetch(ctx context.Context, id events.FetchID) (*atlantv1.Fetch, error) {
	known, err := db.Fetches(ctx, []events.FetchID{id})
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
func (db *DB) ListFetches(
	ctx context.Context, source string, after *projections.FetchCursor, limit int,
) ([]*atlantv1.Fetch, error) {
	text, args := fetchesStatement(source, after, limit)
	fetches := []*atlantv1.Fetch{}
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error {
		fetch := &atlantv1.Fetch{}
		fetches = append(fetches, fetch)
		return rows.Scan(scanProto(fetch))
	})
	if err != nil {
		return nil, db.failed("list", "fetches", err)
	}
	return fetches, nil
}

func fetchesStatement(source string, after *projections.FetchCursor, limit int) (string, []any) {
	text := "SELECT doc FROM fetches INDEXED BY fetches_by_request WHERE true"
	var args []any
	if source != "" {
		text = "SELECT doc FROM fetches INDEXED BY fetches_by_source_request WHERE source = ?"
		args = append(args, source)
	}
	if after != nil {
		text += " AND (requested_at, id) < (?, ?)"
		args = append(args, int64(after.RequestedAt), after.ID[:])
	}
	return text + " ORDER BY requested_at DESC, id DESC LIMIT ?", append(args, limit)
}

// ApplyFetches implements projections.FetchViews. It is one transaction.
func (db *DB) ApplyFetches(ctx context.Context, delta projections.FetchDelta, checkpoint projections.Checkpoint) error {
	err := db.writer.do(ctx, func(ctx context.Context, tx *transaction) error {
		for _, view := range delta.Fetches {
			if err := tx.writeFetch(ctx, view); err != nil {
				return fmt.Errorf("write fetch %s: %w", view.Fetch.GetId(), err)
			}
		}
		for id, rejects := range delta.Rejects {
			if err := tx.insertRejects(ctx, id, rejects); err != nil {
				return fmt.Errorf("insert rejects of fetch %s: %w", id, err)
			}
		}
		return tx.writeCheckpoint(ctx, checkpoint)
	})
	return db.failed("apply fetches of", string(checkpoint.Stream), err)
}

var upsertFetch = &rowStatement{
	before: "INSERT INTO fetches (id, source, requested_at, sequence, rejects, doc) VALUES ", row: "(?,?,?,?,?,?)",
	after: ` ON CONFLICT (id) DO UPDATE SET source = excluded.source, requested_at = excluded.requested_at,
		sequence = excluded.sequence, rejects = excluded.rejects, doc = excluded.doc WHERE excluded.sequence >= sequence`,
}

func (tx *transaction) writeFetch(ctx context.Context, view projections.FetchView) error {
	id, err := uuid.Parse(view.Fetch.GetId())
	if err != nil {
		return err
	}
	doc, err := proto.Marshal(view.Fetch)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, upsertFetch, 1, []any{
		id[:], view.Fetch.GetSource(), int64(events.MicrosOf(view.Fetch.GetRequestedAt())), int64(view.Sequence), view.Rejects, doc,
	})
	return err
}

// protoScanner decodes a column into a message.
type protoScanner struct{ message proto.Message }

func scanProto(m proto.Message) protoScanner { return protoScanner{m} }

// Scan implements sql.Scanner.
func (s protoScanner) Scan(value any) error {
	data, ok := value.([]byte)
	if !ok {
		return fmt.Errorf("decode %T: the column holds %T", s.message, value)
	}
	if err := proto.Unmarshal(data, s.message); err != nil {
		return fmt.Errorf("decode %T: %w", s.message, err)
	}
	return nil
}
