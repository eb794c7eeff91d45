package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/atlant-log/atlant/services/atlant/bench"
)

// benchCommand measures an Atlant that it starts itself.
type benchCommand struct {
	natsFlags
	Views       string   `placeholder:"URI" help:"Where the views are: mongodb://… or sqlite:DIR. The database must be empty, and is dropped afterwards."`
	Shards      int      `default:"1" placeholder:"N" help:"Into how many shards to cut the log (${default})."`
	Replicas    int      `placeholder:"N" help:"On how many NATS servers to keep each stream (1)."`
	Scenario    []string `enum:"${scenarios}" default:"${scenarios}" placeholder:"NAME" help:"What to measure: ${scenarios} (all). Can be repeated."`
	Products    int      `default:"100000" placeholder:"N" help:"Products of the list (${default})."`
	Changed     int      `default:"5" placeholder:"PERCENT" help:"How many of the prices differ from one list to the next (${default})."`
	Repeats     int      `default:"10" placeholder:"N" help:"How often the log that is rebuilt from holds each product (${default})."`
	Rounds      int      `default:"1" placeholder:"N" help:"How often to measure it all; medians are reported (${default})."`
	NoBaselines bool     `help:"Leave out the baselines, and with them most of the time that a run takes."`
	PageSize    int      `default:"50" placeholder:"N" help:"Products of a page (${default})."`
	Concurrency []int    `default:"1,8" placeholder:"N" help:"How many read pages at once (${default})."`
	Data        string   `placeholder:"DIR" help:"A folder on the disk to measure, for what is removed afterwards (the system's for temporary files)."`
	JSON        bool     `name:"json" help:"Print JSON in place of the table."`
	Curve       string   `placeholder:"DIR" help:"Measure first loads, reloads and rebuilds of 10,000 products and ten times more up to --products, each with 1, 2, 4 and 8 shards, and draw diagrams of them into this folder."`
	Out         string   `placeholder:"FILE" help:"Write the JSON to a file, too."`
}

// Help is called by kong.
func (*benchCommand) Help() string {
	return "Each figure stands beside what its parts do at best by themselves, measured in the same run: the ratios of the two are " +
		"what to compare. Without --nats and --views all is in this process, as with `atlant up`, in a folder that is removed at the " +
		"end.\n\n" +
		"With --nats it refuses to run where there is a log already, and deletes the streams that it made; with --views it refuses a " +
		"database that is not empty, and drops what it wrote. Nobody else may use either meanwhile."
}

// Validate is called by kong.
func (b *benchCommand) Validate() error {
	if err := b.backend().check(); err != nil {
		return err
	}
	for _, flag := range []struct {
		name               string
		value, least, most int
	}{
		{"--products", b.Products, 1, 10_000_000},
		{"--changed", b.Changed, 0, 100},
		{"--repeats", b.Repeats, 2, 1000},
		{"--rounds", b.Rounds, 1, 1000},
		{"--shards", b.Shards, 1, 64},
		{"--page-size", b.PageSize, 1, 1000},
		{"--concurrency", slices.Min(append(b.Concurrency, 1)), 1, 64},
		{"--concurrency", slices.Max(append(b.Concurrency, 1)), 1, 64},
	} {
		if flag.value < flag.least || flag.value > flag.most {
			return fmt.Errorf("%s must be between %d and %d", flag.name, flag.least, flag.most)
		}
	}
	return nil
}

func (b *benchCommand) backend() *backendFlags {
	return &backendFlags{natsFlags: b.natsFlags, Views: b.Views, Shards: b.Shards, Replicas: b.Replicas}
}

// Run measures, and prints what came of it.
func (b *benchCommand) Run(ctx context.Context, c *console) (err error) {
	if os.Getenv("GOMEMLIMIT") == "" && b.NATS == "" {
		debug.SetMemoryLimit(memoryLimit) // as `atlant up` does
	}
	if b.Curve != "" {
		return b.runCurve(ctx, c)
	}
	scratch, err := os.MkdirTemp(b.Data, "atlant-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	place := &benchPlace{backend: *b.backend(), scratch: scratch, logger: newLogger(c, slog.LevelError)}
	if err := place.check(ctx); err != nil {
		return err
	}
	report, err := bench.Run(ctx, place.bench(), bench.Options{
		Scenarios: b.scenarios(), Products: b.Products, Changed: b.Changed, Repeats: b.Repeats, Rounds: b.Rounds,
		Shards: b.Shards, PageSize: b.PageSize, Concurrency: b.Concurrency, NoBaselines: b.NoBaselines, Scratch: scratch,
		Say: func(what string) { c.notef("%s", what) },
	})
	if err != nil {
		return err
	}
	if err := b.write(c, report); err != nil || b.JSON {
		return err
	}
	return printBench(c, report)
}

func (b *benchCommand) scenarios() []bench.Scenario {
	var all []bench.Scenario
	for _, s := range b.Scenario {
		all = append(all, bench.Scenario(s))
	}
	return all
}

// scenarioNames are for the grammar.
func scenarioNames() string {
	var names []string
	for _, s := range bench.Scenarios() {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

// write writes the JSON to where it is wanted.
func (b *benchCommand) write(c *console, report any) error {
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if b.Out != "" {
		if err := os.WriteFile(b.Out, data, 0o644); err != nil { //nolint:gosec // for others to read
			return err
		}
	}
	if b.JSON {
		_, err = c.out.Write(data)
	}
	return err
}

func printBench(c *console, report *bench.Report) error {
	t := &pagedTable{console: c, columns: benchColumns()}
	return t.write(report.Rows())
}

func benchColumns() []column {
	return []column{
		{name: "scenario"},
		{name: "figure"},
		{name: "atlant", right: true},
		{name: "unit"},
		{name: "baseline"},
		{name: "alone", right: true},
		{name: "ratio", right: true},
		{name: "target", right: true},
		{name: "verdict"},
		{name: "details", optional: true},
	}
}
