package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch"
)

type inspectCommand struct {
	output
	File    string   `arg:"" help:"A list on this machine; - reads standard input."`
	Rejects int      `default:"5" placeholder:"N" help:"Show at most this many rows that cannot be read (${default})."`
	CSV     csvFlags `embed:"" group:"How to read the list (what is absent is detected):"`
}

// Run reads a list and says how, without a server. Nothing is kept.
func (i *inspectCommand) Run(ctx context.Context, c *console) error {
	file, err := i.open(c)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	found, err := fetch.Inspect(ctx, file, i.CSV.options())
	if found != nil { // it could be read
		if printed := i.print(c, found, err); printed != nil {
			return printed
		}
	}
	return err
}

// open opens the file. Standard input is kept in a temporary one, because a list is read several times.
func (i *inspectCommand) open(c *console) (*os.File, error) {
	if i.File != "-" {
		return os.Open(i.File)
	}
	file, err := os.CreateTemp("", "atlant-inspect-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil { // it lives as long as it is open
		return nil, errors.Join(err, file.Close())
	}
	if _, err := io.Copy(file, c.in); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (i *inspectCommand) print(c *console, found *fetch.Inspection, cause error) error {
	f := &atlantv1.Fetch{
		Bytes: found.Counts.GetBytes(), RowsRead: found.Counts.GetRowsRead(), Accepted: found.Counts.GetAccepted(),
		Rejected: found.Counts.GetRejected(), Duplicates: found.Counts.GetDuplicates(), Dialect: found.Dialect,
	}
	if i.JSON {
		if cause != nil {
			f.Error = cause.Error()
		}
		return printJSON(c, f)
	}
	if found.Dialect == nil {
		return nil
	}
	var b strings.Builder
	writeLine(&b, "rows", rowsInWords(f))
	writeLine(&b, "bytes", humanize.Comma(f.GetBytes()))
	writeLine(&b, "dialect", dialectInWords(f.GetDialect()))
	writeLine(&b, "confidence", confidenceInWords(f.GetDialect()))
	for _, why := range f.GetDialect().GetEvidence() {
		writeLine(&b, "because", why)
	}
	for _, instead := range f.GetDialect().GetAlternatives() {
		writeLine(&b, "or else", instead)
	}
	for _, reject := range found.Rejects[:min(len(found.Rejects), i.Rejects)] {
		writeLine(&b, "reject", rejectInWords(reject))
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}
