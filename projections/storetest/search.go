package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// vocabulary is what names are made of, in many scripts: words that begin alike, that fold to the same, and that hold what a
// store may take for a sign of its own.
var vocabulary = []string{
	"a", "ab", "abc", "abca", "B", "Ab", "ÁB", "ab\u0301c", "\u00e4b", "Straße", "STRASSE", "strass", "ΟΔΟΣ", "οδός", "Ёлка", "елка",
	"шоколад", "מים", "مياه", "हिन्दी", "हि", "กาแฟ", "手机", "手机壳", "机", "カメラ", "ｶﾒ", "コーヒー", "한국어", "한국", "하", "1", "12", "1.5l", "½",
	"\"q\"", "a*", "NOT", "OR", "NEAR(", "x^2", "$gt", "it's", "-", "\U0001F36E", "\uFB01x", "\U0002070E\U00020731", "𐐀", "𐐨", "꼬",
}

// nameOf returns a name of some words of the vocabulary and a number of its own.
func nameOf(i int, words ...string) string {
	return fmt.Sprintf("%s n%04d", strings.Join(words, " "), i)
}

// testSearchAnyQuery is the property that a search finds what testing each name would, with any sort, filter and place to resume.
func testSearchAnyQuery(t *testing.T, store projections.Views) {
	random := seeded(17)
	var all []events.Observation
	for fetch := range 3 {
		for i := range 300 {
			words := []string{vocabulary[i%len(vocabulary)], vocabulary[i*7%len(vocabulary)], vocabulary[i/len(vocabulary)]}
			o := observe(nameOf(i, words...), int64(random.IntN(4))*1_000_000, fetch)
			o.Source = []string{"one", "two"}[i%2]
			all = append(all, o)
		}
	}
	mustProject(t, store, all, uint64(len(all)))
	products := foldAll(all).Products
	rapid.Check(t, func(t *rapid.T) {
		query := drawQuery(t, products)
		query.Filter.Words = drawWords(t)
		got, err := store.ListProducts(t.Context(), query)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		if diff := diffOf(selectProducts(products, query), got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		count, err := store.CountProducts(t.Context(), query.Filter)
		if want := len(selectProducts(products, projections.ProductQuery{Filter: query.Filter})); err != nil || count != int64(want) {
			t.Fatalf("counted %d products, not %d, error %v", count, want, err)
		}
	})
}

// drawWords draws what somebody may search for: up to three words of the vocabulary, whole or not.
func drawWords(t *rapid.T) []string {
	var query []string
	for range rapid.IntRange(1, 3).Draw(t, "words") {
		word := []rune(rapid.SampledFrom(vocabulary).Draw(t, "word"))
		query = append(query, string(word[:rapid.IntRange(1, len(word)).Draw(t, "length")]))
	}
	return projections.QueryWords(strings.Join(query, " "))
}

// testSearchManyMatches has more matches than a store would read and sort for a page, and walks pages among them.
func testSearchManyMatches(t *testing.T, store projections.Views) {
	const products = 12_000
	var all []events.Observation
	for i := range products {
		words := []string{"common"}
		if i%4000 == 77 {
			words = append(words, "rare")
		}
		if i%2 == 0 {
			words = append(words, "even")
		}
		o := observe(nameOf(i, words...), int64(i*7919%products)*1000, 0)
		o.Source = []string{"one", "two"}[i%3%2]
		all = append(all, o)
	}
	for chunk := range slices.Chunk(all, 3000) {
		mustProject(t, store, chunk, 1)
	}
	known := foldAll(all).Products
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		for _, query.Filter.Words = range [][]string{{"com"}, {"com", "even"}, {"common", "rar"}, {"com", "none"}} {
			for _, query.Filter.Source = range []string{"", "one"} {
				wantPagesAt(t, store, query, selectProducts(known, query))
			}
		}
	})
	for _, words := range [][]string{{"com"}, {"even"}, {"rare"}, {"none"}} {
		filter := projections.ProductFilter{Words: words}
		count, err := store.CountProducts(t.Context(), filter)
		wantNoError(t, "count", err)
		wantEqual(t, "count", count, int64(len(selectProducts(known, projections.ProductQuery{Filter: filter}))))
	}
}

// wantPagesAt reads a page at the start, the middle and near the end of a list.
func wantPagesAt(t *testing.T, store projections.Views, query projections.ProductQuery, want []projections.Product) {
	t.Helper()
	query.Limit = 20
	for _, start := range []int{0, len(want) / 2, max(0, len(want)-3)} {
		if query.After = nil; start > 0 {
			query.After = new(want[start-1].CursorAt(query.SortBy))
		}
		got, err := store.ListProducts(t.Context(), query)
		wantNoError(t, "list", err)
		wantEqual(t, fmt.Sprintf("%+v", query), got, want[start:min(start+query.Limit, len(want))])
	}
}

// testSearchRepairs: what is removed is found no more, not even under what takes its place, and what is put in its place is.
func testSearchRepairs(t *testing.T, store projections.Views) {
	find := func(word string) (names []string) {
		query := projections.ProductQuery{Limit: 100, Filter: projections.ProductFilter{Words: []string{word}}}
		found, err := store.ListProducts(t.Context(), query)
		wantNoError(t, "list", err)
		for i := range found {
			names = append(names, found[i].Name)
		}
		return names
	}
	for i := range 20 {
		name := fmt.Sprintf("first%d", i)
		mustProject(t, store, []events.Observation{observe(name, 1, 0)}, uint64(i)+1)
		id := events.NewProductID(events.DefaultSource, name)
		was, err := store.GetProduct(t.Context(), id)
		wantNoError(t, "get", err)
		wantEqual(t, "before", find(name), []string{name})
		now := was
		now.Price.Micros = 5
		wantNoError(t, "replace", store.ReplaceProduct(t.Context(), id, &was, &now, nil))
		wantEqual(t, "replaced", find(name), []string{name})
		wantNoError(t, "remove", store.ReplaceProduct(t.Context(), id, &now, nil, nil))
		wantEqual(t, "removed", find(name), []string(nil))
		mustProject(t, store, []events.Observation{observe(fmt.Sprintf("second%d", i), 1, 0)}, uint64(i)+100)
		wantEqual(t, "after another one took its place", find(name), []string(nil))
		wantEqual(t, "the others", len(find("second")), i+1)
	}
}
