package sqlite

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/atlant-log/atlant/projections"
)

// sortOrder is how a sort key is stored: its column, its place among productColumns, and the index on it.
type sortOrder struct {
	column, ordinal, index string
}

func sortOrderOf(key projections.SortKey) sortOrder {
	switch key {
	case projections.SortByPrice:
		return sortOrder{"p.price", "4", "products_by_price"}
	case projections.SortByPriceChanges:
		return sortOrder{"p.price_changes", "8", "products_by_changes"}
	case projections.SortByPriceChangedAt:
		return sortOrder{"p.price_changed_at", "10", "products_by_price_changed_at"}
	case projections.SortByFirstObservedAt:
		return sortOrder{"p.first_observed_at", "9", "products_by_first_observed_at"}
	case projections.SortByName:
	}
	return sortOrder{"p.name", "3", "products_by_name"}
}

// conditions gathers the terms of a WHERE clause and their parameters, which are numbered so that they can be repeated.
type conditions struct {
	terms []string
	args  []any
}

// param takes a parameter and returns its name.
func (c *conditions) param(value any) string {
	c.args = append(c.args, value)
	return "?" + strconv.Itoa(len(c.args))
}

func (c *conditions) add(left, operator string, value any) {
	c.terms = append(c.terms, left+" "+operator+" "+c.param(value))
}

func (c *conditions) String() string { return strings.Join(c.terms, " AND ") }

// listStatement returns the statement for a page of products of these sources. Each source is a range of one index, or of
// two; SQLite merges them as they come, so no more rows are read than the page needs and the filters pass over.
func listStatement(query *projections.ProductQuery, sources []int64, from rangeReader) (string, []any) {
	order := sortOrderOf(query.SortBy)
	direction := ""
	if query.Descending {
		direction = " DESC"
	}
	ranges, where := pageRanges(query, order)
	limit := where.param(query.Limit)
	arms := make([]string, 0, len(ranges)*len(sources))
	for _, source := range sources {
		ofSource := "p.source = " + where.param(source)
		for _, r := range ranges {
			terms := append([]string{ofSource}, r.terms...)
			arms = append(arms, "SELECT "+productColumns+from(r.index, strings.Join(terms, " AND "),
				order.column+direction+", p.name"+direction+", p.id"+direction+" LIMIT "+limit))
		}
	}
	return strings.Join(arms, " UNION ALL ") +
		" ORDER BY " + order.ordinal + direction + ", 3" + direction + ", 1" + direction + " LIMIT " + limit, where.args
}

// rangeReader returns the rest of a statement that reads the products that match a condition, in an order or in a part of it.
type rangeReader func(index, condition, order string) string

// indexRange reads a range of an index, which is in that order.
func indexRange(index, condition, _ string) string {
	return " FROM products p INDEXED BY " + index + productJoins + " WHERE " + condition
}

// tableColumns are those of products.
const tableColumns = `product, id, source, name, price, currency, previous_price, previous_currency, price_changes,
	first_observed_at, price_changed_at, written_fetch`

// wholeTable reads all products, and keeps those that come first.
func wholeTable(_, condition, order string) string {
	return " FROM (SELECT " + tableColumns + " FROM products p WHERE " + condition + " ORDER BY " + order + ") p" + productJoins
}

// pageRange is a range of an index, its source apart.
type pageRange struct {
	index string
	terms []string
}

// pageRanges returns the ranges that a page is read from, and their parameters. The index on the number of changes is without
// the products that never changed; they are in the one on the time of the change, under 0, as those are that changed right
// at the epoch.
func pageRanges(query *projections.ProductQuery, order sortOrder) ([]pageRange, *conditions) {
	where := pageConditions(query, order)
	ranges := []pageRange{{order.index, where.terms}}
	if query.SortBy != projections.SortByPriceChanges {
		return ranges, where
	}
	ranges[0].terms = append(ranges[0].terms, "p.price_changes <> 0") // as the index says
	place := 0                                                        // of the unchanged products: behind the cursor, around it, before it
	if query.After != nil {
		if place = cmp.Compare(query.After.Value, 0); query.Descending {
			place = -place
		}
	}
	if query.Filter.ChangedSince != nil || place > 0 {
		return ranges, where
	}
	where.terms = []string{"p.price_changed_at = 0", "p.price_changes = 0"}
	if query.After != nil && place == 0 {
		where.resume(query, "")
	}
	addFilter(where, &query.Filter, query.SortBy)
	return append(ranges, pageRange{sortOrderOf(projections.SortByPriceChangedAt).index, where.terms}), where
}

// resume adds that a product lies behind the cursor, in a list by a column, or by name alone where that is empty. The index
// finds the cursor's value and name; only a product of another source can have both and lie behind.
func (c *conditions) resume(query *projections.ProductQuery, column string) {
	beyond, notBeyond := ">", "<="
	if query.Descending {
		beyond, notBeyond = "<", ">="
	}
	name, id := c.param(query.After.Name), c.param(query.After.ID[:])
	if column == "" {
		c.terms = append(c.terms, "p.name "+beyond+"= "+name, "NOT (p.name = "+name+" AND p.id "+notBeyond+" "+id+")")
		return
	}
	value := c.param(query.After.Value)
	c.terms = append(c.terms, "("+column+", p.name) "+beyond+"= ("+value+", "+name+")",
		"NOT ("+column+" = "+value+" AND p.name = "+name+" AND p.id "+notBeyond+" "+id+")")
}

// pageConditions are what a product must meet to be behind the cursor and pass the filter, its source apart.
func pageConditions(query *projections.ProductQuery, order sortOrder) *conditions {
	where := &conditions{}
	lower, upper := sortRange(query)
	near := &lower // the end of the range where the page begins
	if query.Descending {
		near = &upper
	}
	// SQLite can use one bound at each end: of the cursor and the filter's bound, leave out the one that says less.
	if cursor := query.After; cursor != nil && !before(cursor.Value, *near, query.Descending) {
		*near = nil
		if query.SortBy == projections.SortByName {
			where.resume(query, "")
		} else {
			where.resume(query, order.column)
		}
	}
	if lower != nil {
		where.add(order.column, ">=", *lower)
	}
	if upper != nil {
		where.add(order.column, "<=", *upper)
	}
	addFilter(where, &query.Filter, query.SortBy)
	return where
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

// before tells whether a cursor's value lies before the range that begins at near, in the direction of the list.
func before(value int64, near *int64, descending bool) bool {
	switch {
	case near == nil:
		return false
	case descending:
		return value > *near
	}
	return value < *near
}

// addFilter adds the terms of the filter that sortRange does not hold; the source is left to the caller.
func addFilter(where *conditions, filter *projections.ProductFilter, sorted projections.SortKey) {
	if filter.ChangedSince != nil {
		if sorted != projections.SortByPriceChanges { // whose index has no others
			where.terms = append(where.terms, "p.price_changes > 0")
		}
		if sorted != projections.SortByPriceChangedAt {
			where.add("p.price_changed_at", ">=", int64(*filter.ChangedSince))
		}
	}
	if len(filter.Words) > 0 {
		where.terms = append(where.terms, "words_match(p.name, "+where.param(strings.Join(filter.Words, " "))+")")
	}
	if sorted == projections.SortByPrice {
		return
	}
	if filter.MinPriceMicros != nil {
		where.add("p.price", ">=", *filter.MinPriceMicros)
	}
	if filter.MaxPriceMicros != nil {
		where.add("p.price", "<=", *filter.MaxPriceMicros)
	}
}

// addSource adds the term for the source of the filter.
func addSource(where *conditions, filter *projections.ProductFilter) {
	if filter.Source != "" {
		where.terms = append(where.terms, "p.source = (SELECT source FROM sources WHERE name = "+where.param(filter.Source)+")")
	}
}

// countStatement returns the statement that counts the products that pass the filter.
func countStatement(filter projections.ProductFilter) (string, []any) {
	where := &conditions{terms: []string{"true"}}
	addSource(where, &filter)
	from := "products p"
	if len(filter.Words) > 0 {
		from, filter.Words = where.matching(filter.Words), nil
	}
	addFilter(where, &filter, projections.SortByName)
	return "SELECT count(*) FROM " + from + " WHERE " + where.String(), where.args
}
