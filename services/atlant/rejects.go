package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type rejectsCommand struct {
	output
	ID    string `arg:"" help:"Of the fetch."`
	Limit uint   `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all that are kept: the first 10,000."`
	CSV   bool   `name:"csv" help:"Write all that are kept as a list that can be corrected and fetched."`
	Out   string `placeholder:"FILE" help:"Write that list to a new file; without, to standard output."`
}

// Run prints the rows in the order of the list.
func (r *rejectsCommand) Run(ctx context.Context, c *console, api *clients) error {
	switch {
	case r.CSV && r.JSON:
		return &failure{text: "--csv and --json cannot go together", code: exitUsage}
	case r.CSV:
		return r.writeCorrections(ctx, c, api)
	case r.Out != "":
		return &failure{text: "--out goes with --csv", code: exitUsage}
	}
	l := &listing[*atlantv1.Reject]{
		console: c, json: r.JSON, limit: r.Limit,
		columns: []column{
			{name: "line", right: true},
			{name: "column", right: true},
			{name: "reason"},
			{name: "message", flexible: true, optional: true},
			{name: "raw", flexible: true},
		},
		row:  rejectRow,
		page: r.pages(ctx, api),
	}
	return l.printAll("no rejects: every row could be read")
}

// pages returns what reads the rejects page by page.
func (r *rejectsCommand) pages(ctx context.Context, api *clients) func(int32, string) ([]*atlantv1.Reject, string, error) {
	return func(size int32, token string) ([]*atlantv1.Reject, string, error) {
		request := &atlantv1.ListRejectsRequest{Id: r.ID, PageSize: size, PageToken: token}
		response, err := api.fetch.ListRejects(ctx, connect.NewRequest(request))
		if err != nil {
			return nil, "", notFound(err, noSuchFetch)
		}
		return response.Msg.GetRejects(), response.Msg.GetNextPageToken(), nil
	}
}

// writeCorrections writes the rejects as a list. That some are not in it is a failure, after it is written.
func (r *rejectsCommand) writeCorrections(ctx context.Context, c *console, api *clients) error {
	response, err := api.fetch.GetFetch(ctx, connect.NewRequest(&atlantv1.GetFetchRequest{Id: r.ID}))
	if err != nil {
		return notFound(err, noSuchFetch)
	}
	if response.Msg.GetFetch().GetRejected() == 0 {
		c.notef("no rejects: there is nothing to correct")
		return nil
	}
	list, err := newCorrections(ctx, response.Msg.GetFetch())
	if err != nil {
		return err
	}
	page := r.pages(ctx, api)
	for token, more := "", true; more; more = token != "" {
		var rejects []*atlantv1.Reject
		if rejects, token, err = page(largestPage, token); err != nil {
			return err
		}
		for _, reject := range rejects {
			list.add(reject)
		}
	}
	if err := r.write(c, list); err != nil {
		return err
	}
	return list.missing()
}

// write writes the list to where it is wanted. A file that is there may hold corrections, and stays.
func (r *rejectsCommand) write(c *console, list *corrections) error {
	if r.Out == "" {
		if c.width > 0 { // bytes of a list do not belong on a terminal as they are
			return &failure{text: "this list is not for a terminal: name a file with --out, or redirect it", code: exitUsage}
		}
		_, err := c.out.Write(list.text.Bytes())
		return err
	}
	file, err := os.OpenFile(r.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return failed("name another file, or remove it", "%s is there already, and may hold corrections", r.Out)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(file, &list.text)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(r.Out))
	}
	c.notef("%s rejected rows are in %s, which says how to fetch it once they are corrected", humanize.Comma(int64(list.rows)), r.Out)
	return nil
}

func rejectRow(r *atlantv1.Reject) []string {
	column := "" // the row as a whole is at fault
	if r.GetColumn() > 0 {
		column = strconv.Itoa(int(r.GetColumn()))
	}
	return []string{strconv.FormatInt(r.GetLine(), 10), column, reasonName(r), r.GetMessage(), r.GetRaw()}
}
