package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/atlant-log/atlant/events/jetstream"
)

// moveCommand moves the log of a data folder to servers elsewhere.
type moveCommand struct {
	natsFlags
	Data     string     `default:"atlant-data" placeholder:"DIR" help:"The folder of the 'atlant up' whose log to move; it must be stopped (${default})."`
	Leaf     string     `placeholder:"URLS" help:"Where the NATS servers take leaf nodes, separated by commas, like nats-leaf://host:7422 (the hosts of --nats at port 7422)."`
	Replicas int        `placeholder:"N" help:"On how many NATS servers to keep each stream (1)."`
	LogLevel slog.Level `default:"warn" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Validate is called by kong.
func (m *moveCommand) Validate() error {
	var missing error
	if m.NATS == "" {
		missing = errors.New("atlant move needs --nats, where to move the log")
	}
	return errors.Join(missing, m.check(), checkReplicas(m.Replicas))
}

// Run moves the log, and says what to do next.
func (m *moveCommand) Run(ctx context.Context, c *console) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	logger := newLogger(c, m.LogLevel)
	if err := m.checkFsync(ctx, logger); err != nil {
		return err
	}
	shown := &moveSteps{steps: newSteps(c)}
	defer shown.steps.done()
	moved, err := jetstream.Move(ctx, jetstream.MoveConfig{
		Dir: filepath.Join(m.Data, logFolder), To: m.connectConfig(processName(), logger), LeafURLs: m.Leaf,
		Replicas: m.Replicas, Logger: logger, Report: shown.show,
	})
	shown.steps.done()
	switch {
	case errors.Is(err, jetstream.ErrDataInUse):
		return dataInUse(m.Data)
	case errors.Is(err, jetstream.ErrNoLog):
		return failed("say which folder `atlant up` keeps its data in with --data", "there is no log in %s", m.Data)
	case err != nil:
		return shown.explain(err)
	}
	return m.print(c, moved)
}

func (m *moveCommand) print(c *console, moved *jetstream.Moved) error {
	rows := make([][]string, len(moved.Streams))
	for i, s := range moved.Streams {
		rows[i] = []string{s.Name, humanize.Comma(int64(s.Messages)), strconv.FormatUint(s.Last, 10)}
	}
	table := pagedTable{console: c, columns: []column{
		{name: "stream"}, {name: "messages", right: true}, {name: "last sequence", right: true},
	}}
	if err := table.write(rows); err != nil {
		return err
	}
	if moved.Already {
		_, err := fmt.Fprintf(c.out, "the log of %s is there already; nothing was done\n", m.Data)
		return err
	}
	if _, err := fmt.Fprintf(c.out, "the log of %s was moved, with %d requests and %d lists that wait\n",
		m.Data, moved.Requests, moved.Lists); err != nil {
		return err
	}
	c.notef("Start Atlant on it with the same --nats:")
	c.notef("  atlant serve --nats … --views URI")
	c.notef("  atlant work --nats … --views URI")
	c.notef("Views that are empty are filled from the log; those in %s go on with `atlant up --nats … --data %s`.",
		filepath.Join(m.Data, viewsFolder), m.Data)
	return nil
}

// moveSteps shows how a move gets on, and remembers how far it came.
type moveSteps struct {
	steps *steps
	stage jetstream.MoveStage
	began time.Time // the stage
	at    int64     // what was done by then
}

func (s *moveSteps) show(p jetstream.MoveProgress) {
	if p.Stage != s.stage {
		s.stage, s.began, s.at = p.Stage, time.Now(), p.Done
	}
	at := step{done: p.Done, total: p.Total}
	if spent := time.Since(s.began); p.Done > s.at && spent > 0 {
		each := spent / time.Duration(p.Done-s.at)
		at.eta = each * time.Duration(p.Total-p.Done)
	}
	s.steps.show(string(p.Stage), at)
}

// explain says what state a move that failed left the old log in.
func (s *moveSteps) explain(err error) error {
	if _, ok := errors.AsType[jetstream.MovedError](err); ok {
		return explainMoved(err)
	}
	hint := "the old log can be used as before; what there is of its copy is used when the move is tried again"
	sealed := []jetstream.MoveStage{jetstream.MoveSealing, jetstream.MoveQueue, jetstream.MoveLists, jetstream.MovePromoting}
	if slices.Contains(sealed, s.stage) {
		hint = "the old log takes nothing any more, and the new one is not open yet: try again to end the move"
	}
	if faults, ok := errors.AsType[jetstream.FaultsError](err); ok {
		return explainFaults(faults, hint)
	}
	return failed(hint, "%v", err)
}

// explainMoved says of a log that was moved where it is.
func explainMoved(err error) error {
	moved, ok := errors.AsType[jetstream.MovedError](err)
	if !ok {
		return err
	}
	return failed("start with --nats "+moved.To+"; if `atlant move` was interrupted, call it again first", "%v", moved)
}
