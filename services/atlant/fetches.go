package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const noSuchFetch = "`atlant fetches` lists those there are"

type fetchesCommand struct {
	output
	ID     string `arg:"" optional:"" help:"Of a fetch, to see its receipt."`
	Source string `placeholder:"NAME" help:"Only fetches of this source."`
	Limit  uint   `default:"20" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run prints a table, or with an id a receipt.
func (f *fetchesCommand) Run(ctx context.Context, c *console, api *clients) error {
	if f.ID != "" {
		return f.one(ctx, c, api)
	}
	l := &listing[*atlantv1.Fetch]{
		console: c, json: f.JSON, limit: f.Limit,
		columns: fetchColumns(),
		row:     fetchRow,
		page: func(size int32, token string) ([]*atlantv1.Fetch, string, error) {
			request := &atlantv1.ListFetchesRequest{PageSize: size, PageToken: token, Source: f.Source}
			response, err := api.fetch.ListFetches(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			return response.Msg.GetFetches(), response.Msg.GetNextPageToken(), nil
		},
	}
	return l.printAll("no fetches yet: `atlant fetch FILE` or `atlant fetch URL` makes one")
}

func (f *fetchesCommand) one(ctx context.Context, c *console, api *clients) error {
	response, err := api.fetch.GetFetch(ctx, connect.NewRequest(&atlantv1.GetFetchRequest{Id: f.ID}))
	if err != nil {
		return notFound(err, noSuchFetch)
	}
	fetch := response.Msg.GetFetch()
	if f.JSON {
		return printJSON(c, fetch)
	}
	if err := printReceipt(c, fetch); err != nil {
		return err
	}
	for _, evidence := range fetch.GetDialect().GetEvidence() {
		if _, err := fmt.Fprintf(c.out, "%-10s %s\n", "evidence", printable(evidence)); err != nil {
			return err
		}
	}
	printFirstRejects(ctx, c, api, fetch)
	return nil
}

func fetchColumns() []column {
	return []column{
		{name: "id"},
		{name: "state", color: stateColor},
		{name: "source", flexible: true, optional: true},
		{name: "rows", right: true},
		{name: "accepted", right: true, optional: true},
		{name: "rejected", right: true, optional: true},
		{name: "duplicates", right: true, optional: true},
		{name: "age"},
		{name: "url", flexible: true},
	}
}

func fetchRow(f *atlantv1.Fetch) []string {
	age := ""
	if f.GetRequestedAt() != nil {
		age = humanize.Time(f.GetRequestedAt().AsTime())
	}
	return []string{
		f.GetId(), stateName(f.GetState()), f.GetSource(),
		humanize.Comma(f.GetRowsRead()), humanize.Comma(f.GetAccepted()),
		humanize.Comma(f.GetRejected()), humanize.Comma(f.GetDuplicates()),
		age, shownURL(f.GetUrl()),
	}
}
