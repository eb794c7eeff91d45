package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type diffCommand struct {
	output
	A string `arg:"" help:"Id of the fetch to compare with, most often the older one."`
	B string `arg:"" help:"Id of the fetch to compare."`
}

// Run prints the differences as they come, and then how many there are.
func (d *diffCommand) Run(ctx context.Context, c *console, api *clients) error {
	stream, err := api.product.DiffFetches(ctx, connect.NewRequest(&atlantv1.DiffFetchesRequest{A: d.A, B: d.B}))
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	l := &listing[*atlantv1.Difference]{console: c, json: d.JSON, columns: diffColumns(), row: diffRow}
	t := &pagedTable{console: c, columns: l.columns}
	var summary *atlantv1.DiffSummary
	for stream.Receive() {
		if differences := stream.Msg().GetDifferences(); len(differences) > 0 {
			if err := l.printPage(t, differences); err != nil {
				return err
			}
		}
		summary = stream.Msg().GetSummary()
	}
	if err := stream.Err(); err != nil {
		return notFound(err, "`atlant fetches` shows the ids of fetches")
	}
	return printSummary(c, d.JSON, summary)
}

func printSummary(c *console, json bool, s *atlantv1.DiffSummary) error {
	if json {
		return printJSON(c, s)
	}
	_, err := fmt.Fprintf(c.out, "%s added, %s missing, %s changed, %s the same\n", humanize.Comma(s.GetAdded()),
		humanize.Comma(s.GetMissing()), humanize.Comma(s.GetChanged()), humanize.Comma(s.GetSame()))
	return err
}

func diffColumns() []column {
	return []column{
		{name: ""},
		{name: "name", flexible: true},
		{name: "a", right: true},
		{name: "b", right: true},
		{name: "delta", right: true, color: moveColor},
		{name: "line of a", right: true, optional: true},
		{name: "line of b", right: true, optional: true},
	}
}

func diffRow(d *atlantv1.Difference) []string {
	kind := map[atlantv1.DifferenceKind]string{
		atlantv1.DifferenceKind_DIFFERENCE_KIND_ADDED:   "added",
		atlantv1.DifferenceKind_DIFFERENCE_KIND_MISSING: "missing",
		atlantv1.DifferenceKind_DIFFERENCE_KIND_CHANGED: "changed",
	}[d.GetKind()]
	return []string{
		kind, d.GetName(), formatPrice(d.GetPriceA()), formatPrice(d.GetPriceB()), formatDelta(d.GetPriceA(), d.GetPriceB()),
		formatLine(d.GetLineA()), formatLine(d.GetLineB()),
	}
}

// formatLine writes the number of a line; nothing where it is not known.
func formatLine(line int64) string {
	if line == 0 {
		return ""
	}
	return strconv.FormatInt(line, 10)
}
