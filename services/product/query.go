package product

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

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

// listQuery is what a request for a page of products means. Its limit is the page size.
type listQuery struct {
	projections.ProductQuery

	fingerprint string             // tells it from others
	asOf        *events.Micros     // nil: now
	began       events.LogPosition // where the walk began; nil: it begins now
}

// parseQuery reads a validated request.
func (s *Service) parseQuery(request *atlantv1.ListRequest) (*listQuery, error) {
	query := listQuery{fingerprint: fingerprint(request)}
	var err error
	if query.ProductQuery, err = newQuery(request); err != nil {
		return nil, err
	}
	if query.asOf, err = parseAsOf(request); err != nil {
		return nil, err
	}
	var at cursor
	found, err := rpc.DecodePageToken(request.GetPageToken(), query.fingerprint, &at)
	if err != nil || !found {
		return &query, err
	}
	place, began, err := at.parse(s.shards)
	query.After, query.began = &place, began
	return &query, err
}

// parseAsOf returns the time that a list is asked as of, nil if it is now.
func parseAsOf(request *atlantv1.ListRequest) (*events.Micros, error) {
	at := request.GetAsOf()
	if at == nil {
		return nil, nil //nolint:nilnil // there is none to return
	}
	if err := at.CheckValid(); err != nil {
		return nil, rpc.InvalidArgument("as_of", "%v", err)
	}
	switch key := sortKeys[request.GetSortBy()]; {
	case key != projections.SortByName && key != projections.SortByPrice:
		return nil, rpc.InvalidArgument("sort_by", "with as_of it can be SORT_BY_NAME or SORT_BY_PRICE only")
	case request.GetChangedSince() != nil:
		return nil, rpc.InvalidArgument("changed_since", "cannot be used together with as_of")
	case request.GetTotal():
		return nil, rpc.InvalidArgument("total", "cannot be used together with as_of")
	}
	return new(events.MicrosOf(at)), nil
}

// newQuery reads all of a request but for when and where the page begins.
func newQuery(request *atlantv1.ListRequest) (projections.ProductQuery, error) {
	query := projections.ProductQuery{
		SortBy: sortKeys[request.GetSortBy()], Descending: request.GetDescending(), Limit: rpc.PageSize(request.GetPageSize()),
		Filter: projections.ProductFilter{
			Source: request.GetSource(), MinPriceMicros: request.MinPriceMicros, MaxPriceMicros: request.MaxPriceMicros,
		},
	}
	words, err := rpc.ParseWords("query", request.GetQuery())
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
	return fmt.Sprintf("products %d %t %q %q %s %s %s %s", sortKeys[request.GetSortBy()], request.GetDescending(),
		request.GetSource(), projections.QueryWords(request.GetQuery()), optional(request.MinPriceMicros), optional(request.MaxPriceMicros),
		moment(request.GetChangedSince()), moment(request.GetAsOf()))
}

func moment(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return fmt.Sprintf("%d.%d", t.GetSeconds(), t.GetNanos())
}

func optional(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
