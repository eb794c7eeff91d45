package main

import (
	"context"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type cancelCommand struct {
	output
	ID string `arg:"" help:"Of the fetch."`
}

// Run calls the fetch off.
func (f *cancelCommand) Run(ctx context.Context, c *console, api *clients) error {
	response, err := api.fetch.CancelFetch(ctx, connect.NewRequest(&atlantv1.CancelFetchRequest{Id: f.ID}))
	if err != nil {
		return notFound(err, noSuchFetch)
	}
	return printState(c, response.Msg.GetFetch(), f.JSON)
}
