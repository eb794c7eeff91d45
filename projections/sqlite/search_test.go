package sqlite

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// insertNamed inserts products with these names.
func insertNamed(t testing.TB, db *DB, names ...string) {
	t.Helper()
	var all []events.Observation
	for i, name := range names {
		all = append(all, events.Observation{Source: "one", Name: name, Price: events.Price{Micros: int64(i % 7)}, Line: 1})
	}
	delta := projections.FoldBatch(nil, all)
	if err := db.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: "PRICES_00", Sequence: 1}); err != nil {
		t.Fatal(err)
	}
}

func numbered(word string, from, to int) (names []string) {
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("%s n%05d", word, i))
	}
	return names
}

// indexAll takes the products in that there are.
func indexAll(t testing.TB, db *DB) {
	t.Helper()
	err := db.writer.do(t.Context(), func(ctx context.Context, tx *transaction) error {
		_, err := tx.indexWords(ctx, 1_000_000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, db *DB, text string, args ...any) (n int64) {
	t.Helper()
	err := db.writer.do(t.Context(), func(ctx context.Context, tx *transaction) error { return tx.queryRow(ctx, text, args, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// However far the index has come, a search finds the same; and also both ways of finding it do.
func TestSearchWhileIndexFollows(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	db.words.hold()
	filter := projections.ProductFilter{Words: []string{"new"}}
	for round, indexed := range []bool{false, true, false, true} {
		insertNamed(t, db, numbered("new", round*100, round*100+60)...)
		insertNamed(t, db, numbered("old", round*100, round*100+60)...)
		if indexed {
			indexAll(t, db)
		}
		if n, err := db.CountProducts(t.Context(), filter); err != nil || n != int64(round+1)*60 {
			t.Errorf("round %d: counted %d, error %v", round, n, err)
		}
		for _, key := range allSorts {
			query := projections.ProductQuery{SortBy: key, Limit: 25, Filter: filter, Descending: round%2 == 0}
			for {
				walked, err := db.walk(t.Context(), &query)
				if err != nil {
					t.Fatal(err)
				}
				matched, err := db.readMatches(t.Context(), &query)
				if diff := cmp.Diff(walked, matched); err != nil || diff != "" {
					t.Fatalf("round %d, sort %d: error %v, -walked +matched:\n%s", round, key, err, diff)
				}
				if len(walked) < query.Limit {
					break
				}
				query.After = new(walked[len(walked)-1].CursorAt(key))
			}
		}
	}
}

// The index follows by itself, once it is not held any more, and holds nothing of what was removed.
func TestIndexFollows(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	insertNamed(t, db, numbered("some", 0, 2*wordsPerTransaction+10)...)
	deadline := time.Now().Add(time.Minute)
	for count(t, db, "SELECT count(*) FROM products WHERE product > (SELECT product FROM name_words_end)") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the index does not follow")
		}
		time.Sleep(time.Millisecond)
	}
	const inIndex = "SELECT count(*) FROM name_words WHERE name_words MATCH ?"
	if n := count(t, db, inIndex, `"so"*`); n != 2*wordsPerTransaction+10 {
		t.Errorf("the index holds %d", n)
	}
	id := events.NewProductID("one", "some n00007")
	was, err := db.GetProduct(t.Context(), id)
	if err == nil {
		err = db.ReplaceProduct(t.Context(), id, &was, nil, nil)
	}
	if n := count(t, db, inIndex, `"n00007"`); err != nil || n != 0 {
		t.Errorf("the index holds %d of what was removed, error %v", n, err)
	}
}

// TestSearchPlan: a search reads the index on words, and each match by its number.
func TestSearchPlan(t *testing.T) {
	t.Parallel()
	db := testOpen(t)
	for _, key := range allSorts {
		text, args := searchStatement(projections.ProductQuery{
			SortBy: key, Limit: 50, After: &projections.ProductCursor{},
			Filter: projections.ProductFilter{Source: "one", Words: []string{"caf", "x"}, ChangedSince: new(events.Micros(1))},
		})
		plan := explain(t, db, text, args)
		for _, part := range []string{
			"SCAN name_words VIRTUAL TABLE INDEX", "SEARCH products USING INTEGER PRIMARY KEY (rowid>?)",
			"SEARCH p USING INTEGER PRIMARY KEY (rowid=?)",
		} {
			if !strings.Contains(plan, part) {
				t.Errorf("there is no %q in:\n%s", part, plan)
			}
		}
	}
	text, args := countStatement(projections.ProductFilter{Words: []string{"caf"}})
	if plan := explain(t, db, text, args); !strings.Contains(plan, "SCAN name_words VIRTUAL TABLE INDEX") || strings.Contains(plan, "SCAN p") {
		t.Error(plan)
	}
}

// BenchmarkSearch reads a page of the products that have a word, by how many have it: those that few have are all read and
// sorted, the others met on the way.
func BenchmarkSearch(b *testing.B) {
	db := benchOpen(b)
	names := make([]string, benchProducts())
	for i := range names {
		names[i] = fmt.Sprintf("Product of some length %08d", i*7919%len(names))
		for _, every := range []int{10, 20, 40, 80, 200, 1000, 10_000} {
			if i%every == 0 {
				names[i] += fmt.Sprintf(" every%d.", every)
			}
		}
	}
	insertNamed(b, db, names...)
	indexAll(b, db)
	for _, word := range []string{"p", "every10", "every20", "every40", "every80", "every200", "every1000", "every10000", "none"} {
		query := projections.ProductQuery{SortBy: projections.SortByPrice, Limit: 50, Filter: projections.ProductFilter{Words: []string{word}}}
		for name, list := range map[string]func(context.Context, *projections.ProductQuery) ([]projections.Product, error){
			"chosen": db.search, "walk": db.walk, "matches": db.readMatches,
		} {
			b.Run(word+"/"+name, func(b *testing.B) {
				for range b.N {
					if _, err := list(b.Context(), &query); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
