package main

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type fetchCommand struct {
	output
	fetchingFlags
	URL        string   `arg:"" help:"Of the list: http or https. A user and a password in it are shown nowhere."`
	Source     string   `placeholder:"NAME" help:"Namespace of the product names (default)."`
	ObservedAt *moment  `placeholder:"TIME" help:"When the prices held, if not now: RFC 3339, a date (UTC) or an age like 24h."`
	Token      string   `name:"bearer-token" placeholder:"TOKEN" help:"What the server of the list lets in."`
	CSV        csvFlags `embed:"" group:"How to read the list (what is absent is detected):"`
}

// csvFlags say how to read a list.
type csvFlags struct {
	Delimiter        string   `placeholder:"CHAR" help:"Between columns: ; , | or tab."`
	Encoding         string   `placeholder:"NAME" help:"Of the text, like utf-8 or windows-1251."`
	DecimalMark      string   `placeholder:"CHAR" help:"In prices: . or ,"`
	Quote            string   `placeholder:"CHAR" help:"Around fields: \" or none."`
	NoHeader         bool     `help:"The first line is a row."`
	NameColumns      []string `placeholder:"COLUMN" help:"Columns that make up the name, with commas between: header texts, or numbers from 1."`
	PriceColumn      string   `placeholder:"COLUMN" help:"Column of the price: header text, or number from 1."`
	ObservedAtColumn string   `placeholder:"COLUMN" help:"Column that says when each price held: header text, or number from 1."`
	DateOrder        string   `placeholder:"ORDER" help:"Of day and month in dates like 04/05/2026: dmy or mdy."`
	Currency         string   `placeholder:"CODE" help:"Of all prices, as in ISO 4217: EUR."`
	SkipLines        int32    `placeholder:"N" help:"Lines to pass over at the start."`
}

// Run asks for the fetch and, with --wait, stays until it has ended.
func (f *fetchCommand) Run(ctx context.Context, c *console, api *clients) error {
	return f.run(ctx, c, api, f.JSON, func(ctx context.Context) (*atlantv1.Fetch, error) {
		response, err := api.fetch.Fetch(ctx, connect.NewRequest(f.request()))
		if err != nil {
			return nil, err
		}
		return response.Msg.GetFetch(), nil
	})
}

func (f *fetchCommand) request() *atlantv1.FetchRequest {
	return &atlantv1.FetchRequest{
		Url:        f.URL,
		Source:     f.Source,
		ObservedAt: f.ObservedAt.timestamp(),
		Csv:        f.CSV.options(),
		RequestId:  f.RequestID,
		Force:      f.Force, Credentials: bearer(f.Token),
	}
}

// bearer returns nil if there is no token.
func bearer(token string) *atlantv1.Credentials {
	if token == "" {
		return nil
	}
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: token}}
}

// options returns nil if all is to be detected.
func (f *csvFlags) options() *atlantv1.CsvOptions {
	options := &atlantv1.CsvOptions{
		Delimiter:        f.delimiter(),
		Encoding:         f.Encoding,
		DecimalMark:      f.DecimalMark,
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

// delimiter takes the names that a tab goes by, as it is hard to type in a shell.
func (f *csvFlags) delimiter() string {
	switch strings.ToLower(f.Delimiter) {
	case "tab", `\t`:
		return "\t"
	}
	return f.Delimiter
}
