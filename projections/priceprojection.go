package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// conflictAttempts bounds how often a batch is folded again because another projector wrote first.
const conflictAttempts = 10

// priceProjection takes a price shard into views.
type priceProjection struct {
	views  Views
	park   parker
	cache  *productCache
	repair uint64 // the last one that the cache knows of

	at        uint64    // the checkpoint
	manyNew   int       // new products in a batch that may begin a first load
	firstLoad FirstLoad // nil unless the indexes are to be built yet
	arrived   *idSet    // while ids are not indexed: the products of the stream that are stored; nil else
}

// decode implements projection.
func (p *priceProjection) decode(messages []events.Message) *decodedBatch {
	return decodePrices(messages)
}

// decodePrices decodes messages of a price stream.
func decodePrices(messages []events.Message) *decodedBatch {
	batch := newDecodedBatch(messages)
	for i, m := range messages {
		batch.goesOn = true
		if m.Kind == events.KindMarker {
			batch.goesOn = !endsFetch(m)
			batch.addTrace(m.TraceParent)
			continue
		}
		all, err := decodeObservations(batch.observations, m)
		if err != nil {
			batch.malformed = append(batch.malformed, malformedMessage{m, err})
			continue
		}
		if len(batch.observations) == 0 {
			all = slices.Grow(all, asManyIn(messages[i+1:], len(all), len(m.Data)))
		}
		batch.observations = all
	}
	batch.goesOn = batch.goesOn || batch.end.Pending > 0
	batch.ids = make([]events.ProductID, len(batch.observations))
	for i := range batch.observations {
		batch.ids[i] = batch.observations[i].ProductID()
	}
	return batch
}

// endsFetch tells whether no more of a fetch follows a marker.
func endsFetch(m events.Message) bool {
	var marker atlantv1.FetchMarker
	return proto.Unmarshal(m.Data, &marker) != nil || marker.GetDone()
}

// asManyIn estimates how many observations are in messages, where there were so many in so many bytes. To let them grow step
// by step would take as long as to decode them.
func asManyIn(messages []events.Message, observations, bytes int) int {
	var all int
	for i := range messages {
		all += len(messages[i].Data)
	}
	return all * observations / bytes
}

// decodeObservations appends the observations of a message.
func decodeObservations(into []events.Observation, m events.Message) ([]events.Observation, error) {
	if m.Kind != events.KindObserved {
		return into, fmt.Errorf("%w: this version knows no subject like %s", events.ErrMalformed, m.Subject)
	}
	all, err := events.DecodeObservations(into, m.Data)
	place := events.LogPlace{Shard: m.Stream.Shard(), Sequence: m.Sequence}
	for i := len(into); i < len(all); i++ {
		all[i].Place = place
	}
	return all, err
}

// apply implements projection. It folds until no other projector came between reading the state and writing it.
func (p *priceProjection) apply(ctx context.Context, batch *decodedBatch) error {
	if err := parkAll(ctx, p.park, batch.malformed); err != nil {
		return err
	}
	if err := p.forgetRepaired(ctx); err != nil {
		return err
	}
	var err error
	for range conflictAttempts {
		if err = p.fold(ctx, batch); !errors.Is(err, ErrConflict) {
			return err
		}
		p.cache.drop()
		if err := p.indexIDs(ctx); err != nil {
			return err
		}
	}
	return err
}

// fold tries once. If it fails, the cache is of no use any more.
func (p *priceProjection) fold(ctx context.Context, batch *decodedBatch) error {
	loaded, err := p.load(ctx, batch.ids)
	if err != nil {
		return fmt.Errorf("load products: %w", err)
	}
	delta := foldBatch(batch.ids, batch.observations, func(i int) (Product, bool) {
		if known, ok := p.cache.product(&batch.ids[i], &batch.observations[i]); ok {
			return known, true
		}
		known, ok := loaded[batch.ids[i]]
		return known, ok
	})
	if err := p.write(ctx, delta, checkpointAt(batch.end, delta.Late), batch.goesOn); err != nil {
		return fmt.Errorf("write products: %w", err)
	}
	p.at = batch.end.Sequence
	p.cache.takeIn(loaded, &delta)
	return nil
}

// load returns those of the products that are known and not in the cache.
func (p *priceProjection) load(ctx context.Context, ids []events.ProductID) (map[events.ProductID]Product, error) {
	if p.cache.complete {
		return nil, nil //nolint:nilnil // what is not in the cache is nowhere
	}
	var missing []events.ProductID
	for i := range ids {
		if !p.cache.has(&ids[i]) && (p.arrived == nil || p.arrived.has(&ids[i])) {
			missing = append(missing, ids[i])
		}
	}
	if len(missing) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to ask for
	}
	if err := p.indexIDs(ctx); err != nil {
		return nil, err
	}
	return p.views.Products(ctx, missing)
}

// forgetRepaired drops the cache if a product was repaired.
func (p *priceProjection) forgetRepaired(ctx context.Context) error {
	last, err := repairsOf(ctx, p.views)
	if err == nil && last != p.repair {
		p.cache.drop()
		p.repair = last
	}
	return err
}
