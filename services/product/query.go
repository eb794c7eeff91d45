package product

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// sortKeys says what each SortBy means to the views.
var sortKeys = map[atlantv1.SortBy]projections.SortKey{
	atlantv1.SortBy_SORT_BY_UNSPECIFIED:       projections.SortByName,
	atlantv1.SortBy_SORT_BY_NAME:              projections.SortByName,
	atlantv1.SortBy_SORT_BY_PRICE:             projections.SortByPrice,
	atlantv1.SortBy_SORT_BY_PRICE_CHANGES:     projections.SortByPriceChanges,
	atlantv1.SortBy_SORT_BY_PRICE_CHANGED_AT:  projections.SortByPriceChangedAt,
	atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT: projections.SortByFirstObservedAt,
}

// cursor is where a page begins, as a page token holds it: a projections.ProductCursor, and where the walk began.
type cursor struct {
	Value int64     `json:"v,omitempty"`
	Name  string    `json:"n"`
	ID    uuid.UUID `json:"i"`
	Began string    `json:"b"`
}

func newCursor(place projections.ProductCursor, began events.LogPosition) cursor {
	return cursor{Value: place.Value, Name: place.Name, ID: place.ID, Began: began.String()}
}

// parse reads what newCursor wrote for a log of so many shards.
func (c *cursor) parse(shards int) (projections.ProductCursor, events.LogPosition, error) {
	began, err := events.ParseLogPosition(c.Began, shards)
	if err != nil || len(began) != shards || len(c.Name) > events.MaxNameBytes {
		return projections.ProductCursor{}, nil, rpc.InvalidArgument("page_token", "not a token that Atlant gave out")
	}
	return projections.ProductCursor{Value: c.Value, Name: c.Name, ID: c.ID}, began, nil
}

// parseQuery turns a validated request into a query with the page size as its limit, and says where its walk began; nil if it
// begins now.
func (s *Service) parseQuery(request *atlantv1.ListRequest) (query projections.ProductQuery, began events.LogPosition, err error) {
	if query, err = newQuery(request); err != nil {
		return query, nil, err
	}
	var at cursor
	found, err := rpc.DecodePageToken(request.GetPageToken(), fingerprint(request), &at)
	if err != nil || !found {
		return query, nil, err
	}
	place, began, err := at.parse(s.shards)
	query.After = &place
	return query, began, err
}

// newQuery is parseQuery for a first page.
func newQuery(request *atlantv1.ListRequest) (projections.ProductQuery, error) {
	query := projections.ProductQuery{
		SortBy: sortKeys[request.GetSortBy()], Descending: request.GetDescending(), Limit: rpc.PageSize(request.GetPageSize()),
		Filter: projections.ProductFilter{
			Source: request.GetSource(), MinPriceMicros: request.MinPriceMicros, MaxPriceMicros: request.MaxPriceMicros,
		},
	}
	words, err := parseWords(request.GetQuery())
	if err != nil {
		return query, err
	}
	query.Filter.Words = words
	if request.MaxPriceMicros != nil && request.GetMinPriceMicros() > request.GetMaxPriceMicros() {
		return query, rpc.InvalidArgument("min_price_micros", "is greater than max_price_micros")
	}
	if since := request.GetChangedSince(); since != nil {
		if err := since.CheckValid(); err != nil {
			return query, rpc.InvalidArgument("changed_since", "%v", err)
		}
		micros := events.MicrosOf(since)
		if since.GetNanos()%1000 != 0 {
			micros++ // changes are known to the microsecond: the first one at or after it
		}
		query.Filter.ChangedSince = &micros
	}
	return query, nil
}

// fingerprint tells a query from others. Page size, position and total may differ between pages.
func fingerprint(request *atlantv1.ListRequest) string {
	return fmt.Sprintf("products %d %t %q %q %s %s %d.%d %t", sortKeys[request.GetSortBy()], request.GetDescending(),
		request.GetSource(), projections.QueryWords(request.GetQuery()), optional(request.MinPriceMicros), optional(request.MaxPriceMicros),
		request.GetChangedSince().GetSeconds(), request.GetChangedSince().GetNanos(), request.GetChangedSince() != nil)
}

func optional(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
