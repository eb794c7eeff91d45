package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type fetchCommand struct {
	output
	loginFlags
	fetchingFlags
	List       string   `arg:"" help:"A URL (http, https, ftp, ftps, ftpes, sftp, s3, gs, azblob or file); a file on this machine; or - for standard input. A user and a password in a URL are shown nowhere. Files are uploaded. file.zip#NAME is one of several files in an archive."`
	FileName   string   `name:"file-name" placeholder:"NAME" help:"What to call a list that is uploaded (as the file is called, or stdin)."`
	Source     string   `placeholder:"NAME" help:"Namespace of the product names (default)."`
	ObservedAt *moment  `placeholder:"TIME" help:"When the prices held, if not now: RFC 3339, a date (UTC) or an age like 24h."`
	NoHold     bool     `name:"no-hold" help:"Publish the list even if it differs implausibly from the last good one."`
	CSV        csvFlags `embed:"" group:"How to read the list (what is absent is detected):"`
}

// csvFlags say how to read a list.
type csvFlags struct {
	Delimiter        string   `placeholder:"CHAR" help:"Between columns: ; , | or tab, or their names: semicolon, comma, pipe."`
	Encoding         string   `placeholder:"NAME" help:"Of the text, like utf-8 or windows-1251."`
	DecimalMark      string   `placeholder:"CHAR" help:"In prices: . or , or their names: point, comma."`
	Quote            string   `placeholder:"CHAR" help:"Around fields: \" or none."`
	NoHeader         bool     `help:"The first line is a row."`
	NameColumns      []string `placeholder:"COLUMN" help:"Columns that make up the name, with commas between: header texts, or numbers from 1."`
	PriceColumn      string   `placeholder:"COLUMN" help:"Column of the price: header text, or number from 1."`
	ObservedAtColumn string   `placeholder:"COLUMN" help:"Column that says when each price held: header text, or number from 1."`
	DateOrder        string   `placeholder:"ORDER" help:"Of day and month in dates like 04/05/2026: dmy or mdy."`
	Currency         string   `placeholder:"CODE" help:"Of all prices, as in ISO 4217: EUR."`
	SkipLines        int32    `placeholder:"N" help:"Lines to pass over at the start."`
}

// Validate is called by kong.
func (f *fetchCommand) Validate() error {
	if f.isURL() && f.FileName != "" {
		return errors.New("--file-name goes with a file or standard input, not with a URL")
	}
	return f.check()
}

func (f *fetchCommand) isURL() bool { return urlPattern.MatchString(f.List) }

// Run asks for the fetch, of a file once that is uploaded, and with --wait, stays until it has ended.
func (f *fetchCommand) Run(ctx context.Context, c *console, api *clients) error {
	ctx, cancel := limit(ctx, f.Timeout)
	defer cancel()
	listURL, err := f.url(ctx, c, api)
	if err != nil {
		return err
	}
	request, err := f.request(listURL)
	if err != nil {
		return err
	}
	asked := time.Now()
	response, err := api.fetch.Fetch(ctx, connect.NewRequest(request))
	if err != nil {
		return err
	}
	return f.report(ctx, c, api, f.JSON, response.Msg.GetFetch(), asked)
}

// url returns the URL of the list, which is uploaded if it has none.
func (f *fetchCommand) url(ctx context.Context, c *console, api *clients) (string, error) {
	if f.isURL() {
		return f.List, nil
	}
	list, err := openLocal(c, f.List)
	if err != nil {
		return "", err
	}
	defer func() { _ = list.from.Close() }() // it was only read
	if f.FileName != "" {
		list.fileName = f.FileName
	}
	listURL, err := list.upload(ctx, c, api)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "", failed("nothing was fetched; wait longer with --timeout", "%s was not uploaded in time", list.fileName)
	}
	return listURL, err
}

// limit ends a context after a time, if one is given.
func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

func (f *fetchCommand) request(listURL string) (*atlantv1.FetchRequest, error) {
	var credentials *atlantv1.Credentials // a file needs none, though a variable may have some
	if f.isURL() {
		var err error
		if credentials, listURL, err = f.credentials(listURL); err != nil {
			return nil, err
		}
	}
	return &atlantv1.FetchRequest{
		Url:        listURL,
		Source:     f.Source,
		ObservedAt: f.ObservedAt.timestamp(),
		Csv:        f.CSV.options(),
		RequestId:  f.RequestID,
		Force:      f.Force, NoHold: f.NoHold, Credentials: credentials,
	}, nil
}

// options returns nil if all is to be detected.
func (f *csvFlags) options() *atlantv1.CsvOptions {
	options := &atlantv1.CsvOptions{
		Delimiter:        namedCharacter(f.Delimiter),
		Encoding:         f.Encoding,
		DecimalMark:      namedCharacter(f.DecimalMark),
		Quote:            f.Quote,
		NoHeader:         f.NoHeader,
		NameColumns:      f.NameColumns,
		PriceColumn:      f.PriceColumn,
		ObservedAtColumn: f.ObservedAtColumn,
		DateOrder:        f.DateOrder,
		CurrencyCode:     f.Currency,
		SkipLines:        f.SkipLines,
	}
	if proto.Size(options) == 0 {
		return nil
	}
	return options
}

// namedCharacter takes the names of characters that are hard to type in a shell.
func namedCharacter(text string) string {
	switch strings.ToLower(text) {
	case "tab", `\t`:
		return "\t"
	case "semicolon":
		return ";"
	case "comma":
		return ","
	case "pipe":
		return "|"
	case "point":
		return "."
	}
	return text
}
