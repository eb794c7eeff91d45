package sqlite

import (
	"context"
	"database/sql"

	"github.com/atlant-log/atlant/projections"
)

// EstimateProducts implements projections.ProductQueries.
func (db *DB) EstimateProducts(ctx context.Context, filter projections.ProductFilter, most int64) (int64, bool, error) {
	count, exact, err := db.estimate(ctx, filter, most)
	if err != nil {
		return 0, false, db.failed("estimate", "products", err)
	}
	return count, exact, nil
}

func (db *DB) estimate(ctx context.Context, filter projections.ProductFilter, most int64) (count int64, exact bool, err error) {
	text, args := countUpToStatement(filter, most+1)
	looked, found, err := db.countPassing(ctx, text, args)
	if err != nil || looked <= most {
		return found, true, err
	}
	var last int64
	const selectLast = "SELECT coalesce(max(product), 0) FROM products"
	err = db.reader.query(ctx, selectLast, nil, func(rows *sql.Rows) error { return rows.Scan(&last) })
	if err != nil {
		return 0, false, err
	}
	// Numbers of products were given one after the other, and few were taken away again.
	step := max(1, last/projections.SampledProducts)
	first := (step + 1) / 2
	text, args = sampleStatement(filter, first, step, last)
	_, match, err := db.countPassing(ctx, text, args)
	return projections.Estimate(last, match, (last-first)/step+1, found), false, err
}

// countPassing runs a statement that tells how many products it looked at, and how many of them pass.
func (db *DB) countPassing(ctx context.Context, text string, args []any) (looked, passing int64, err error) {
	err = db.reader.query(ctx, text, args, func(rows *sql.Rows) error { return rows.Scan(&looked, &passing) })
	return looked, passing, err
}

// passing returns a statement that counts products p, and those of them that pass what the conditions say.
func (c *conditions) passing(with, from string) (string, []any) {
	return with + "SELECT count(*), coalesce(sum(passes), 0) FROM (SELECT " + c.String() + " AS passes FROM " + from + ")", c.args
}

// countUpToStatement looks at so many products at most: those that have the words, or those in a range of the index that the
// filter bounds best.
func countUpToStatement(filter projections.ProductFilter, limit int64) (string, []any) {
	c := &conditions{}
	if len(filter.Words) > 0 {
		from := "(SELECT match FROM " + c.matches(filter.Words) + " LIMIT " + c.param(limit) +
			") m CROSS JOIN products p ON p.product = m.match"
		filter.Words = nil
		c.terms = append(c.terms, "true")
		addSource(c, &filter)
		addFilter(c, &filter, projections.SortByName)
		return c.passing("", from)
	}
	query := projections.ProductQuery{Filter: filter, SortBy: projections.SortByName}
	switch {
	case filter.ChangedSince != nil:
		query.SortBy = projections.SortByPriceChangedAt
	case filter.MinPriceMicros != nil || filter.MaxPriceMicros != nil:
		query.SortBy = projections.SortByPrice
	}
	addSource(c, &filter)
	if filter.Source == "" { // the indexes are led by it
		c.terms = append(c.terms, "p.source IN (SELECT source FROM sources)")
	}
	column := sortOrderOf(query.SortBy).column
	lower, upper := sortRange(&query)
	if lower != nil {
		c.add(column, ">=", *lower)
	}
	if upper != nil {
		c.add(column, "<=", *upper)
	}
	from := "products p WHERE " + c.String() + " LIMIT " + c.param(limit)
	c.terms = []string{"true"}
	addFilter(c, &filter, query.SortBy)
	return c.passing("", from)
}

// sampleStatement looks at every so many-th product.
func sampleStatement(filter projections.ProductFilter, first, step, last int64) (string, []any) {
	c := &conditions{terms: []string{"true"}}
	by := c.param(step)
	with := "WITH RECURSIVE sampled (number) AS (VALUES (" + c.param(first) + ") UNION ALL SELECT number + " + by +
		" FROM sampled WHERE number + " + by + " <= " + c.param(last) + ") "
	addSource(c, &filter)
	addFilter(c, &filter, projections.SortByName)
	return c.passing(with, "sampled CROSS JOIN products p ON p.product = sampled.number")
}
