package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type statusCommand struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Run prints a line for each stream, and the totals.
func (s *statusCommand) Run(ctx context.Context, c *console, api *clients) error {
	response, err := api.projection.GetStatus(ctx, connect.NewRequest(&atlantv1.GetStatusRequest{}))
	if err != nil {
		return err
	}
	status := response.Msg
	if s.JSON {
		return printJSON(c, status)
	}
	rows := make([][]string, 0, len(status.GetProjections()))
	for _, p := range status.GetProjections() {
		rows = append(rows, statusRow(p))
	}
	if err := (&pagedTable{console: c, columns: statusColumns()}).write(rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s products, lag %s, parked %s; generation %d; version %s\n",
		humanize.Comma(status.GetProducts()), humanize.Comma(status.GetLag()), humanize.Comma(status.GetParked()),
		status.GetGeneration(), printable(status.GetVersion()))
	return err
}

func statusColumns() []column {
	return []column{
		{name: "stream"},
		{name: "sequence", right: true},
		{name: "last", right: true},
		{name: "lag", right: true, color: troubleColor},
		{name: "rate", right: true, optional: true},
		{name: "parked", right: true, color: troubleColor},
		{name: "late", right: true, optional: true},
		{name: "owner", optional: true},
		{name: "error", flexible: true, color: troubleColor},
	}
}

func statusRow(p *atlantv1.ProjectionStatus) []string {
	return []string{
		p.GetStream(),
		commaUnsigned(p.GetSequence()), commaUnsigned(p.GetLastSequence()), humanize.Comma(p.GetLag()),
		strconv.FormatFloat(p.GetRate(), 'f', 0, 64) + "/s",
		humanize.Comma(p.GetParked()), humanize.Comma(p.GetLate()), p.GetOwner(), p.GetError(),
	}
}

func commaUnsigned(n uint64) string { return humanize.Comma(int64(n)) } // a stream never gets to 2^63

// troubleColor marks what should be 0 or empty.
func troubleColor(cell string) text.Colors {
	if cell == "0" || cell == "" {
		return nil
	}
	return text.Colors{text.FgYellow}
}
