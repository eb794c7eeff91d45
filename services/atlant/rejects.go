package main

import (
	"context"
	"strconv"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type rejectsCommand struct {
	output
	ID    string `arg:"" help:"Of the fetch."`
	Limit uint   `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all that are kept: the first 10,000."`
}

// Run prints the rows in the order of the list.
func (r *rejectsCommand) Run(ctx context.Context, c *console, api *clients) error {
	l := &listing[*atlantv1.Reject]{
		console: c, json: r.JSON, limit: r.Limit,
		columns: []column{
			{name: "line", right: true},
			{name: "column", right: true},
			{name: "reason"},
			{name: "message", flexible: true, optional: true},
			{name: "raw", flexible: true},
		},
		row: rejectRow,
		page: func(size int32, token string) ([]*atlantv1.Reject, string, error) {
			request := &atlantv1.ListRejectsRequest{Id: r.ID, PageSize: size, PageToken: token}
			response, err := api.fetch.ListRejects(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", notFound(err, noSuchFetch)
			}
			return response.Msg.GetRejects(), response.Msg.GetNextPageToken(), nil
		},
	}
	return l.printAll("no rejects: every row could be read")
}

func rejectRow(r *atlantv1.Reject) []string {
	column := "" // the row as a whole is at fault
	if r.GetColumn() > 0 {
		column = strconv.Itoa(int(r.GetColumn()))
	}
	return []string{strconv.FormatInt(r.GetLine(), 10), column, reasonName(r), r.GetMessage(), r.GetRaw()}
}
