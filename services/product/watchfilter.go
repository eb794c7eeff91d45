package product

import (
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// watchFilter says which changes a watcher wants.
type watchFilter struct {
	source   string          // empty: of all
	min, max *int64          // of the price, in micros; nil: no bound
	products map[string]bool // by id; nil: all
	words    []string        // beginnings of words of the name; none: all
}

// parseWatchFilter reads a validated request.
func parseWatchFilter(request *atlantv1.WatchRequest) (watchFilter, error) {
	f := watchFilter{source: request.GetSource(), min: request.MinPriceMicros, max: request.MaxPriceMicros}
	words, err := rpc.ParseWords("query", request.GetQuery())
	if err != nil {
		return f, err
	}
	f.words = words
	if f.max != nil && request.GetMinPriceMicros() > *f.max {
		return f, rpc.InvalidArgument("min_price_micros", "is greater than max_price_micros")
	}
	for _, text := range request.GetProductIds() {
		id, err := uuid.Parse(text)
		if err != nil {
			return f, rpc.InvalidArgument("product_ids", "%v", err)
		}
		if f.products == nil {
			f.products = make(map[string]bool, len(request.GetProductIds()))
		}
		f.products[id.String()] = true
	}
	return f, nil
}

// wanted returns those of the changes that pass; the slice is left as it is.
func (f *watchFilter) wanted(changes []*atlantv1.WatchedChange) []*atlantv1.WatchedChange {
	if f.source == "" && f.min == nil && f.max == nil && f.products == nil && len(f.words) == 0 {
		return changes
	}
	var all []*atlantv1.WatchedChange
	for _, c := range changes {
		if f.passes(c) {
			all = append(all, c)
		}
	}
	return all
}

func (f *watchFilter) passes(c *atlantv1.WatchedChange) bool {
	price := c.GetChange().GetPrice().GetAmountMicros()
	return (f.source == "" || c.GetProduct().GetSource() == f.source) &&
		(f.min == nil || price >= *f.min) && (f.max == nil || price <= *f.max) &&
		(f.products == nil || f.products[c.GetChange().GetProductId()]) &&
		(len(f.words) == 0 || projections.NameMatches(c.GetProduct().GetName(), f.words))
}
