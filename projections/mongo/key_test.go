package mongo

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func drawPosition(t *rapid.T) events.Position {
	at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 2), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "at")
	id := rapid.OneOf(
		rapid.SampledFrom([]uuid.UUID{uuid.Nil, uuid.Max}),
		rapid.Custom(func(t *rapid.T) uuid.UUID { return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")) }),
	).Draw(t, "fetch")
	return events.Position{ObservedAt: events.Micros(at), Fetch: id}
}

// TestPositionsSort: the server compares bytes.
func TestPositionsSort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, q := drawPosition(t), drawPosition(t)
		if got := bytes.Compare(appendPosition(nil, p), appendPosition(nil, q)); got != p.Compare(q) {
			t.Fatalf("the bytes of %v and %v compare as %d", p, q, got)
		}
	})
}

// TestKeysSurvive: what a document holds is what it is read as, each in a binary value of one length.
func TestKeysSurvive(t *testing.T) {
	t.Parallel()
	type document struct {
		ID       uuidKey
		Position positionValue
		Change   changeKey
	}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPosition(t)
		want := document{uuidKey(p.Fetch), positionValue(p), changeKey{p.Fetch, p}}
		data, err := bson.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got document
		if err := bson.Unmarshal(data, &got); err != nil || got != want {
			t.Fatalf("got %v, error %v, want %v", got, err, want)
		}
		sizes := map[string]int{"id": sizeID, "position": sizePosition, "change": sizeChange}
		for field, size := range sizes {
			if _, value := bson.Raw(data).Lookup(field).Binary(); len(value) != size {
				t.Fatalf("%s has %d bytes, not %d", field, len(value), size)
			}
		}
	})
}

func TestKeysOfOtherTypesAreRefused(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"text", nil, int64(1), make([]byte, sizeID-1), make([]byte, sizeID+1)} {
		data, err := bson.Marshal(bson.D{{Key: "_id", Value: value}})
		if err != nil {
			t.Fatal(err)
		}
		for _, into := range []any{&sightingDocument{}, &changeDocument{}} {
			if err := bson.Unmarshal(data, into); err == nil {
				t.Errorf("%v was taken for the key of %T", value, into)
			}
		}
	}
}
