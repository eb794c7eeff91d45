package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// newWatchView shows a table that is drawn over where there is a terminal for it, and lines elsewhere.
func newWatchView(c *console, json bool) watchView {
	switch {
	case json:
		return watchJSON{c}
	case c.width > 0 && c.height > 0 && os.Getenv("TERM") != "dumb":
		return &watchTable{console: c}
	}
	return &watchLines{console: c, table: pagedTable{console: c, columns: watchColumns()}}
}

// watchJSON prints each change as a JSON object.
type watchJSON struct{ console *console }

func (w watchJSON) show(changes []*atlantv1.WatchedChange) error {
	return printJSON(w.console, changes...)
}
func (w watchJSON) say(string) {}

// watchLines prints each change as a line.
type watchLines struct {
	console *console
	table   pagedTable
	said    string
}

func (w *watchLines) show(changes []*atlantv1.WatchedChange) error {
	rows := make([][]string, 0, len(changes))
	for _, c := range changes {
		rows = append(rows, watchRow(c))
	}
	return w.table.write(rows)
}

func (w *watchLines) say(words string) {
	if words != w.said {
		w.console.notef("%s", words)
	}
	w.said = words
}

// watchTable keeps a table of the products that changed last on a terminal, each with its last change.
type watchTable struct {
	console *console
	changes []*atlantv1.WatchedChange // the latest first, one of each product, no more than the terminal is high
	seen    int64
	words   string
	drawn   int // lines that are on the terminal
}

func (w *watchTable) show(changes []*atlantv1.WatchedChange) error {
	if len(changes) == 0 {
		return nil
	}
	w.seen += int64(len(changes))
	for _, c := range changes[max(0, len(changes)-w.console.height):] {
		w.changes = slices.DeleteFunc(w.changes, func(other *atlantv1.WatchedChange) bool {
			return other.GetChange().GetProductId() == c.GetChange().GetProductId()
		})
		w.changes = slices.Insert(w.changes, 0, c)
	}
	const besides = 3 // the header, the line below, and the one with the cursor
	w.changes = w.changes[:min(len(w.changes), max(1, w.console.height-besides))]
	return w.draw()
}

func (w *watchTable) say(words string) {
	w.words = words
	_ = w.draw() // if that fails, so does showing a change
}

// Control sequences of terminals.
const (
	oneLineUp     = "\x1b[A"
	clearFromHere = "\r\x1b[J"
	noWrapping    = "\x1b[?7l" // so that a line stays one, however narrow the terminal
	wrapping      = "\x1b[?7h"
)

// draw replaces what is on the terminal, in one write, so that nothing flickers.
func (w *watchTable) draw() error {
	var page bytes.Buffer
	in := *w.console
	in.out = &page
	table := pagedTable{console: &in, columns: watchColumns()}
	rows := make([][]string, 0, len(w.changes))
	for _, c := range w.changes {
		rows = append(rows, watchRow(c))
	}
	if err := table.write(rows); err != nil {
		return err
	}
	fmt.Fprintln(&page, w.console.paint(text.Colors{text.Faint}, humanize.Comma(w.seen)+" changes seen; "+printable(w.words)))
	before := strings.Repeat(oneLineUp, w.drawn) + clearFromHere + noWrapping
	w.drawn = bytes.Count(page.Bytes(), []byte("\n"))
	_, err := w.console.out.Write([]byte(before + page.String() + wrapping))
	return err
}

func watchColumns() []column {
	return []column{
		{name: "when"},
		{name: "name", flexible: true},
		{name: "new price", right: true},
		{name: "previous", right: true},
		{name: "move", color: moveColor},
		{name: "source", optional: true},
	}
}

func watchRow(c *atlantv1.WatchedChange) []string {
	price, previous := c.GetChange().GetPrice(), c.GetChange().GetPreviousPrice()
	return []string{
		formatTime(c.GetChange().GetObservedAt(), toTheSecond), c.GetProduct().GetName(),
		formatPrice(price), formatPrice(previous), formatMove(previous, price), c.GetProduct().GetSource(),
	}
}
