package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const noSuchSource = "`atlant sources` lists those there are"

// sourcesCommand is the family of commands on sources.
type sourcesCommand struct {
	List   sourcesListCommand   `cmd:"" default:"withargs" help:"List sources, when they are due, and how their last fetch ended."`
	Add    sourcesAddCommand    `cmd:"" help:"Add a source, and fetch it when it is due."`
	Show   sourcesShowCommand   `cmd:"" help:"Show all of a source."`
	Edit   sourcesEditCommand   `cmd:"" help:"Change a source in what the flags say."`
	Pause  sourcesPauseCommand  `cmd:"" help:"Let the schedule of a source rest."`
	Resume sourcesResumeCommand `cmd:"" help:"Let the schedule of a source go on."`
	Remove sourcesRemoveCommand `cmd:"" help:"Remove a source; its fetches and products stay."`
	Fetch  sourcesFetchCommand  `cmd:"" help:"Fetch the list of a source now."`
}

type sourcesListCommand struct {
	output
	Limit uint `default:"50" placeholder:"N" help:"At most this many (${default}); 0 for all."`
}

// Run prints a table.
func (s *sourcesListCommand) Run(ctx context.Context, c *console, api *clients) error {
	l := &listing[*atlantv1.Source]{
		console: c, json: s.JSON, limit: s.Limit,
		columns: []column{
			{name: "name"},
			{name: "schedule", flexible: true},
			{name: "next", optional: true},
			{name: "last", color: outcomeColor},
			{name: "failures", right: true, optional: true, color: troubleColor},
			{name: "url", flexible: true},
		},
		row: sourceRow,
		page: func(size int32, token string) ([]*atlantv1.Source, string, error) {
			request := &atlantv1.ListSourcesRequest{PageSize: size, PageToken: token}
			response, err := api.source.ListSources(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, "", err
			}
			return response.Msg.GetSources(), response.Msg.GetNextPageToken(), nil
		},
	}
	return l.printAll("no sources yet: `atlant sources add NAME URL --every 1h` makes one")
}

func sourceRow(s *atlantv1.Source) []string {
	return []string{
		s.GetName(), scheduleInWords(s), formatTime(s.GetNextFetchAt(), toTheMinute), outcomeInWords(s.GetLastFetch()),
		humanize.Comma(int64(s.GetFailuresInARow())), s.GetUrl(),
	}
}

type sourcesShowCommand struct {
	output
	Name string `arg:"" help:"Of the source."`
}

// Run prints all of a source.
func (s *sourcesShowCommand) Run(ctx context.Context, c *console, api *clients) error {
	source, err := getSource(ctx, api, s.Name)
	if err != nil {
		return err
	}
	return s.print(c, source)
}

func getSource(ctx context.Context, api *clients, name string) (*atlantv1.Source, error) {
	response, err := api.source.GetSource(ctx, connect.NewRequest(&atlantv1.GetSourceRequest{Name: name}))
	if err != nil {
		return nil, notFound(err, noSuchSource)
	}
	return response.Msg.GetSource(), nil
}

type sourcesRemoveCommand struct {
	Name string `arg:"" help:"Of the source."`
}

// Run removes a source.
func (s *sourcesRemoveCommand) Run(ctx context.Context, c *console, api *clients) error {
	_, err := api.source.DeleteSource(ctx, connect.NewRequest(&atlantv1.DeleteSourceRequest{Name: s.Name}))
	if err != nil {
		return notFound(err, noSuchSource)
	}
	_, err = fmt.Fprintf(c.out, "source %s is removed; its fetches and products stay\n", s.Name)
	return err
}

type sourcesFetchCommand struct {
	output
	fetchingFlags
	Name string `arg:"" help:"Of the source."`
}

// Run asks for the fetch and, with --wait, stays until it has ended.
func (s *sourcesFetchCommand) Run(ctx context.Context, c *console, api *clients) error {
	ctx, cancel := limit(ctx, s.Timeout)
	defer cancel()
	asked := time.Now()
	request := &atlantv1.FetchSourceRequest{Name: s.Name, Force: s.Force, RequestId: s.RequestID}
	response, err := api.source.FetchSource(ctx, connect.NewRequest(request))
	if err != nil {
		return notFound(err, noSuchSource)
	}
	return s.report(ctx, c, api, s.JSON, response.Msg.GetFetch(), asked)
}
