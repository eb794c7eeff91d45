package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/projections"
)

// productFind is a find that reads, for each of its sources, one range of an index.
type productFind struct {
	filter, sort bson.D
	hint         string
}

// pageFinds returns the finds whose results, one after the other, are the page of a list of these sources. A range that
// begins between two ids of one value is two ranges to MongoDB: the rest of that value, and the values beyond it.
func pageFinds(query *projections.ProductQuery, sources []string) []productFind {
	order := sortOrders[query.SortBy]
	direction, beyond := 1, "$gt"
	if query.Descending {
		direction, beyond = -1, "$lt"
	}
	lower, upper := sortRange(query)
	find := func(value bson.D, conditions ...bson.E) productFind {
		filter := bson.D{{Key: fieldSource, Value: oneOf(sources)}}
		if len(value) > 0 {
			filter = append(filter, bson.E{Key: order.field, Value: value})
		}
		filter = append(append(filter, conditions...), otherConditions(&query.Filter, query.SortBy)...)
		return productFind{filter: filter, sort: ordered(direction, order.field, fieldID), hint: order.index}
	}
	if query.After == nil {
		return []productFind{find(rangeOf(lower, upper))}
	}
	number, value := query.After.Value.Number, sortValue(query.SortBy, query.After.Value)
	rest := find(
		bson.D{{Key: "$eq", Value: value}},
		bson.E{Key: fieldID, Value: bson.D{{Key: beyond, Value: uuidKey(query.After.ID)}}})
	if lower != nil && number < *lower || upper != nil && number > *upper { // the cursor is outside of the range
		return []productFind{find(append(bson.D{{Key: beyond, Value: value}}, rangeOf(lower, upper)...))}
	}
	// Of the cursor and the bound at the same end, the cursor says more.
	if query.Descending {
		upper = nil
	} else {
		lower = nil
	}
	return []productFind{rest, find(append(bson.D{{Key: beyond, Value: value}}, rangeOf(lower, upper)...))}
}

func oneOf(sources []string) any {
	if len(sources) == 1 {
		return sources[0]
	}
	return bson.D{{Key: "$in", Value: sources}}
}

func sortValue(key projections.SortKey, value projections.SortValue) any {
	if key == projections.SortByName {
		return value.Text
	}
	return value.Number
}

// sortRange returns the bounds that the filter puts on the sort value itself.
func sortRange(query *projections.ProductQuery) (lower, upper *int64) {
	switch query.SortBy {
	case projections.SortByPrice:
		return query.Filter.MinPriceMicros, query.Filter.MaxPriceMicros
	case projections.SortByPriceChangedAt:
		return (*int64)(query.Filter.ChangedSince), nil
	case projections.SortByName, projections.SortByPriceChanges, projections.SortByFirstObservedAt:
	}
	return nil, nil
}

// rangeOf returns the operators for bounds, of which each may be absent.
func rangeOf(lower, upper *int64) bson.D {
	var bounds bson.D
	if lower != nil {
		bounds = append(bounds, bson.E{Key: "$gte", Value: *lower})
	}
	if upper != nil {
		bounds = append(bounds, bson.E{Key: "$lte", Value: *upper})
	}
	return bounds
}

// otherConditions are those of the filter that sortRange does not hold; the source is left to the caller.
func otherConditions(filter *projections.ProductFilter, sorted projections.SortKey) bson.D {
	var conditions bson.D
	if filter.ChangedSince != nil {
		conditions = append(conditions, bson.E{Key: fieldPriceChanges, Value: bson.D{{Key: "$gt", Value: 0}}})
		if sorted != projections.SortByPriceChangedAt {
			since := rangeOf((*int64)(filter.ChangedSince), nil)
			conditions = append(conditions, bson.E{Key: fieldPriceChangedAt, Value: since})
		}
	}
	if prices := rangeOf(filter.MinPriceMicros, filter.MaxPriceMicros); len(prices) > 0 && sorted != projections.SortByPrice {
		conditions = append(conditions, bson.E{Key: fieldPrice, Value: prices})
	}
	return conditions
}

// countFilter selects the products that pass the filter.
func countFilter(filter *projections.ProductFilter) bson.D {
	selected := otherConditions(filter, projections.SortByName)
	if filter.Source != "" {
		selected = append(bson.D{{Key: fieldSource, Value: filter.Source}}, selected...)
	}
	return append(bson.D{}, selected...)
}
