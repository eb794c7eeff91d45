package rpc

import (
	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Product returns a product as clients see it.
func Product(p *projections.Product) *atlantv1.Product {
	out := &atlantv1.Product{
		Id: p.ID.String(), Source: p.Source, Name: p.Name, Price: Price(p.Price), PriceChanges: p.PriceChanges,
		FirstObservedAt: p.FirstObservedAt.Timestamp(), ObservedAt: p.Seen.ObservedAt.Timestamp(),
	}
	if p.PriceChanges > 0 {
		out.PreviousPrice, out.PriceChangedAt = Price(p.PreviousPrice), p.PriceChangedAt().Timestamp()
	}
	return out
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
