package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/services/product"
)

type exportCommand struct {
	Format       string  `enum:",csv,jsonl,parquet" default:"" placeholder:"FORMAT" help:"What to write: csv, jsonl or parquet; if it is not said, what the name after --out ends with, else csv."`
	Changes      bool    `help:"Price changes in place of products."`
	Query        string  `short:"q" placeholder:"TEXT" help:"Only products whose name has a word that begins with each of these words."`
	Source       string  `placeholder:"NAME" help:"Only products of this source."`
	MinPrice     *amount `placeholder:"AMOUNT" help:"Only products, or changes to a price, of at least this: 12.50"`
	MaxPrice     *amount `placeholder:"AMOUNT" help:"Only products, or changes to a price, of at most this."`
	ChangedSince *moment `placeholder:"TIME" help:"Only products whose price changed since, or changes since: an age like 24h or 7d, a date (UTC), or RFC 3339."`
	AsOf         *moment `placeholder:"TIME" help:"Products as they were then: an age like 24h or 7d, a date (UTC), or RFC 3339."`
	Out          string  `short:"o" type:"path" placeholder:"FILE" help:"Where to write; standard output if it is not said, or -."`
}

// Run downloads the file. One that is named is there whole, or as it was.
func (e *exportCommand) Run(ctx context.Context, c *console, api *clients) error {
	if e.Out == "" || e.Out == "-" {
		if c.width > 0 && e.format() == "parquet" {
			return &failure{text: "a Parquet file is nothing for a terminal", hint: "say where to write it with -o", code: exitUsage}
		}
		return api.download(ctx, e.path(), c.out)
	}
	return replaceFile(e.Out, func(w io.Writer) error { return api.download(ctx, e.path(), w) })
}

// format is what was asked for, or what the file's name says.
func (e *exportCommand) format() string {
	if e.Format != "" {
		return e.Format
	}
	switch extension := strings.ToLower(filepath.Ext(e.Out)); extension {
	case ".jsonl", ".parquet":
		return extension[1:]
	}
	return "csv"
}

// path is where the server has the file.
func (e *exportCommand) path() string {
	name, parameters := "products.", url.Values{}
	if e.Changes {
		name = "changes."
	}
	set := func(parameter, value string) {
		if value != "" {
			parameters.Set(parameter, value)
		}
	}
	price := func(parameter string, a *amount) {
		if micros := a.micros(); micros != nil {
			set(parameter, strconv.FormatInt(*micros, 10))
		}
	}
	set("query", e.Query)
	set("source", e.Source)
	price("min_price_micros", e.MinPrice)
	price("max_price_micros", e.MaxPrice)
	at := func(parameter string, m *moment) {
		if t := m.timestamp(); t != nil {
			set(parameter, t.AsTime().Format(time.RFC3339Nano))
		}
	}
	at("changed_since", e.ChangedSince)
	at("as_of", e.AsOf)
	return product.ExportPath + name + e.format() + "?" + parameters.Encode()
}

// download writes out what the server has at a path. With an error, what was written is not all.
func (api *clients) download(ctx context.Context, path string, to io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api.base+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := api.http.Do(request)
	if err != nil {
		return connect.NewError(connect.CodeUnavailable, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return refusal(response)
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return failed("what was written is not all", "the download broke off: %v", err)
	}
	return nil
}

// refusal says why there is no download.
func refusal(response *http.Response) error {
	const mostText = 1000
	text, _ := io.ReadAll(io.LimitReader(response.Body, mostText)) // what there is of it
	text = bytes.TrimSpace(text)
	if response.StatusCode == http.StatusNotFound || len(text) == 0 {
		return failed("say where Atlant is with --addr", "what answers is no Atlant, or another version of it: %s", response.Status)
	}
	if response.StatusCode == http.StatusUnauthorized {
		return failed(keyHint, "%s", text)
	}
	return failed("", "%s", text)
}
