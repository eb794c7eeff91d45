package product

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// Lists has the lists that are still kept.
type Lists interface {
	// RawRow returns the row on a line of the list that a fetch has read, in UTF-8; empty if the list is not kept any more.
	RawRow(ctx context.Context, fetch *atlantv1.Fetch, line int64) (string, error)
}

// Explain implements ProductService. What the views do not tell it looks up in the log: it reads what the fetch has published
// until it comes to the product, which takes about a second for a million prices.
func (s *Service) Explain(
	ctx context.Context, request *connect.Request[atlantv1.ExplainRequest],
) (*connect.Response[atlantv1.ExplainResponse], error) {
	views, p, err := s.named(ctx, request.Msg)
	if err != nil {
		return nil, err
	}
	line, err := lineOfChange(ctx, views, &p)
	if err != nil {
		return nil, err
	}
	from, err := s.evidence(ctx, p.ID, p.Written, line)
	if err != nil {
		return nil, err
	}
	seen := from
	if p.Seen != p.Written {
		if seen, err = s.evidence(ctx, p.ID, p.Seen, 0); err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(&atlantv1.ExplainResponse{Product: rpc.Product(&p), PriceFrom: from, SeenLast: seen}), nil
}

// lineOfChange returns the line that brought the last change of a product, 0 if there was none.
func lineOfChange(ctx context.Context, views projections.Views, p *projections.Product) (int64, error) {
	if p.PriceChanges == 0 {
		return 0, nil
	}
	changes, err := views.ListChanges(ctx, p.ID, false, nil, 1)
	if err != nil {
		return 0, fmt.Errorf("list changes: %w", err)
	}
	if len(changes) == 0 || changes[0].At != p.Written { // another one came meanwhile
		return 0, nil
	}
	return changes[0].Line, nil
}

// evidence tells where the observation of a product at a position comes from. The line is 0 if it is to be looked for.
func (s *Service) evidence(ctx context.Context, product events.ProductID, at events.Position, line int64) (*atlantv1.Evidence, error) {
	record, err := s.fetchRecord(ctx, at.Fetch)
	if err != nil {
		return nil, fmt.Errorf("read fetch %s: %w", at.Fetch, err)
	}
	if record == nil { // which is in the log of prices, and so was asked for; but that is all there is to say
		return &atlantv1.Evidence{Fetch: &atlantv1.Fetch{Id: at.Fetch.String()}, Line: line}, nil
	}
	if line == 0 {
		if line, err = s.lineOf(ctx, product, at); err != nil {
			return nil, fmt.Errorf("read what fetch %s has published: %w", at.Fetch, err)
		}
	}
	evidence := &atlantv1.Evidence{Fetch: record.fetch, Sha256: hex.EncodeToString(record.parsed.GetSha256()), Line: line}
	if line > 0 {
		if evidence.RawRow, err = s.lists.RawRow(ctx, record.fetch, line); err != nil {
			return nil, fmt.Errorf("read the list of fetch %s: %w", at.Fetch, err)
		}
	}
	return evidence, nil
}

// errFound ends a search.
var errFound = errors.New("found")

// lineOf returns the line of the list that an observation comes from, 0 if the log does not have it any more.
func (s *Service) lineOf(ctx context.Context, product events.ProductID, at events.Position) (line int64, err error) {
	shard := events.ShardOf(product, s.shards)
	err = events.ShardObservations(ctx, s.log, shard, at.Fetch, func(some []events.Observation) error {
		for i := range some {
			if some[i].Position == at && some[i].ProductID() == product {
				line = some[i].Line
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return line, err
}
