package mongo

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// TestListPlans: on MongoDB itself a page is a merge of one range of an index for each source. What else speaks the protocol
// plans in ways of its own; TestPageFinds holds for them all.
func TestListPlans(t *testing.T) {
	t.Parallel()
	v := testViews(t)
	var server struct {
		StorageEngines []string `bson:"storageEngines"`
	}
	if err := v.store.database.RunCommand(t.Context(), bson.D{{Key: "buildInfo", Value: 1}}).Decode(&server); err != nil {
		t.Fatal(err)
	}
	if len(server.StorageEngines) == 0 {
		t.Skip("the engine is not MongoDB itself, and has other plans: set ATLANT_TEST_MONGO_URI to a mongod for this one")
	}
	sources := []string{"one", "two", "three"}
	planFixture(t, v, sources)
	for key := range sortOrders {
		for _, descending := range []bool{false, true} {
			for _, sources := range [][]string{sources[:1], sources} {
				query := projections.ProductQuery{SortBy: key, Descending: descending, Limit: 20}
				wantRanges(t, v, query, sources)
				query.After = &projections.ProductCursor{Value: 100, Name: "product 100", ID: uuid.New()}
				wantRanges(t, v, query, sources)
			}
		}
	}
	one := new(int64(7))
	filter := projections.ProductFilter{MinPriceMicros: one, MaxPriceMicros: one}
	wantRanges(t, v, projections.ProductQuery{SortBy: projections.SortByPrice, Filter: filter, Limit: 20}, sources)
}

// planFixture has many products at every price, so that the ids within one matter.
func planFixture(t *testing.T, v *views, sources []string) {
	t.Helper()
	var all []events.Observation
	for _, source := range sources {
		for i := range 600 {
			position := events.Position{ObservedAt: events.Micros(i / 2), Fetch: uuid.UUID{1}}
			all = append(all, events.Observation{
				Source: source, Name: fmt.Sprintf("product %03d", i), Price: events.Price{Micros: int64(i / 3)}, Position: position,
			})
		}
	}
	if err := v.ApplyPrices(t.Context(), projections.FoldBatch(nil, all), projections.Checkpoint{Stream: "PRICES_00", Sequence: 1}); err != nil {
		t.Fatal(err)
	}
}

// wantRanges fails if the server sorts or scans for a page, or looks at more keys than the page and the ends of its ranges.
func wantRanges(t *testing.T, v *views, query projections.ProductQuery, sources []string) {
	t.Helper()
	for _, f := range pageFinds(&query, sources) {
		limit := query.Limit
		if f.resumes {
			limit += len(sources)
		}
		var answer struct {
			Planner struct {
				Winner bson.M `bson:"winningPlan"`
			} `bson:"queryPlanner"`
			Execution struct {
				Keys int64 `bson:"totalKeysExamined"`
			} `bson:"executionStats"`
		}
		find := bson.D{
			{Key: "find", Value: v.products.Name()},
			{Key: "filter", Value: f.filter},
			{Key: "sort", Value: f.sort},
			{Key: "hint", Value: f.hint},
			{Key: "limit", Value: limit},
		}
		explain := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "executionStats"}}
		if err := v.store.database.RunCommand(t.Context(), explain).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		stages := stagesOf(answer.Planner.Winner)
		if !slices.Contains(stages, "IXSCAN") || slices.Contains(stages, "SORT") || slices.Contains(stages, "COLLSCAN") {
			t.Errorf("%v by %v: the plan is %v", f.filter, f.sort, stages)
		}
		if most := int64(limit + 2*len(sources)); answer.Execution.Keys > most {
			t.Errorf("%v by %v: looks at %d keys, at most %d are needed", f.filter, f.sort, answer.Execution.Keys, most)
		}
	}
}

// stagesOf returns the names of all stages of a plan.
func stagesOf(plan any) []string {
	var stages []string
	switch plan := plan.(type) {
	case bson.M:
		for key, value := range plan {
			if name, ok := value.(string); ok && key == "stage" {
				stages = append(stages, name)
			}
			stages = append(stages, stagesOf(value)...)
		}
	case bson.D:
		for _, e := range plan {
			stages = append(stages, stagesOf(bson.M{e.Key: e.Value})...)
		}
	case bson.A:
		for _, value := range plan {
			stages = append(stages, stagesOf(value)...)
		}
	}
	return stages
}
