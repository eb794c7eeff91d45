package product

import (
	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func toProto(p *projections.Product) *atlantv1.Product {
	out := &atlantv1.Product{
		Id: p.ID.String(), Source: p.Source, Name: p.Name, Price: priceToProto(p.Price), PriceChanges: p.PriceChanges,
		FirstObservedAt: p.FirstObservedAt.Timestamp(), ObservedAt: p.Seen.ObservedAt.Timestamp(),
	}
	if p.PriceChanges > 0 {
		out.PreviousPrice, out.PriceChangedAt = priceToProto(p.PreviousPrice), p.PriceChangedAt().Timestamp()
	}
	return out
}

func changeToProto(c *projections.Change) *atlantv1.Change {
	return &atlantv1.Change{
		ProductId: c.ProductID.String(), Price: priceToProto(c.Price), PreviousPrice: priceToProto(c.PreviousPrice),
		ObservedAt: c.At.ObservedAt.Timestamp(), FetchId: c.At.Fetch.String(), Line: c.Line,
	}
}

func priceToProto(p events.Price) *atlantv1.Price {
	return &atlantv1.Price{AmountMicros: p.Micros, CurrencyCode: p.Currency}
}
