package main

import (
	"context"
	"fmt"

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
	fetch := response.Msg.GetFetch()
	if f.JSON {
		return printJSON(c, fetch)
	}
	_, err = fmt.Fprintf(c.out, "fetch %s is %s\n", fetch.GetId(), stateName(fetch.GetState()))
	return err
}
