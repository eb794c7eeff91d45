// Package exportfile writes products and changes as files: CSV, JSON Lines and Parquet, with the same columns in each.
package exportfile

import (
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Micros is an amount of money in millionths. As text it is an exact decimal, such as 12.50.
type Micros int64

// MarshalText implements encoding.TextMarshaler.
func (m Micros) MarshalText() ([]byte, error) { return []byte(events.Decimal(int64(m))), nil }

// Time is in microseconds since the Unix epoch. As text it is in UTC, as RFC 3339 has it.
type Time int64

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) {
	return time.UnixMicro(int64(t)).UTC().AppendFormat(nil, time.RFC3339Nano), nil
}

// Product is a row of a file of products. Price is exact; what is absent had no change yet.
type Product struct {
	Name             string  `json:"name"                        parquet:"name"`
	Price            Micros  `json:"price"                       parquet:"price,decimal(6:18)"`
	Currency         string  `json:"currency"                    parquet:"currency,dict"`
	Source           string  `json:"source"                      parquet:"source,dict"`
	ID               string  `json:"id"                          parquet:"id"`
	PreviousPrice    *Micros `json:"previous_price,omitempty"    parquet:"previous_price,optional,decimal(6:18)"`
	PreviousCurrency *string `json:"previous_currency,omitempty" parquet:"previous_currency,optional,dict"`
	PriceChanges     int64   `json:"price_changes"               parquet:"price_changes"`
	FirstObservedAt  Time    `json:"first_observed_at"           parquet:"first_observed_at,timestamp(microsecond)"`
	PriceChangedAt   *Time   `json:"price_changed_at,omitempty"  parquet:"price_changed_at,optional,timestamp(microsecond)"`
	ObservedAt       *Time   `json:"observed_at,omitempty"       parquet:"observed_at,optional,timestamp(microsecond)"` // nil: not known
}

// NewProduct returns the row of a product.
func NewProduct(p *projections.Product) Product {
	row := Product{
		Name: p.Name, Price: Micros(p.Price.Micros), Currency: p.Price.Currency, Source: p.Source, ID: p.ID.String(),
		PriceChanges: p.PriceChanges, FirstObservedAt: Time(p.FirstObservedAt), ObservedAt: new(Time(p.Seen.ObservedAt)),
	}
	if p.PriceChanges > 0 {
		row.PreviousPrice, row.PreviousCurrency = new(Micros(p.PreviousPrice.Micros)), new(p.PreviousPrice.Currency)
		row.PriceChangedAt = new(Time(p.PriceChangedAt()))
	}
	return row
}

// Change is a row of a file of changes.
type Change struct {
	Name             string `json:"name"              parquet:"name"`
	Price            Micros `json:"price"             parquet:"price,decimal(6:18)"`
	Currency         string `json:"currency"          parquet:"currency,dict"`
	PreviousPrice    Micros `json:"previous_price"    parquet:"previous_price,decimal(6:18)"`
	PreviousCurrency string `json:"previous_currency" parquet:"previous_currency,dict"`
	ObservedAt       Time   `json:"observed_at"       parquet:"observed_at,timestamp(microsecond)"`
	Source           string `json:"source"            parquet:"source,dict"`
	ProductID        string `json:"product_id"        parquet:"product_id"`
	FetchID          string `json:"fetch_id"          parquet:"fetch_id,dict"`
	Line             int64  `json:"line"              parquet:"line"`
}

// NewChange returns the row of a change of a product.
func NewChange(p *projections.Product, c *projections.Change) Change {
	return Change{
		Name: p.Name, Price: Micros(c.Price.Micros), Currency: c.Price.Currency,
		PreviousPrice: Micros(c.PreviousPrice.Micros), PreviousCurrency: c.PreviousPrice.Currency,
		ObservedAt: Time(c.At.ObservedAt), Source: p.Source, ProductID: p.ID.String(), FetchID: c.At.Fetch.String(), Line: c.Line,
	}
}
