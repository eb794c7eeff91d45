package rpc

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Product returns a product as clients see it.
func Product(p *projections.Product) *atlantv1.Product {
	return newProductParts(1).assemble(p)
}

// Products returns as many products, each by its index, as clients see them.
func Products(n int, at func(i int) *projections.Product) []*atlantv1.Product {
	parts, all := newProductParts(n), make([]*atlantv1.Product, n)
	for i := range all {
		all[i] = parts.assemble(at(i))
	}
	return all
}

// productParts are what products are made of, for all of them at once: to allocate each part by itself takes longer than to fill
// it in.
type productParts struct {
	products []atlantv1.Product
	prices   []atlantv1.Price
	times    []timestamppb.Timestamp
}

func newProductParts(products int) *productParts {
	return &productParts{
		products: make([]atlantv1.Product, products),
		prices:   make([]atlantv1.Price, 2*products),
		times:    make([]timestamppb.Timestamp, 3*products),
	}
}

func (parts *productParts) assemble(p *projections.Product) *atlantv1.Product {
	out := take(&parts.products)
	out.Id, out.Source, out.Name, out.PriceChanges = p.ID.String(), p.Source, p.Name, p.PriceChanges
	out.Price = parts.price(p.Price)
	out.FirstObservedAt, out.ObservedAt = parts.time(p.FirstObservedAt), parts.time(p.Seen.ObservedAt)
	if p.PriceChanges > 0 {
		out.PreviousPrice, out.PriceChangedAt = parts.price(p.PreviousPrice), parts.time(p.PriceChangedAt())
	}
	return out
}

func (parts *productParts) price(p events.Price) *atlantv1.Price {
	out := take(&parts.prices)
	out.AmountMicros, out.CurrencyCode = p.Micros, p.Currency
	return out
}

func (parts *productParts) time(at events.Micros) *timestamppb.Timestamp {
	out := take(&parts.times)
	at.Set(out)
	return out
}

// take returns the next one that is left.
func take[T any](left *[]T) *T {
	next := &(*left)[0]
	*left = (*left)[1:]
	return next
}

// Change returns a change as clients see it.
func Change(c *projections.Change) *atlantv1.Change {
	return &atlantv1.Change{
		ProductId: c.ProductID.String(), Price: Price(c.Price), PreviousPrice: Price(c.PreviousPrice),
		ObservedAt: c.At.ObservedAt.Timestamp(), FetchId: c.At.Fetch.String(), Line: c.Line,
	}
}

// Price returns a price as clients see it.
func Price(p events.Price) *atlantv1.Price {
	return &atlantv1.Price{AmountMicros: p.Micros, CurrencyCode: p.Currency}
}
