package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/atlant-log/atlant/projections"
)

var _ projections.Views = (*views)(nil)

// errDropped: a generation that was found earlier is not there any more.
var errDropped = errors.New("these views were dropped, because others took their place")

// views is one generation.
type views struct {
	store  *Store
	number int64

	products, sightings, changes, fetches, rejects, sources, words *driver.Collection

	indexed atomic.Bool // whether this process knows that lists have their indexes
}

func newViews(s *Store, number int64) *views {
	collection := func(name string) *driver.Collection {
		return s.collection(name + "_" + strconv.FormatInt(number, 10))
	}
	return &views{
		store: s, number: number,
		products: collection("products"), sightings: collection("sightings"), changes: collection("changes"),
		fetches: collection("fetches"), rejects: collection("rejects"), sources: collection("sources"),
		words: collection("words"),
	}
}

// Generation implements projections.Views.
func (v *views) Generation() int64 { return v.number }

// failed adds to an error what was done, and to which generation; nil stays nil.
func (v *views) failed(operation, object string, err error) error {
	return failed(operation, object+" in "+generationName(v.number), err)
}

// check fails if the generation was dropped. Whoever writes calls it first, and whoever reads when nothing was found: a
// collection that is not there answers like an empty one.
func (v *views) check(ctx context.Context) error {
	record, err := v.store.findRecord(ctx)
	if errors.Is(err, driver.ErrNoDocuments) {
		return fmt.Errorf("%w: the database was", errDropped)
	}
	if err == nil && !slices.Contains(record.Stored, v.number) {
		return errDropped
	}
	return err
}
