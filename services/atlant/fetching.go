package main

import (
	"context"
	"fmt"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// fetchingFlags say how a list is asked for, whichever it is.
type fetchingFlags struct {
	RequestID string        `name:"request-id" placeholder:"ID" help:"Idempotency key: the same key and request give the same fetch."`
	Force     bool          `help:"Fetch even if the list did not change."`
	Wait      bool          `short:"w" help:"Wait until the prices can be read, and print the receipt. Exits with 1 if the fetch fails."`
	Timeout   time.Duration `placeholder:"DURATION" help:"Wait no longer than this."`
}

// report prints a fetch that was asked for at a time and, with --wait, stays until it has ended.
func (f *fetchingFlags) report(
	ctx context.Context, c *console, api *clients, json bool, fetch *atlantv1.Fetch, asked time.Time,
) error {
	if f.Wait {
		w := &wait{console: c, api: api, json: json, asked: asked}
		return w.run(ctx, fetch)
	}
	if json {
		return printJSON(c, fetch)
	}
	_, err := fmt.Fprintf(c.out, "fetch %s is %s\nsee how it goes with `atlant fetches %[1]s`; next time, --wait waits for the end\n",
		fetch.GetId(), stateName(fetch.GetState()))
	return err
}
