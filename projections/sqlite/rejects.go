package sqlite

import (
	"context"
	"database/sql"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var insertRejects = &rowStatement{
	before: "INSERT INTO rejects (fetch, idx, doc) VALUES ", row: "(?,?,?)", after: " ON CONFLICT DO NOTHING",
}

func (tx *transaction) insertRejects(ctx context.Context, id events.FetchID, rejects []projections.IndexedReject) error {
	docs := make([][]byte, len(rejects))
	for i, r := range rejects {
		doc, err := proto.Marshal(r.Reject)
		if err != nil {
			return err
		}
		docs[i] = doc
		if doc == nil {
			docs[i] = []byte{} // nil would be NULL
		}
	}
	_, err := tx.execRows(ctx, insertRejects, len(rejects), func(args []any, i int) []any {
		return append(args, id[:], rejects[i].Index, docs[i])
	})
	return err
}

// ListRejects implements projections.FetchQueries.
func (db *DB) ListRejects(ctx context.Context, id events.FetchID, from int64, limit int) ([]*atlantv1.Reject, error) {
	const text = "SELECT doc FROM rejects WHERE fetch = ? AND idx >= ? ORDER BY idx LIMIT ?"
	rejects := []*atlantv1.Reject{}
	err := db.reader.query(ctx, text, []any{id[:], from, limit}, func(rows *sql.Rows) error {
		reject := &atlantv1.Reject{}
		rejects = append(rejects, reject)
		return rows.Scan(scanProto(reject))
	})
	if err != nil {
		return nil, db.failed("list rejects of", id.String(), err)
	}
	return rejects, nil
}
