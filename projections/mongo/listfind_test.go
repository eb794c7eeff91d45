package mongo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// TestPageFinds: each find is one range of the index that it names, and together they are what lies behind the cursor.
func TestPageFinds(t *testing.T) {
	t.Parallel()
	price := projections.ProductFilter{MinPriceMicros: new(int64(10)), MaxPriceMicros: new(int64(20))}
	changed := projections.ProductFilter{ChangedSince: new(events.Micros(-5))}
	at := func(number int64, name string) *projections.ProductCursor {
		return &projections.ProductCursor{Value: number, Name: name, ID: events.ProductID{15: 7}}
	}
	one, two := []string{"a"}, []string{"a", "b"}
	for _, test := range []struct {
		name    string
		query   projections.ProductQuery
		sources []string
		want    []string
	}{
		{
			"the first page of a source",
			projections.ProductQuery{},
			one,
			[]string{`{"source":"a"} by name _id`},
		},
		{
			"the first page of several",
			projections.ProductQuery{Descending: true},
			two,
			[]string{`{"source":{"$in":["a","b"]}} by -name -_id`},
		},
		{
			"behind a cursor", projections.ProductQuery{After: at(0, "x")}, one, []string{`{"source":"a","name":{"$gte":"x"}} by name _id`},
		},
		{
			"before a cursor",
			projections.ProductQuery{SortBy: projections.SortByFirstObservedAt, After: at(-3, "x"), Descending: true},
			two,
			[]string{
				`{"source":{"$in":["a","b"]},"first_observed_at":{"$eq":-3},"name":{"$lte":"x"}} by -name -_id`,
				`{"source":{"$in":["a","b"]},"first_observed_at":{"$lt":-3}} by -first_observed_at -name -_id`,
			},
		},
		{
			"a filter on the sort value",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price},
			one,
			[]string{`{"source":"a","price":{"$gte":10,"$lte":20}} by price name _id`},
		},
		{
			"a cursor in its range",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price, After: at(15, "x")},
			one,
			[]string{`{"source":"a","price":{"$eq":15},"name":{"$gte":"x"}} by name _id`, `{"source":"a","price":{"$gt":15,"$lte":20}} by price name _id`},
		},
		{
			"a cursor in its range, descending",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price, After: at(10, "x"), Descending: true},
			one,
			[]string{`{"source":"a","price":{"$eq":10},"name":{"$lte":"x"}} by -name -_id`, `{"source":"a","price":{"$lt":10,"$gte":10}} by -price -name -_id`},
		},
		{
			"a cursor before its range",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price, After: at(5, "x")},
			one,
			[]string{`{"source":"a","price":{"$gte":10,"$lte":20}} by price name _id`},
		},
		{
			"a cursor behind its range",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price, After: at(25, "x")},
			one,
			nil,
		},
		{
			"a cursor before its range, descending",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: price, After: at(25, "x"), Descending: true},
			one,
			[]string{`{"source":"a","price":{"$gte":10,"$lte":20}} by -price -name -_id`},
		},
		{
			"a range of one value",
			projections.ProductQuery{SortBy: projections.SortByPrice, Filter: projections.ProductFilter{
				MinPriceMicros: new(int64(10)), MaxPriceMicros: new(int64(10)),
			}},
			two,
			[]string{`{"source":{"$in":["a","b"]},"price":{"$gte":10,"$lte":10}} by name _id`},
		},
		{
			"filters on other values",
			projections.ProductQuery{SortBy: projections.SortByName, Filter: price},
			one,
			[]string{`{"source":"a","price":{"$gte":10,"$lte":20}} by name _id`},
		},
		{
			"changed since, by the time of the change",
			projections.ProductQuery{SortBy: projections.SortByPriceChangedAt, Filter: changed},
			one,
			[]string{`{"source":"a","price_changed_at":{"$gte":-5},"price_changes":{"$gte":1}} by price_changed_at name _id`},
		},
		{
			"changed since, by the number of changes",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, Filter: changed, After: at(0, "x")},
			one,
			[]string{`{"source":"a","price_changes":{"$gte":1},"price_changed_at":{"$gte":-5}} by price_changes name _id`},
		},
		{
			"by the number of changes: those that never changed come first",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, Filter: price},
			two,
			[]string{
				`{"source":{"$in":["a","b"]},"price_changed_at":0,"price_changes":0,"price":{"$gte":10,"$lte":20}} by name _id in by_price_changed_at`,
				`{"source":{"$in":["a","b"]},"price_changes":{"$gte":1},"price":{"$gte":10,"$lte":20}} by price_changes name _id`,
			},
		},
		{
			"by the number of changes, descending: they come last",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, After: at(3, "x"), Descending: true},
			one,
			[]string{
				`{"source":"a","price_changes":{"$eq":3},"name":{"$lte":"x"}} by -name -_id`,
				`{"source":"a","price_changes":{"$lt":3,"$gte":1}} by -price_changes -name -_id`,
				`{"source":"a","price_changed_at":0,"price_changes":0} by -name -_id in by_price_changed_at`,
			},
		},
		{
			"behind one that never changed",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, After: at(0, "x")},
			one,
			[]string{
				`{"source":"a","price_changed_at":0,"name":{"$gte":"x"},"price_changes":0} by name _id in by_price_changed_at`,
				`{"source":"a","price_changes":{"$gte":1}} by price_changes name _id`,
			},
		},
		{
			"behind one that never changed, descending",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, After: at(0, "x"), Descending: true},
			one,
			[]string{`{"source":"a","price_changed_at":0,"name":{"$lte":"x"},"price_changes":0} by -name -_id in by_price_changed_at`},
		},
		{
			"behind those that never changed",
			projections.ProductQuery{SortBy: projections.SortByPriceChanges, After: at(1, "x")},
			one,
			[]string{
				`{"source":"a","price_changes":{"$eq":1},"name":{"$gte":"x"}} by name _id`,
				`{"source":"a","price_changes":{"$gt":1}} by price_changes name _id`,
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			finds := pageFinds(&test.query, test.sources)
			var got []string
			for _, f := range finds {
				index := ""
				if f.hint != sortOrders[test.query.SortBy].index {
					index = " in " + f.hint
				}
				got = append(got, plainJSON(t, f.filter)+" by "+sortText(f.sort)+index)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func plainJSON(t *testing.T, document bson.D) string {
	t.Helper()
	text, err := bson.MarshalExtJSON(document, false, false)
	if err != nil || !json.Valid(text) {
		t.Fatalf("%s, %v", text, err)
	}
	return string(text)
}

// sortText returns the fields of a sort, those that descend with a minus.
func sortText(sort bson.D) string {
	var fields []string
	for _, e := range sort {
		sign := map[any]string{1: "", -1: "-"}[e.Value]
		fields = append(fields, sign+e.Key)
	}
	return strings.Join(fields, " ")
}
