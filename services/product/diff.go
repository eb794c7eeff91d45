package product

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// maxDiffRows is how many prices each of two fetches may have published to be compared.
	maxDiffRows = 5_000_000
	// diffPortion is about how many products are compared at once: some 100 MB. For more, both fetches are read several times.
	diffPortion = 500_000
	// diffsPerResponse keeps a response far below what clients take.
	diffsPerResponse = 500
)

// DiffFetches implements ProductService. One comparison runs at a time, and the others wait, because of the memory that it takes.
func (s *Service) DiffFetches(
	ctx context.Context, request *connect.Request[atlantv1.DiffFetchesRequest], stream *connect.ServerStream[atlantv1.DiffFetchesResponse],
) error {
	a, err := s.publishedFetch(ctx, "a", request.Msg.GetA())
	if err != nil {
		return err
	}
	b, err := s.publishedFetch(ctx, "b", request.Msg.GetB())
	if err != nil {
		return err
	}
	for field, r := range map[string]*fetchRecord{"a": a, "b": b} {
		if rows := r.fetch.GetPublished(); rows > maxDiffRows {
			return connect.NewError(connect.CodeResourceExhausted,
				fmt.Errorf("%s: fetch %s published %d prices: up to %d can be compared", field, r.id, rows, maxDiffRows))
		}
	}
	select {
	case s.comparing <- struct{}{}:
		defer func() { <-s.comparing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	d := &difference{log: s.log, a: a, b: b, send: stream.Send}
	if err := d.run(ctx, max(a.fetch.GetPublished(), b.fetch.GetPublished())/diffPortion+1); err != nil {
		return err
	}
	return d.flush(&d.summary)
}

// difference compares what two fetches published.
type difference struct {
	log  Log
	a, b *fetchRecord
	send func(*atlantv1.DiffFetchesResponse) error

	found   []*atlantv1.Difference // to be sent
	summary atlantv1.DiffSummary
}

// observed is what a fetch says of a product, if anything.
type observed struct {
	known bool
	price events.Price
	at    events.Micros
	line  int64
}

// twice is what both fetches say of a product.
type twice struct {
	name string
	a, b observed
}

// run compares portion by portion.
func (d *difference) run(ctx context.Context, portions int64) error {
	for portion := range portions {
		all := map[events.ProductID]twice{}
		for _, side := range []struct {
			field string
			fetch *fetchRecord
			of    func(*twice) *observed
		}{{"a", d.a, func(t *twice) *observed { return &t.a }}, {"b", d.b, func(t *twice) *observed { return &t.b }}} {
			read := int64(0)
			err := events.Observations(ctx, d.log, side.fetch.id, func(some []events.Observation) error {
				read += int64(len(some))
				for i := range some {
					if id := some[i].ProductID(); portionOf(id, portions) == portion {
						all[id] = all[id].with(&some[i], side.of)
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("read fetch %s: %w", side.fetch.id, err)
			}
			if err := allOf(side.field, side.fetch, read); err != nil {
				return err
			}
		}
		if err := d.compare(all); err != nil {
			return err
		}
	}
	return nil
}

// allOf returns failed_precondition unless all that a fetch published was read: what is left of it says nothing of the rest.
func allOf(field string, r *fetchRecord, read int64) error {
	published := r.fetch.GetPublished()
	if read >= published {
		return nil
	}
	return connect.NewError(connect.CodeFailedPrecondition, fmt.Errorf(
		"%s: of the %d prices that fetch %s published the log holds %d: the others were left out when it was compacted, or cannot be read",
		field, published, r.id, read))
}

// portionOf returns the portion that a product belongs to, of so many of about the same size: ids are hashes.
func portionOf(id events.ProductID, portions int64) int64 {
	portion, _ := bits.Mul64(binary.BigEndian.Uint64(id[8:])<<2, uint64(portions)) // without the bits of the variant
	return int64(portion)
}

// with takes an observation in. A fetch may have several of a product, where a column gives dates: the last date counts.
func (t twice) with(o *events.Observation, side func(*twice) *observed) twice {
	now := side(&t)
	if !now.known || o.Position.ObservedAt >= now.at {
		*now = observed{known: true, price: o.Price, at: o.Position.ObservedAt, line: o.Line}
	}
	t.name = o.Name
	return t
}

// compare sends what differs.
func (d *difference) compare(all map[events.ProductID]twice) error {
	for id, t := range all {
		kind, source := atlantv1.DifferenceKind_DIFFERENCE_KIND_CHANGED, d.b.fetch.GetSource()
		switch {
		case !t.a.known:
			kind = atlantv1.DifferenceKind_DIFFERENCE_KIND_ADDED
			d.summary.Added++
		case !t.b.known:
			kind, source = atlantv1.DifferenceKind_DIFFERENCE_KIND_MISSING, d.a.fetch.GetSource()
			d.summary.Missing++
		case t.a.price == t.b.price:
			d.summary.Same++
			continue
		default:
			d.summary.Changed++
		}
		d.found = append(d.found, &atlantv1.Difference{
			Kind: kind, ProductId: id.String(), Source: source, Name: t.name,
			PriceA: t.a.message(), LineA: t.a.line, PriceB: t.b.message(), LineB: t.b.line,
		})
		if len(d.found) == diffsPerResponse {
			if err := d.flush(nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush sends what was found, and at the end how much that was.
func (d *difference) flush(summary *atlantv1.DiffSummary) error {
	response := &atlantv1.DiffFetchesResponse{Differences: d.found, Summary: summary}
	d.found = nil
	return d.send(response)
}

func (o *observed) message() *atlantv1.Price {
	if !o.known {
		return nil
	}
	return rpc.Price(o.price)
}

// parseID reads an id that a rule of the contract has checked.
func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, rpc.InvalidArgument(field, "%v", err)
	}
	return id, nil
}

// stateName returns the state of a fetch as people say it.
func stateName(state atlantv1.FetchState) string {
	name := strings.TrimPrefix(state.String(), "FETCH_STATE_")
	return strings.ToLower(strings.ReplaceAll(name, "_", " "))
}
