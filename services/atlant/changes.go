package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type changesCommand struct {
	output
	namedProduct
	Ascending bool `help:"Oldest first."`
	Limit     uint `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run finds the product and prints its changes.
func (h *changesCommand) Run(ctx context.Context, c *console, api *clients) error {
	product, err := h.find(ctx, api)
	if err != nil {
		return err
	}
	if c.width > 0 && !h.JSON {
		fmt.Fprintln(c.out, printable(product.GetName()+": "+formatPrice(product.GetPrice())))
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
	return l.printAll(fmt.Sprintf("no changes: %s since %s", formatPrice(product.GetPrice()), since))
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
