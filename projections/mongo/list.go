package mongo

import (
	"context"
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// maxMerged is how many sources one find merges. MongoDB merges up to 200 ranges of an index as they come; beyond that it
// reads all of each and sorts.
const maxMerged = 100

type sourceDocument struct {
	Name string `bson:"_id"`
}

// ListProducts implements projections.ProductQueries. The indexes are led by the source, so a list of all sources is a
// merge of one range for each.
func (v *views) ListProducts(ctx context.Context, query projections.ProductQuery) ([]projections.Product, error) {
	page, err := v.listProducts(ctx, &query)
	if err != nil {
		return nil, v.failed("list", "products", err)
	}
	return page, nil
}

// ListProductsAt implements projections.ProductQueries.
func (v *views) ListProductsAt(
	ctx context.Context, query projections.ProductQuery, shards int,
) ([]projections.Product, []projections.Extent, error) {
	return projections.ListAfterPosition(ctx, v, query, shards)
}

func (v *views) listProducts(ctx context.Context, query *projections.ProductQuery) ([]projections.Product, error) {
	find := v.findProducts
	if len(query.Filter.Words) > 0 {
		find = v.search
	}
	page, err := find(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return []projections.Product{}, v.check(ctx)
	}
	return v.sighted(ctx, page)
}

// findProducts returns a page in the order of an index.
func (v *views) findProducts(ctx context.Context, query *projections.ProductQuery) ([]productDocument, error) {
	sources, err := v.sourcesOf(ctx, query.Filter.Source)
	if err != nil {
		return nil, err
	}
	var page []productDocument
	for merged := range slices.Chunk(sources, maxMerged) {
		found, err := v.findPage(ctx, query, merged)
		if err != nil {
			return nil, err
		}
		page = append(page, found...)
	}
	if len(sources) > maxMerged { // then it came as several pages
		page = firstOf(page, query)
	}
	return page, nil
}

// sourcesOf returns the source named, or all sources.
func (v *views) sourcesOf(ctx context.Context, name string) ([]string, error) {
	if name != "" {
		return []string{name}, nil
	}
	cursor, err := v.sources.Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	var found []sourceDocument
	err = cursor.All(ctx, &found)
	return documents(found, func(s *sourceDocument) string { return s.Name }), err
}

// findPage returns the page of a list of these sources: what follows the cursor at its value, and then what lies beyond it.
func (v *views) findPage(ctx context.Context, query *projections.ProductQuery, sources []string) ([]productDocument, error) {
	var page []productDocument
	for _, f := range pageFinds(query, sources) {
		if len(page) == query.Limit {
			break
		}
		limit := query.Limit - len(page)
		if f.resumes {
			limit += len(sources)
		}
		how := options.Find().SetSort(f.sort).SetHint(f.hint)
		found, err := findAll[productDocument](ctx, v.products, f.filter, limit, how)
		if err != nil {
			return nil, err
		}
		if f.resumes {
			found = slices.DeleteFunc(found, func(d productDocument) bool {
				p := d.product(events.Position{}, false)
				return !query.IsBehind(&p)
			})
		}
		page = append(page, found[:min(len(found), query.Limit-len(page))]...)
	}
	return page, nil
}

// firstOf sorts products, and keeps the first page of them.
func firstOf(found []productDocument, query *projections.ProductQuery) []productDocument {
	slices.SortFunc(found, func(a, b productDocument) int {
		p, q := a.product(events.Position{}, false), b.product(events.Position{}, false)
		return query.Compare(&p, &q)
	})
	return found[:min(len(found), query.Limit)]
}

// CountProducts implements projections.ProductQueries.
func (v *views) CountProducts(ctx context.Context, filter projections.ProductFilter) (int64, error) {
	count, err := v.count(ctx, &filter)
	if err == nil && count == 0 {
		err = v.check(ctx)
	}
	return count, v.failed("count", "products", err)
}

func (v *views) count(ctx context.Context, filter *projections.ProductFilter) (int64, error) {
	if len(filter.Words) > 0 {
		count, _, err := v.countFound(ctx, filter, math.MaxInt)
		return count, err
	}
	return v.products.CountDocuments(ctx, countFilter(filter))
}
