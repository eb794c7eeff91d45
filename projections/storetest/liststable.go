package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// testListStable writes between the pages: new products everywhere, and other prices for some. Those whose sort value stays
// must each appear exactly once, whatever happens around them.
func testListStable(t *testing.T, store projections.Views) {
	sequence := 0
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		query.Limit = 5
		query.Filter.Source = fmt.Sprintf("list-%d-%t", query.SortBy, query.Descending)
		writer := stableWriter{store: store, source: query.Filter.Source, sequence: &sequence}
		writer.write(t, "stays", 40)
		writer.write(t, "moves", 40)
		met := map[string]int{}
		for page := 0; ; page++ {
			products, err := store.ListProducts(t.Context(), query)
			wantNoError(t, "list", err)
			for i := range products {
				met[products[i].Name]++
			}
			if len(products) < query.Limit {
				break
			}
			query.After = new(products[len(products)-1].CursorAt(query.SortBy))
			if page < 20 { // what moves ahead of the reader for ever would be listed for ever
				writer.write(t, "moves", 40)
				writer.write(t, fmt.Sprintf("new %d", page), 5)
			}
		}
		for i := range 40 {
			name := fmt.Sprintf("%02d stays", i)
			wantEqual(t, name, met[name], 1)
		}
	})
}

type stableWriter struct {
	store    projections.Views
	source   string
	sequence *int
}

// write observes n products whose names sort among those of other kinds. The price of each goes up with every write.
func (w *stableWriter) write(t *testing.T, kind string, n int) {
	t.Helper()
	*w.sequence++
	var batch []events.Observation
	for i := range n {
		o := observe(fmt.Sprintf("%02d %s", i*40/n, kind), int64(i*1000), *w.sequence)
		o.Source = w.source
		if strings.HasPrefix(kind, "moves") {
			o.Price.Micros += int64(*w.sequence * i)
		}
		batch = append(batch, o)
	}
	mustProject(t, w.store, batch, uint64(*w.sequence))
}
