package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

var allSorts = []projections.SortKey{
	projections.SortByName, projections.SortByPrice, projections.SortByPriceChanges,
	projections.SortByPriceChangedAt, projections.SortByFirstObservedAt,
}

func testOpen(t *testing.T) *DB {
	t.Helper()
	db, err := openDB(t.Context(), filepath.Join(t.TempDir(), "views.db"), 1)
	if err == nil {
		err = db.BuildIndexes(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func explain(t *testing.T, db *DB, text string, args []any) string {
	t.Helper()
	var plan []string
	err := db.reader.query(t.Context(), "EXPLAIN QUERY PLAN "+text, args, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	})
	if err != nil {
		t.Fatalf("explain %s: %v", text, err)
	}
	return strings.Join(plan, "\n")
}

// wantPlan fails unless the plan has each of the parts the number of times given, and neither sorts nor scans a table.
func wantPlan(t *testing.T, plan string, parts map[string]int) {
	t.Helper()
	for part, times := range parts {
		if got := strings.Count(plan, part); got != times {
			t.Errorf("%q occurs %d times, not %d, in:\n%s", part, got, times, plan)
		}
	}
	for _, bad := range []string{"TEMP B-TREE", "SCAN", "AUTOMATIC"} {
		if strings.Contains(plan, bad) {
			t.Errorf("%q in:\n%s", bad, plan)
		}
	}
}

// TestListPlans: a list of a source is one range of an index; a list of several is a merge of such ranges.
func TestListPlans(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	for _, key := range allSorts {
		for _, descending := range []bool{false, true} {
			for _, sources := range [][]int64{{1}, {1, 2}, {1, 2, 3, 4, 5, 6, 7}, make([]int64, maxMerged)} {
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("sort=%d/descending=%t/sources=%d/after=%t", key, descending, len(sources), after), func(t *testing.T) {
						t.Parallel()
						checkListPlan(t, db, key, descending, sources, after)
					})
				}
			}
		}
	}
}

func checkListPlan(t *testing.T, db *DB, key projections.SortKey, descending bool, sources []int64, after bool) {
	t.Helper()
	query := projections.ProductQuery{SortBy: key, Descending: descending, Limit: 50}
	order, parts := sortOrderOf(key), map[string]int{}
	prefix := "SEARCH p USING INDEX " + order.index + " (source=?"
	parts[prefix] = len(sources)
	if after {
		query.After = &projections.ProductCursor{Value: 3, Name: "x", ID: uuid.New()}
		column := strings.TrimPrefix(order.column, "p.")
		sign := map[bool]string{false: ">", true: "<"}[descending]
		if key == projections.SortByName {
			parts[fmt.Sprintf("%s AND name%s?)", prefix, sign)] = len(sources)
		} else {
			parts[fmt.Sprintf("%s AND (%s,name)%s(?,?))", prefix, column, sign)] = len(sources)
		}
	}
	ranges := len(sources)
	if key == projections.SortByPriceChanges && (descending || !after) {
		ranges += len(sources)
		parts["SEARCH p USING INDEX products_by_price_changed_at (source=? AND price_changed_at=?)"] = len(sources)
	}
	parts["MERGE (UNION ALL)"] = ranges - 1
	text, args := listStatement(&query, sources, indexRange)
	wantPlan(t, explain(t, db, text, args), parts)
}

// TestListPlanRanges: the filter bounds the range where it is on the sort value, at the end that the cursor leaves open.
func TestListPlanRanges(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	low, high := new(int64(10)), new(int64(20))
	cursor := func(n int64) *projections.ProductCursor {
		return &projections.ProductCursor{Value: n, Name: "x"}
	}
	price := projections.ProductFilter{MinPriceMicros: low, MaxPriceMicros: high}
	changed := projections.ProductFilter{ChangedSince: new(events.Micros(10))}
	for _, test := range []struct {
		query projections.ProductQuery
		want  string
	}{
		{projections.ProductQuery{Filter: price}, "price>? AND price<?"},
		{projections.ProductQuery{Filter: price, Descending: true}, "price>? AND price<?"},
		{projections.ProductQuery{Filter: price, After: cursor(15)}, "(price,name)>(?,?) AND price<?"},
		{projections.ProductQuery{Filter: price, After: cursor(5)}, "price>? AND price<?"},
		{projections.ProductQuery{Filter: price, After: cursor(15), Descending: true}, "price>? AND (price,name)<(?,?)"},
		{projections.ProductQuery{Filter: price, After: cursor(25), Descending: true}, "price>? AND price<?"},
		{projections.ProductQuery{Filter: changed}, "price_changed_at>?"},
		{projections.ProductQuery{Filter: changed, After: cursor(15), Descending: true}, "price_changed_at>? AND (price_changed_at,name)<(?,?)"},
	} {
		test.query.SortBy, test.query.Limit = projections.SortByPrice, 50
		if test.query.Filter.ChangedSince != nil {
			test.query.SortBy = projections.SortByPriceChangedAt
		}
		text, args := listStatement(&test.query, []int64{1}, indexRange)
		wantPlan(t, explain(t, db, text, args), map[string]int{"(source=? AND " + test.want + ")": 1})
	}
}

// TestUnchangedPlan: a page that begins among the products that never changed goes on behind the cursor's name.
func TestUnchangedPlan(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	for _, descending := range []bool{false, true} {
		query := projections.ProductQuery{
			SortBy: projections.SortByPriceChanges, Descending: descending, Limit: 50, After: &projections.ProductCursor{ID: uuid.New()},
			Filter: projections.ProductFilter{MinPriceMicros: new(int64(3))},
		}
		text, args := listStatement(&query, []int64{1, 2}, indexRange)
		sign := map[bool]string{false: ">", true: "<"}[descending]
		wantPlan(t, explain(t, db, text, args), map[string]int{
			"products_by_price_changed_at (source=? AND price_changed_at=? AND name" + sign + "?)": 2,
			"products_by_changes (source=? AND (price_changes,name)" + sign + "(?,?))":             2,
		})
	}
}

func TestOtherPlans(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	id := uuid.New()
	at := &events.Position{ObservedAt: 3, Fetch: id}
	for _, ascending := range []bool{false, true} {
		for _, after := range []*events.Position{nil, at} {
			text, args := changesStatement(id, ascending, after, 10)
			wantPlan(t, explain(t, db, text, args), map[string]int{"SEARCH c USING PRIMARY KEY (product=?": 1})
		}
	}
	wantPlan(t, explain(t, db, selectFeed, []any{0, 3, 10}), map[string]int{
		"SEARCH c USING INDEX changes_by_place (shard=? AND sequence>? AND sequence<?)": 1,
		"SEARCH l USING COVERING INDEX changes_by_place (shard=? AND sequence>?)":       1,
	})
	for _, after := range []*projections.FetchCursor{nil, {RequestedAt: 3, ID: id}} {
		text, args := fetchesStatement("a", after, 10)
		wantPlan(t, explain(t, db, text, args), map[string]int{"SEARCH fetches USING INDEX fetches_by_source_request (source=?": 1})
		text, args = fetchesStatement("", after, 10)
		// Without a cursor this is a scan of the index, from its end, and as far as the limit.
		plan := strings.Replace(explain(t, db, text, args), "SCAN fetches USING INDEX", "WALK", 1)
		wantPlan(t, plan, map[string]int{"fetches_by_request": 1})
	}
	args := appendIDs(nil, make([]events.ProductID, 500))
	wantPlan(t, explain(t, db, selectProducts.text(500), args), map[string]int{"products_by_id (id=?)": 1})
}

// TestWritePlans: a row of values finds its product by id, not the other way round.
func TestWritePlans(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	for _, statement := range []*rowStatement{updateProducts, insertChanges} {
		for _, rows := range []int{1, 2, rowsPerStatement} {
			text := statement.text(rows)
			plan := explain(t, db, text, make([]any, strings.Count(text, "?")))
			if !strings.Contains(plan, "(id=?)") {
				t.Errorf("no search by id in the plan of %s:\n%s", text, plan)
			}
			for _, bad := range []string{"SCAN p", "AUTOMATIC"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%q in the plan of %s:\n%s", bad, text, plan)
				}
			}
		}
	}
}

// TestSightingPlans: what is moved is looked up by its block.
func TestSightingPlans(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	for statement, found := range map[*rowStatement]string{
		selectNumbers:   "SEARCH products USING COVERING INDEX products_by_id (id=?)",
		selectSightings: "SEARCH sightings USING PRIMARY KEY (block=?)",
		deleteSightings: "SEARCH sightings USING PRIMARY KEY (block=? AND observed_at=? AND fetch=?)",
	} {
		for _, rows := range []int{1, rowsPerStatement} {
			text := statement.text(rows)
			plan := explain(t, db, text, make([]any, strings.Count(text, "?")))
			if !strings.Contains(plan, found) || strings.Contains(plan, "SCAN sightings") {
				t.Errorf("not %q in the plan of %s:\n%s", found, text, plan)
			}
		}
	}
	for _, text := range []string{takeFromSighting, deleteEmptied} {
		wantPlan(t, explain(t, db, text, []any{[]byte{}}), map[string]int{"sightings USING PRIMARY KEY (block=?)": 1})
	}
}

// TestEstimatePlans: what an estimate looks at is a range of an index, or single products.
func TestEstimatePlans(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	price := projections.ProductFilter{MinPriceMicros: new(int64(1)), MaxPriceMicros: new(int64(2))}
	since := price
	since.ChangedSince = new(events.Micros(3))
	for _, test := range []struct {
		filter projections.ProductFilter
		want   string
	}{
		{price, "USING COVERING INDEX products_by_price (source=? AND price>? AND price<?)"},
		{since, "USING INDEX products_by_price_changed_at (source=? AND price_changed_at>?)"},
	} {
		for _, test.filter.Source = range []string{"", "one"} {
			text, args := countUpToStatement(test.filter, 10)
			if plan := explain(t, db, text, args); !strings.Contains(plan, test.want) || strings.Contains(plan, "SCAN p\n") {
				t.Errorf("not %q:\n%s", test.want, plan)
			}
			text, args = sampleStatement(test.filter, 1, 2, 100)
			if plan := explain(t, db, text, args); !strings.Contains(plan, "SEARCH p USING INTEGER PRIMARY KEY") {
				t.Errorf("not by number:\n%s", plan)
			}
		}
	}
}
