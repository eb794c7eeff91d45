package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/atlant-log/atlant/projections"
)

// firstPatience is how long each way to read a page is first given.
const firstPatience = 2 * time.Millisecond

// search reads a page of the products that have the words of the filter. There are two ways: to go through all products in the
// order of the list, which is fast where many match and these are spread, and to read all that match, which is fast where few
// do. Nobody knows beforehand how many match and where they are, and counting them is no faster than reading them. So each
// way gets a little time, then twice as much, until one comes to an end: that costs a few times what the faster one does.
func (db *DB) search(ctx context.Context, query *projections.ProductQuery) ([]projections.Product, error) {
	for patience := firstPatience; ; patience *= 2 {
		for _, list := range []listFunc{db.walk, db.readMatches} {
			page, err := within(ctx, patience, query, list)
			if !errors.Is(err, errImpatient) {
				return page, err
			}
		}
	}
}

// listFunc reads a page.
type listFunc func(context.Context, *projections.ProductQuery) ([]projections.Product, error)

// errImpatient: reading a page took longer than it was given.
var errImpatient = errors.New("it takes too long")

// within returns errImpatient unless the page is read in time.
func within(
	ctx context.Context, time time.Duration, query *projections.ProductQuery, list listFunc,
) ([]projections.Product, error) {
	limited, stop := context.WithTimeout(ctx, time)
	defer stop()
	page, err := list(limited, query)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, errImpatient
	}
	return page, err
}

// readMatches reads all matches for a page.
func (db *DB) readMatches(ctx context.Context, query *projections.ProductQuery) ([]projections.Product, error) {
	page := []projections.Product{}
	text, args := searchStatement(*query)
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error {
		p, err := scanProduct(rows)
		page = append(page, p)
		return err
	})
	return page, err
}

// matches returns the table of the numbers of the products that have these words: those that the index has, and those that it
// does not have yet.
func (c *conditions) matches(words []string) string {
	prefixes := make([]string, len(words))
	for i, word := range words {
		prefixes[i] = `"` + word + `"*` // words hold letters, marks and digits only
	}
	return "(SELECT rowid AS match FROM name_words WHERE name_words MATCH " + c.param(strings.Join(prefixes, " AND ")) +
		" UNION ALL SELECT product FROM products WHERE product > (SELECT product FROM name_words_end) AND words_match(name, " +
		c.param(strings.Join(words, " ")) + "))"
}

// matching returns the products p that have these words. CROSS JOIN keeps this order.
func (c *conditions) matching(words []string) string {
	return c.matches(words) + " m CROSS JOIN products p ON p.product = m.match"
}

// searchStatement returns the statement that reads all products that have the words, and returns a page of those that pass the
// rest of the filter.
func searchStatement(query projections.ProductQuery) (string, []any) {
	words := query.Filter.Words
	query.Filter.Words = nil
	order := sortOrderOf(query.SortBy)
	where := pageConditions(&query, order)
	where.terms = append(where.terms, "true")
	addSource(where, &query.Filter)
	if query.Filter.ChangedSince != nil {
		where.terms = append(where.terms, "p.price_changes > 0")
	}
	direction := ""
	if query.Descending {
		direction = " DESC"
	}
	sorted := " ORDER BY " + order.column + direction + ", p.name" + direction + ", p.id" + direction
	page := "SELECT " + tableColumns + " FROM " + where.matching(words) + " WHERE " + where.String() + sorted +
		" LIMIT " + where.param(query.Limit)
	return "SELECT " + productColumns + " FROM (" + page + ") p" + productJoins + sorted, where.args
}
