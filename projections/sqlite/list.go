package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/atlant-log/atlant/projections"
)

// maxMerged is how many sources one statement merges. SQLite takes 500, but the plan grows with their number.
const maxMerged = 100

// ListProducts implements projections.ProductQueries.
func (db *DB) ListProducts(ctx context.Context, query projections.ProductQuery) ([]projections.Product, error) {
	list := db.walk
	if len(query.Filter.Words) > 0 {
		list = db.search
	}
	page, err := list(ctx, &query)
	if err != nil {
		return nil, db.failed("list", "products", err)
	}
	return page, nil
}

// walk reads a page in the order of an index. The indexes are led by the source, so a list of all sources is a merge of one
// range for each. While there are no indexes it reads all products.
func (db *DB) walk(ctx context.Context, query *projections.ProductQuery) ([]projections.Product, error) {
	sources, err := db.sourcesOf(ctx, query.Filter.Source)
	if err != nil {
		return nil, err
	}
	page := []projections.Product{}
	for merged := range slices.Chunk(sources, maxMerged) {
		add := func(rows *sql.Rows) error {
			p, err := scanProduct(rows)
			page = append(page, p)
			return err
		}
		text, args := listStatement(query, merged, indexRange)
		err := db.reader.query(ctx, text, args, add)
		if isIndexMissing(err) {
			text, args = listStatement(query, merged, wholeTable)
			err = db.reader.query(ctx, text, args, add)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(sources) > maxMerged {
		page = mergePages(page, query)
	}
	return page, nil
}

// sourcesOf returns the number of the source named, none if it does not exist, or those of all sources.
func (db *DB) sourcesOf(ctx context.Context, name string) ([]int64, error) {
	text, args := "SELECT source FROM sources ORDER BY source", []any(nil)
	if name != "" {
		text, args = "SELECT source FROM sources WHERE name = ?", []any{name}
	}
	var sources []int64
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error {
		var source int64
		err := rows.Scan(&source)
		sources = append(sources, source)
		return err
	})
	return sources, err
}

// mergePages sorts products that came as several pages, and keeps the first page of them.
func mergePages(products []projections.Product, query *projections.ProductQuery) []projections.Product {
	slices.SortFunc(products, func(p, q projections.Product) int { return query.Compare(&p, &q) })
	return products[:min(len(products), query.Limit)]
}

// CountProducts implements projections.ProductQueries.
func (db *DB) CountProducts(ctx context.Context, filter projections.ProductFilter) (int64, error) {
	text, args := countStatement(filter)
	var count int64
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error { return rows.Scan(&count) })
	if err != nil {
		return 0, db.failed("count", "products", err)
	}
	return count, nil
}
