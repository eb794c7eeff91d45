package mongo

import (
	"context"
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type rejectDocument struct {
	ID     rejectKey `bson:"_id"`
	Reject []byte    `bson:"reject"` // atlant.v1.Reject
}

func rejectDocuments(rejects map[events.FetchID][]projections.IndexedReject) ([]rejectDocument, error) {
	var all []rejectDocument
	for id, indexed := range rejects {
		for _, r := range indexed {
			data, err := proto.Marshal(r.Reject)
			if err != nil {
				return nil, fmt.Errorf("encode reject %d of fetch %s: %w", r.Index, id, err)
			}
			all = append(all, rejectDocument{rejectKey{id, r.Index}, data})
		}
	}
	return all, nil
}

// ListRejects implements projections.FetchQueries.
func (v *views) ListRejects(ctx context.Context, id events.FetchID, from int64, limit int) ([]*atlantv1.Reject, error) {
	filter := bson.D{{Key: fieldID, Value: bson.D{
		{Key: "$gte", Value: rejectKey{id, from}}, {Key: "$lte", Value: rejectKey{id, math.MaxInt64}},
	}}}
	found, err := findAll[rejectDocument](ctx, v.rejects, filter, limit, options.Find().SetSort(ordered(1, fieldID)))
	if err == nil && len(found) == 0 {
		err = v.check(ctx)
	}
	if err != nil {
		return nil, v.failed("list rejects of", id.String(), err)
	}
	rejects := make([]*atlantv1.Reject, len(found))
	for i := range found {
		if rejects[i], err = decode(found[i].Reject, &atlantv1.Reject{}); err != nil {
			return nil, v.failed("list rejects of", id.String(), err)
		}
	}
	return rejects, nil
}
