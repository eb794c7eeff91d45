package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"github.com/alecthomas/kong"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sourceFlags say what a source is, its name and URL apart.
type sourceFlags struct {
	loginFlags
	Every    string   `placeholder:"DURATION" xor:"schedule" help:"Fetch it this often, from 1s to 8760h: 30m, 1h30m."`
	Cron     string   `placeholder:"FIELDS" xor:"schedule" help:"Fetch it at these times, minute hour day month weekday: '30 6 * * MON-FRI'; or @hourly, @daily, @weekly, @monthly."`
	TimeZone string   `placeholder:"ZONE" help:"That --cron is in, as IANA names it: Europe/Berlin (UTC)."`
	NoHold   bool     `help:"Publish lists that differ much from the one before as well."`
	CSV      csvFlags `embed:"" group:"How to read the list (what is absent is detected):"`
}

// schedule returns what the flags say, nil if nothing.
func (f *sourceFlags) schedule() *atlantv1.Schedule {
	switch {
	case f.Every != "":
		return &atlantv1.Schedule{Expression: "@every " + f.Every, TimeZone: f.TimeZone}
	case f.Cron != "" || f.TimeZone != "":
		return &atlantv1.Schedule{Expression: f.Cron, TimeZone: f.TimeZone}
	}
	return nil
}

type sourcesAddCommand struct {
	output
	sourceFlags
	Name   string `arg:"" help:"Of the source, and the namespace of its product names."`
	URL    string `arg:"" help:"Of the list. A user and a password in it are kept, and shown nowhere."`
	Paused bool   `help:"Let its schedule rest at first."`
}

// Validate is called by kong.
func (s *sourcesAddCommand) Validate() error {
	if s.TimeZone != "" && s.Cron == "" {
		return errors.New("--time-zone goes with --cron")
	}
	return s.check()
}

// Run adds the source and prints it.
func (s *sourcesAddCommand) Run(ctx context.Context, c *console, api *clients) error {
	credentials, listURL, err := s.credentials(s.URL)
	if err != nil {
		return err
	}
	source := &atlantv1.Source{
		Name: s.Name, Url: listURL, Csv: s.CSV.options(), Schedule: s.schedule(), Paused: s.Paused, NoHold: s.NoHold,
		Credentials: credentials,
	}
	response, err := api.source.CreateSource(ctx, connect.NewRequest(&atlantv1.CreateSourceRequest{Source: source}))
	if connect.CodeOf(err) == connect.CodeAlreadyExists && connect.IsWireError(err) {
		return failed("`atlant sources edit "+s.Name+"` changes it", "%s", serverText(err))
	}
	if err != nil {
		return err
	}
	if err := s.print(c, response.Msg.GetSource()); err != nil {
		return err
	}
	if s.schedule() == nil && !s.JSON {
		c.notef("it has no schedule: `atlant sources fetch %[1]s` fetches it, `atlant sources edit %[1]s --every 1h` gives it one", s.Name)
	}
	return nil
}

type sourcesEditCommand struct {
	output
	sourceFlags
	Name             string `arg:"" help:"Of the source."`
	URL              string `name:"url" placeholder:"URL" help:"Of the list."`
	ByHand           bool   `xor:"schedule" help:"Take its schedule away."`
	ClearCredentials bool   `help:"Forget the user, password or token that is kept."`
}

// Validate is called by kong.
func (s *sourcesEditCommand) Validate() error { return s.check() }

// Run changes what flags were given for and prints the source. What somebody else changes meanwhile is not undone: then the
// server refuses the change.
func (s *sourcesEditCommand) Run(ctx context.Context, c *console, api *clients, given *kong.Context) error {
	source, err := getSource(ctx, api, s.Name)
	if err != nil {
		return err
	}
	flags := flagsGiven(given)
	if err := s.change(source, flags); err != nil {
		return err
	}
	if len(flags) == 0 && source.GetCredentials() == nil {
		return &failure{text: "no flag says what to change", hint: "see `atlant sources edit --help`", code: exitUsage}
	}
	request := &atlantv1.UpdateSourceRequest{
		Source: source, ClearCredentials: s.ClearCredentials && slices.Contains(flags, "clear-credentials"),
	}
	response, err := api.source.UpdateSource(ctx, connect.NewRequest(request))
	if err != nil {
		return notFound(err, noSuchSource)
	}
	return s.print(c, response.Msg.GetSource())
}

// flagsGiven returns the names of the flags of the command line: one that comes from the environment is not meant to change
// what it was not asked for. Only a login may come from there, for that is where it is kept to itself.
func flagsGiven(at *kong.Context) []string {
	var names []string
	for _, element := range at.Path {
		if element.Flag != nil && element.Flag.Name != "json" && !isOfClient(element.Flag) {
			names = append(names, element.Flag.Name)
		}
	}
	return names
}

func (s *sourcesEditCommand) change(source *atlantv1.Source, flags []string) error {
	credentials, listURL, err := s.credentials(s.URL)
	if err != nil {
		return err
	}
	source.Credentials = credentials
	source.Csv = s.CSV.change(source.GetCsv(), flags)
	for _, flag := range flags {
		switch flag {
		case "url":
			source.Url = listURL
		case "currency":
			source.CurrencyCode = s.CSV.Currency
		case "no-hold":
			source.NoHold = s.NoHold
		case "every":
			source.Schedule = &atlantv1.Schedule{Expression: "@every " + s.Every}
		case "cron": // in the time zone that it had
			source.Schedule = &atlantv1.Schedule{Expression: s.Cron, TimeZone: source.GetSchedule().GetTimeZone()}
		case "by-hand":
			source.Schedule = nil
		}
	}
	for _, flag := range flags { // after the others, whatever their order
		if flag != "time-zone" {
			continue
		}
		if source.GetSchedule() == nil {
			return &failure{text: "--time-zone goes with --cron", hint: "see `atlant sources edit --help`", code: exitUsage}
		}
		source.Schedule.TimeZone = s.TimeZone
	}
	return nil
}

// change returns options that say what the given flags say, and otherwise what they said before. A flag is named after its
// field.
func (f *csvFlags) change(options *atlantv1.CsvOptions, flags []string) *atlantv1.CsvOptions {
	said, changed := f.options(), proto.CloneOf(options)
	if changed == nil {
		changed = &atlantv1.CsvOptions{}
	}
	to := changed.ProtoReflect()
	for _, flag := range flags {
		field := to.Descriptor().Fields().ByName(protoreflect.Name(strings.ReplaceAll(flag, "-", "_")))
		switch {
		case field == nil:
		case said.ProtoReflect().Has(field):
			to.Set(field, said.ProtoReflect().Get(field))
		default:
			to.Clear(field)
		}
	}
	return changed
}

type sourcesPauseCommand struct {
	Name string `arg:"" help:"Of the source."`
}

// Run pauses the source.
func (s *sourcesPauseCommand) Run(ctx context.Context, c *console, api *clients) error {
	return setPaused(ctx, c, api, s.Name, true)
}

type sourcesResumeCommand struct {
	Name string `arg:"" help:"Of the source."`
}

// Run resumes the source.
func (s *sourcesResumeCommand) Run(ctx context.Context, c *console, api *clients) error {
	return setPaused(ctx, c, api, s.Name, false)
}

// pauseAttempts bounds how often a source is paused that others change at the same moment.
const pauseAttempts = 5

// setPaused says whether a source rests, whatever else is changed meanwhile.
func setPaused(ctx context.Context, c *console, api *clients, name string, paused bool) error {
	var source *atlantv1.Source
	var err error
	for range pauseAttempts {
		if source, err = getSource(ctx, api, name); err != nil {
			return err
		}
		if source.GetPaused() == paused {
			break
		}
		source.Paused = paused
		var response *connect.Response[atlantv1.UpdateSourceResponse]
		response, err = api.source.UpdateSource(ctx, connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: source}))
		if err == nil {
			source = response.Msg.GetSource()
		}
		if connect.CodeOf(err) != connect.CodeAborted {
			break
		}
	}
	if err != nil {
		return notFound(err, noSuchSource)
	}
	words := fmt.Sprintf("source %s is paused", name)
	switch next := formatTime(source.GetNextFetchAt(), toTheSecond); {
	case !paused && next != "":
		words = fmt.Sprintf("source %s goes on, next at %s", name, next)
	case !paused:
		words = fmt.Sprintf("source %s is not paused; it has no schedule", name)
	}
	_, err = fmt.Fprintln(c.out, words)
	return err
}
