package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/projections"
)

// productFind is a find that reads, for each of its sources, one range of an index.
type productFind struct {
	filter, sort bson.D
	hint         string
	resumes      bool // it begins with what has the value and name of the cursor, of which a source has one product at most
}

// firstChange is the number of changes of a product that changed.
const firstChange int64 = 1

// pageFinds returns the finds whose results, one after the other, are the page of a list of these sources.
func pageFinds(query *projections.ProductQuery, sources []string) []productFind {
	bounds := sortBounds(query.SortBy, &query.Filter)
	if query.SortBy != projections.SortByPriceChanges || bounds.lower != nil {
		return rangeFinds(query, sources, bounds)
	}
	bounds.lower = new(firstChange)
	changed, unchanged := rangeFinds(query, sources, bounds), unchangedFinds(query, sources)
	if query.Descending {
		return append(changed, unchanged...)
	}
	return append(unchanged, changed...)
}

// unchangedFinds returns the find for the products that never changed: they are in the index on the time of the change, under
// 0, as those are that changed right at the epoch.
func unchangedFinds(query *projections.ProductQuery, sources []string) []productFind {
	direction, resume := 1, "$gte"
	if query.Descending {
		direction, resume = -1, "$lte"
	}
	const changes, changedAt int64 = 0, 0
	side := cursorSide(query, bounds{new(changes), new(changes)}) * direction
	if side > 0 {
		return nil
	}
	filter := bson.D{{Key: fieldSource, Value: oneOf(sources)}, {Key: fieldPriceChangedAt, Value: changedAt}}
	if side == 0 {
		filter = append(filter, bson.E{Key: fieldName, Value: bson.D{{Key: resume, Value: query.After.Name}}})
	}
	filter = append(append(filter, bson.E{Key: fieldPriceChanges, Value: changes}), otherConditions(&query.Filter, query.SortBy)...)
	hint := sortOrders[projections.SortByPriceChangedAt].index
	return []productFind{{filter: filter, sort: ordered(direction, fieldName, fieldID), hint: hint, resumes: side == 0}}
}

// rangeFinds returns the finds of a range of the index of the query's sort. One that begins between two names of one value is
// two ranges to MongoDB: the rest of that value, and the values beyond it.
func rangeFinds(query *projections.ProductQuery, sources []string, bounds bounds) []productFind {
	order := sortOrders[query.SortBy]
	direction, beyond, resume := 1, "$gt", "$gte"
	if query.Descending {
		direction, beyond, resume = -1, "$lt", "$lte"
	}
	// MongoDB merges ranges in an order that leaves out what each of them holds only once: the source, and a single value.
	byValue, byName := ordered(direction, order.field, fieldName, fieldID), ordered(direction, fieldName, fieldID)
	if query.SortBy == projections.SortByName {
		byValue = byName
	}
	find := func(sort, value bson.D, conditions ...bson.E) productFind {
		filter := bson.D{{Key: fieldSource, Value: oneOf(sources)}}
		if len(value) > 0 {
			filter = append(filter, bson.E{Key: order.field, Value: value})
		}
		filter = append(append(filter, conditions...), otherConditions(&query.Filter, query.SortBy)...)
		return productFind{filter: filter, sort: sort, hint: order.index}
	}
	switch side := cursorSide(query, bounds) * direction; {
	case side < 0 && bounds.single():
		return []productFind{find(byName, bounds.operators())}
	case side < 0:
		return []productFind{find(byValue, bounds.operators())}
	case side > 0:
		return nil
	}
	behind := bson.D{{Key: resume, Value: query.After.Name}}
	if query.SortBy == projections.SortByName {
		f := find(byName, behind)
		f.resumes = true
		return []productFind{f}
	}
	// Of the cursor and the bound at the same end, the cursor says more.
	if query.Descending {
		bounds.upper = nil
	} else {
		bounds.lower = nil
	}
	value := query.After.Value
	rest := find(byName, bson.D{{Key: "$eq", Value: value}}, bson.E{Key: fieldName, Value: behind})
	rest.resumes = true
	return []productFind{rest, find(byValue, append(bson.D{{Key: beyond, Value: value}}, bounds.operators()...))}
}

// cursorSide tells where the cursor is: -1 below the bounds, 0 within, 1 above. None is where the list begins.
func cursorSide(query *projections.ProductQuery, bounds bounds) int {
	switch cursor := query.After; {
	case cursor == nil && query.Descending:
		return 1
	case cursor == nil || bounds.lower != nil && cursor.Value < *bounds.lower:
		return -1
	case bounds.upper != nil && cursor.Value > *bounds.upper:
		return 1
	}
	return 0
}

func oneOf(sources []string) any {
	if len(sources) == 1 {
		return sources[0]
	}
	return bson.D{{Key: "$in", Value: sources}}
}

// bounds are inclusive; each may be absent.
type bounds struct{ lower, upper *int64 }

func (b bounds) operators() bson.D {
	var operators bson.D
	if b.lower != nil {
		operators = append(operators, bson.E{Key: "$gte", Value: *b.lower})
	}
	if b.upper != nil {
		operators = append(operators, bson.E{Key: "$lte", Value: *b.upper})
	}
	return operators
}

// single tells whether they leave one value.
func (b bounds) single() bool { return b.lower != nil && b.upper != nil && *b.lower == *b.upper }

// sortBounds returns the bounds that the filter puts on the sort value itself.
func sortBounds(key projections.SortKey, filter *projections.ProductFilter) bounds {
	switch key {
	case projections.SortByPrice:
		return bounds{filter.MinPriceMicros, filter.MaxPriceMicros}
	case projections.SortByPriceChangedAt:
		return bounds{lower: (*int64)(filter.ChangedSince)}
	case projections.SortByPriceChanges:
		if filter.ChangedSince != nil {
			return bounds{lower: new(firstChange)}
		}
	case projections.SortByName, projections.SortByFirstObservedAt:
	}
	return bounds{}
}

// otherConditions are those of the filter that sortBounds does not hold; the source is left to the caller.
func otherConditions(filter *projections.ProductFilter, sorted projections.SortKey) bson.D {
	var conditions bson.D
	// Each field is bounded as it is in the sort that is by it.
	for _, key := range []projections.SortKey{
		projections.SortByPrice, projections.SortByPriceChanges, projections.SortByPriceChangedAt,
	} {
		if operators := sortBounds(key, filter).operators(); key != sorted && len(operators) > 0 {
			conditions = append(conditions, bson.E{Key: sortOrders[key].field, Value: operators})
		}
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
