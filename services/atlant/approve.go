package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type approveCommand struct {
	output
	ID      string        `arg:"" help:"Of the fetch."`
	Wait    bool          `short:"w" help:"Wait until the prices can be read, and print the receipt."`
	Timeout time.Duration `placeholder:"DURATION" help:"Wait no longer than this."`
}

// Run has the list published that is held and, with --wait, stays until it can be read.
func (a *approveCommand) Run(ctx context.Context, c *console, api *clients) error {
	ctx, cancel := limit(ctx, a.Timeout)
	defer cancel()
	asked := time.Now()
	response, err := api.fetch.ApproveFetch(ctx, connect.NewRequest(&atlantv1.ApproveFetchRequest{Id: a.ID}))
	if err != nil {
		return notFound(err, noSuchFetch)
	}
	fetch := response.Msg.GetFetch()
	if a.Wait {
		w := &wait{console: c, api: api, json: a.JSON, asked: asked, approved: true}
		return w.run(ctx, fetch)
	}
	return printState(c, fetch, a.JSON)
}

type discardCommand struct {
	output
	ID string `arg:"" help:"Of the fetch."`
}

// Run ends the fetch that is held.
func (d *discardCommand) Run(ctx context.Context, c *console, api *clients) error {
	response, err := api.fetch.DiscardFetch(ctx, connect.NewRequest(&atlantv1.DiscardFetchRequest{Id: d.ID}))
	if err != nil {
		return notFound(err, noSuchFetch)
	}
	return printState(c, response.Msg.GetFetch(), d.JSON)
}

// printState says in a line where a fetch is now.
func printState(c *console, fetch *atlantv1.Fetch, json bool) error {
	if json {
		return printJSON(c, fetch)
	}
	_, err := fmt.Fprintf(c.out, "fetch %s is %s\n", fetch.GetId(), stateName(fetch.GetState()))
	return err
}
