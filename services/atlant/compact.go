package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/services/atlant/archive"
)

// compactCommand leaves out of a back-up what no view needs.
type compactCommand struct {
	From      string  `arg:"" type:"existingfile" name:"from" help:"The back-up."`
	To        string  `arg:"" optional:"" type:"path" name:"to" help:"Where to write the smaller one. Without it nothing is written: what would be left out is said."`
	OlderThan *age    `xor:"bound" required:"" placeholder:"AGE" help:"What was logged longer ago than that may be left out, like 365d or 720h."`
	Before    *moment `xor:"bound" required:"" placeholder:"TIME" help:"What was logged before that may be left out: RFC 3339, or a date (UTC)."`
}

// Help is part of --help.
func (*compactCommand) Help() string {
	return `Of each product the first price stays, each that is another one than before, and the last one: products,
their changes, and all that is made of them are what they were. What is left out is seen nowhere but
in 'atlant diff', which refuses fetches of which something is missing, and in the number of late
prices in 'atlant status'. 'atlant restore' makes a log of the result.`
}

func (k *compactCommand) bound() time.Time {
	if k.OlderThan != nil {
		return k.OlderThan.Time
	}
	return k.Before.Time
}

// Run reads all of the back-up, says what can be left out of it, and writes the rest.
func (k *compactCommand) Run(ctx context.Context, c *console) (err error) {
	shown := newSteps(c)
	defer shown.done()
	from, contents, err := openBackup(ctx, shown, k.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	doing := "looking what can be left out of "
	compaction, err := jetstream.SurveyCompaction(ctx, jetstream.CompactConfig{
		Files: from, Contents: *contents, Before: k.bound(),
		Retention: func() events.Retention { return projections.NewChangePoints() },
		Report:    func(stream string, bytes int64) { shown.showBytes(doing+stream, bytes, 0) },
	})
	shown.done()
	if err != nil {
		return explainCompaction(err)
	}
	if err := k.printSurvey(c, compaction.Streams()); err != nil || k.To == "" {
		return err
	}
	doing = "writing "
	return k.write(ctx, c, compaction)
}

func (k *compactCommand) write(ctx context.Context, c *console, compaction *jetstream.Compaction) error {
	before, err := os.Stat(k.From)
	if err != nil {
		return failed("", "%v", err)
	}
	to, err := archive.Create(k.To, buildVersion())
	if errors.Is(err, fs.ErrExist) {
		return failed("nothing is written over: say another file", "%s is there already", k.To)
	}
	if err != nil {
		return failed("", "cannot write the back-up: %v", err)
	}
	contents, err := compaction.Write(ctx, to)
	if err != nil {
		return errors.Join(explainCompaction(err), to.Discard())
	}
	size, err := to.Commit(contents)
	if err != nil {
		return failed("", "cannot write the back-up: %v", err)
	}
	_, err = fmt.Fprintf(c.out, "%s was written, %s in place of %s\n",
		k.To, humanize.Bytes(uint64(size)), humanize.Bytes(uint64(before.Size())))
	if err == nil {
		c.notef("What was left out is in %s alone: keep it. `atlant restore` makes a log of the new one.", k.From)
	}
	return err
}

// printSurvey prints what is left out of each stream, and what that changes.
func (k *compactCommand) printSurvey(c *console, streams []jetstream.CompactedStream) error {
	rows, all := make([][]string, len(streams)), events.Retained{}
	for i, s := range streams {
		all.All, all.Stay, all.Late = all.All+s.All, all.Stay+s.Stay, all.Late+s.Late
		rows[i] = []string{
			s.Name, humanize.Comma(s.All), humanize.Comma(s.All - s.Stay), humanize.Comma(s.Stay), humanize.Comma(int64(s.Gone)),
		}
	}
	if err := (&pagedTable{console: c, columns: []column{
		{name: "shard"},
		{name: "older", right: true},
		{name: "left out", right: true},
		{name: "stay", right: true},
		{name: "messages less", right: true},
	}}).write(rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "of %s prices logged before %s, %s are left out, %s of them because they came late\n",
		humanize.Comma(all.All), k.bound().UTC().Format(time.RFC3339), humanize.Comma(all.All-all.Stay), humanize.Comma(all.Late))
	if err != nil {
		return err
	}
	for _, s := range streams {
		if s.Unread > 0 {
			c.notef("%s: all stays from message %s on, which this version cannot read", s.Name, strconv.FormatUint(s.Unread, 10))
		}
	}
	if all.Stay < all.All {
		c.notef("Products and changes stay as they are. `atlant diff` will refuse fetches of which prices are left out,")
		c.notef("and `atlant status` will count fewer late ones.")
	}
	return nil
}

func explainCompaction(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return failed("nothing was written", "%v", err)
}
