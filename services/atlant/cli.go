package main

import (
	"context"
	"io"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as a shell reports a process that Ctrl-C ended
)

// cli is the grammar: kong reads the commands and their flags off it. Flags with no env tag get ATLANT_<FLAG>.
type cli struct {
	clientFlags

	Up    upCommand    `cmd:"" help:"Run Atlant: the log, the views, the fetchers and the API in one process."`
	Serve serveCommand `cmd:"" help:"Answer requests, on a log and views elsewhere."`
	Work  workCommand  `cmd:"" help:"Fetch lists and project the log, together with any number of others."`

	Move moveCommand `cmd:"" help:"Move the log of a stopped 'atlant up' to a NATS server or cluster."`

	Backup  backupCommand  `cmd:"" help:"Copy the log into a file, while it is written."`
	Restore restoreCommand `cmd:"" help:"Make a log of a back-up, where there is none."`
	Compact compactCommand `cmd:"" help:"Leave old prices that changed nothing out of a back-up."`

	Fetch   fetchCommand   `cmd:"" help:"Fetch a price list."`
	Inspect inspectCommand `cmd:"" help:"Say how a list on this machine would be read, without a server."`
	Fetches fetchesCommand `cmd:"" help:"Show fetches, the newest first, or the receipt of one."`
	Sources sourcesCommand `cmd:"" help:"Keep sources: lists that are fetched when they are due."`
	Alerts  alertsCommand  `cmd:"" help:"Keep alerts: webhooks that are posted when prices move."`
	Cancel  cancelCommand  `cmd:"" help:"Call a fetch off before its list is published."`
	Approve approveCommand `cmd:"" help:"Publish a list that is held because it differs so much from the last one."`
	Discard discardCommand `cmd:"" help:"Do not publish a list that is held."`
	Rejects rejectsCommand `cmd:"" help:"Show the rows of a fetch that could not be read."`
	List    listCommand    `cmd:"" help:"List products and what they cost."`
	Changes changesCommand `cmd:"" help:"Show how the price of a product changed."`
	Explain explainCommand `cmd:"" help:"Show where the price of a product comes from: which fetch, which list, which line."`
	Diff    diffCommand    `cmd:"" help:"Show what differs between the lists of two fetches."`
	Watch   watchCommand   `cmd:"" help:"Show price changes as they happen, until Ctrl-C."`
	Export  exportCommand  `cmd:"" help:"Write products or price changes to a file."`
	Status  statusCommand  `cmd:"" help:"Show how the views keep up with the log."`
	Rebuild rebuildCommand `cmd:"" help:"Rebuild the views from the log while the old ones are served, compare, and switch."`
	Verify  verifyCommand  `cmd:"" help:"Fold the log afresh and compare that with the views, or repair one product."`

	Keys  keysCommand  `cmd:"" help:"Make API keys."`
	Ready readyCommand `cmd:"" help:"Ask whether Atlant can serve requests; the exit code tells."`

	Trace traceCommand `cmd:"" help:"Print the trace of a fetch, from files that were written with --trace-file."`
	Bench benchCommand `cmd:"" help:"Measure Atlant on this machine, beside what its parts do by themselves."`

	Version    versionCommand    `cmd:"" help:"Print the version."`
	Completion completionCommand `cmd:"" help:"Print the completion script of a shell."`
	Complete   completeCommand   `cmd:"" name:"__complete" hidden:"" passthrough:""`
}

// run does what main does, without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var grammar cli
	c := newConsole(stdin, stdout, stderr)
	exited := false // kong goes on after --help has printed; what it finds then is of no interest
	parser, err := newParser(&grammar, c, func(int) { exited = true })
	if err != nil {
		return c.report(ctx, err, grammar.Addr)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case exited:
		return exitOK
	case err != nil:
		return c.report(ctx, usageError(err), grammar.Addr)
	}
	if err := refuseSecrets(args); err != nil {
		return c.report(ctx, err, grammar.Addr)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(c)
	if err := command.BindToProvider(func() (*clients, error) { return newClients(grammar.Addr, &grammar.clientFlags) }); err != nil {
		return c.report(ctx, err, grammar.Addr)
	}
	return c.report(ctx, command.Run(), grammar.Addr)
}

func newParser(grammar *cli, c *console, exit func(int)) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name("atlant"),
		kong.Description("A log of prices: point it at price lists, and ask what things cost and how that changed."),
		kong.DefaultEnvars("ATLANT"),
		kong.Vars{"scenarios": scenarioNames()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Writers(c.out, c.err),
		kong.Exit(exit),
	)
}
