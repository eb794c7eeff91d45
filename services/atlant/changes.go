package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type changesCommand struct {
	output
	namedProduct
	Ascending bool  `help:"Oldest first."`
	Chart     *bool `negatable:"" help:"Draw how the price moved, or do not; on a terminal it is drawn."`
	Limit     uint  `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run finds the product and prints what its prices come to, and its changes. In JSON the last line is the product with its statistics.
func (h *changesCommand) Run(ctx context.Context, c *console, api *clients) error {
	found, err := h.get(ctx, api)
	if err != nil {
		return err
	}
	product := found.GetProduct()
	if c.width > 0 && !h.JSON {
		fmt.Fprintln(c.out, printable(product.GetName()+": "+formatPrice(product.GetPrice())))
	}
	if h.charted(c) && product.GetPriceChanges() > 0 {
		if err := drawChart(ctx, c, api, product); err != nil {
			return err
		}
	}
	if statistics := statisticsInWords(found.GetStatistics()); statistics != "" && product.GetPriceChanges() > 0 && !h.JSON {
		fmt.Fprintln(c.out, statistics)
	}
	l := &listing[*atlantv1.Change]{
		console: c, json: h.JSON, limit: h.Limit,
		columns: changeColumns(),
		row:     changeRow,
		page: func(size int32, token string) ([]*atlantv1.Change, string, error) {
			request := &atlantv1.ListChangesRequest{
				ProductId: product.GetId(), PageSize: size, PageToken: token, Ascending: h.Ascending,
			}
			response, err := api.product.ListChanges(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			return response.Msg.GetChanges(), response.Msg.GetNextPageToken(), nil
		},
	}
	since := formatTime(product.GetFirstObservedAt(), toTheMinute)
	err = l.printAll(fmt.Sprintf("no changes: %s since %s", formatPrice(product.GetPrice()), since))
	if err != nil || !h.JSON {
		return err
	}
	return printJSON(c, found)
}

func (h *changesCommand) charted(c *console) bool {
	if h.Chart == nil {
		return c.width > 0 && !h.JSON
	}
	return *h.Chart && !h.JSON
}

// mostCharted is how many changes a chart is made of; it has fewer columns than that by far.
const mostCharted = 10_000

// drawChart reads the latest changes of a product, and draws them.
func drawChart(ctx context.Context, c *console, api *clients, product *atlantv1.Product) error {
	var changes []*atlantv1.Change
	for request := (&atlantv1.ListChangesRequest{ProductId: product.GetId(), PageSize: largestPage}); len(changes) < mostCharted; {
		response, err := api.product.ListChanges(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		changes = append(changes, response.Msg.GetChanges()...)
		if request.PageToken = response.Msg.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	slices.Reverse(changes)
	steps := priceSteps(product, changes)
	if len(steps) < 2 { // the currency has just changed
		return nil
	}
	chart := drawSteps(steps, product.GetObservedAt().AsTime(), product.GetPrice().GetCurrencyCode(), cmp.Or(c.width, chartWidth))
	_, err := fmt.Fprintln(c.out, chart)
	return err
}

func changeColumns() []column {
	return []column{
		{name: "when"},
		{name: "price", right: true},
		{name: "previous", right: true},
		{name: "delta", right: true, color: moveColor},
		{name: "fetch", optional: true},
		{name: "line", right: true, optional: true},
	}
}

func changeRow(c *atlantv1.Change) []string {
	return []string{
		formatTime(c.GetObservedAt(), toTheSecond),
		formatPrice(c.GetPrice()), formatPrice(c.GetPreviousPrice()),
		formatDelta(c.GetPreviousPrice(), c.GetPrice()),
		c.GetFetchId(), strconv.FormatInt(c.GetLine(), 10),
	}
}
