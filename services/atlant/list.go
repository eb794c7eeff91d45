package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type listCommand struct {
	output
	Sort         string  `enum:"name,price,price-changes,price-changed-at,first-observed-at" default:"name" placeholder:"BY" help:"What to sort by: ${enum}."`
	Desc         bool    `help:"Largest first."`
	Query        string  `short:"q" placeholder:"TEXT" help:"Only products whose name has a word that begins with each of these words, whatever the case and the accents."`
	Source       string  `placeholder:"NAME" help:"Only products of this source."`
	MinPrice     *amount `placeholder:"AMOUNT" help:"Only products that cost at least this: 12.50"`
	MaxPrice     *amount `placeholder:"AMOUNT" help:"Only products that cost at most this."`
	ChangedSince *moment `placeholder:"TIME" help:"Only products whose price changed since: an age like 24h or 7d, a date (UTC), or RFC 3339."`
	Limit        uint    `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
	Total        bool    `help:"Count all products that match; with --json the count is the last line."`
	Position     string  `placeholder:"POSITION" help:"Of a fetch: wait until the views hold what it wrote."`
}

// Run prints products, and with --total how many there are.
func (l *listCommand) Run(ctx context.Context, c *console, api *clients) error {
	var total int64
	var estimated bool
	products := &listing[*atlantv1.Product]{
		console: c, json: l.JSON, limit: l.Limit,
		columns: productColumns(),
		row:     productRow,
		page: func(size int32, token string) ([]*atlantv1.Product, string, error) {
			request := l.request()
			request.PageSize, request.PageToken = size, token
			response, err := api.product.List(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			// The last page counts: writes go on while pages are read.
			total, estimated = response.Msg.GetTotalSize(), response.Msg.GetTotalEstimated()
			return response.Msg.GetProducts(), response.Msg.GetNextPageToken(), nil
		},
	}
	if err := products.printAll("no products match"); err != nil || !l.Total {
		return err
	}
	return printTotal(c, l.JSON, total, estimated)
}

func printTotal(c *console, json bool, total int64, estimated bool) error {
	format, size := "%s in all\n", humanize.Comma(total)
	switch {
	case json && estimated:
		format, size = "{\"totalSize\":%q,\"totalEstimated\":true}\n", strconv.FormatInt(total, 10)
	case json:
		format, size = "{\"totalSize\":%q}\n", strconv.FormatInt(total, 10) // quoted as protojson quotes an int64
	case estimated:
		format = "about %s in all\n"
	}
	_, err := fmt.Fprintf(c.out, format, size)
	return err
}

func (l *listCommand) request() *atlantv1.ListRequest {
	name := "SORT_BY_" + strings.ToUpper(strings.ReplaceAll(l.Sort, "-", "_"))
	return &atlantv1.ListRequest{
		SortBy:         atlantv1.SortBy(atlantv1.SortBy_value[name]),
		Descending:     l.Desc,
		Query:          l.Query,
		Source:         l.Source,
		MinPriceMicros: l.MinPrice.micros(),
		MaxPriceMicros: l.MaxPrice.micros(),
		ChangedSince:   l.ChangedSince.timestamp(),
		Position:       l.Position,
		Total:          l.Total,
	}
}

func productColumns() []column {
	return []column{
		{name: "name", flexible: true},
		{name: "price", right: true},
		{name: "previous", right: true, color: moveColor},
		{name: "changes", right: true},
		{name: "changed at", optional: true},
		{name: "first seen", optional: true},
		{name: "last seen", optional: true},
	}
}

func productRow(p *atlantv1.Product) []string {
	previous := formatPrice(p.GetPreviousPrice())
	if move := formatMove(p.GetPreviousPrice(), p.GetPrice()); move != "" {
		previous += " " + move
	}
	return []string{
		p.GetName(), formatPrice(p.GetPrice()), previous, humanize.Comma(p.GetPriceChanges()),
		formatTime(p.GetPriceChangedAt(), toTheMinute),
		formatTime(p.GetFirstObservedAt(), toTheMinute),
		formatTime(p.GetObservedAt(), toTheMinute),
	}
}

// moveColor is the buyer's view: red is dearer.
func moveColor(cell string) text.Colors {
	switch {
	case strings.Contains(cell, rise), strings.HasPrefix(cell, "+"):
		return text.Colors{text.FgRed}
	case strings.Contains(cell, fall), strings.HasPrefix(cell, "-"):
		return text.Colors{text.FgGreen}
	}
	return nil
}
