package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/atlant-log/atlant/services/telemetry"
)

// traceCommand needs no server.
type traceCommand struct {
	Files []string `arg:"" name:"file" help:"Files of traces, as --trace-file has them written: one, or those of all processes."`
	Fetch string   `placeholder:"ID" help:"The fetch (the last one)."`
	JSON  bool     `name:"json" help:"Print one JSON object for each root of the trace."`
}

// Run prints the trace of a fetch as a tree.
func (t *traceCommand) Run(_ context.Context, c *console) error {
	roots, err := t.read()
	if errors.Is(err, telemetry.ErrNoTrace) {
		return failed("a process writes its traces with --trace-file, a second after what they tell of", "there is no trace of %s in %s",
			t.what(), strings.Join(t.Files, ", "))
	}
	if err != nil {
		return err
	}
	if t.JSON {
		encoder := json.NewEncoder(c.out)
		for _, root := range roots {
			if err := encoder.Encode(root); err != nil {
				return err
			}
		}
		return nil
	}
	_, err = fmt.Fprint(c.out, traceText(roots))
	return err
}

func (t *traceCommand) what() string {
	if t.Fetch == "" {
		return "a fetch"
	}
	return "fetch " + t.Fetch
}

func (t *traceCommand) read() (_ []*telemetry.Span, err error) {
	files := make([]io.Reader, len(t.Files))
	for i, name := range t.Files {
		file, err := os.Open(name)
		if err != nil {
			return nil, failed("", "cannot read traces: %v", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		files[i] = file
	}
	return telemetry.TraceOfFetch(t.Fetch, files...)
}

// traceText draws a trace: for each span when it began, counted from the first one, how long it took, and what there is to
// know of it.
func traceText(roots []*telemetry.Span) string {
	lines := []traceLine{}
	for _, root := range roots {
		lines = appendLines(lines, root, "", "")
	}
	began, end, width := lines[0].span.Began, lines[0].span.Began, 0
	for _, line := range lines {
		if line.span.Began.Before(began) {
			began = line.span.Began
		}
		if at := line.span.Began.Add(line.span.Took); at.After(end) {
			end = at
		}
		width = max(width, len([]rune(line.name)))
	}
	var b strings.Builder
	fetch := ""
	for _, root := range roots {
		fetch = max(fetch, root.Fetch())
	}
	fmt.Fprintf(&b, "trace %s of fetch %s: %s\n", roots[0].TraceID, printable(fetch), shortly(end.Sub(began)))
	for _, line := range lines {
		text := fmt.Sprintf("%-*s  %9s  %9s  %s", width, printable(line.name), "+"+shortly(line.span.Began.Sub(began)),
			shortly(line.span.Took), strings.Join(line.notes(), ", "))
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}

type traceLine struct {
	name string // with the branches before it
	span *telemetry.Span
}

// appendLines appends a span and those below it; first stands before it, rest before those.
func appendLines(lines []traceLine, span *telemetry.Span, first, rest string) []traceLine {
	lines = append(lines, traceLine{first + span.Name, span})
	for i, child := range span.Children {
		if i == len(span.Children)-1 {
			lines = appendLines(lines, child, rest+"└─ ", rest+"   ")
		} else {
			lines = appendLines(lines, child, rest+"├─ ", rest+"│  ")
		}
	}
	return lines
}

// notes says what is worth knowing of a span, in few words.
func (l traceLine) notes() []string {
	var notes []string
	var names []string
	for name := range l.span.Attributes {
		if strings.HasPrefix(name, "atlant.") && name != "atlant.fetch.id" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		notes = append(notes, strings.TrimPrefix(name, "atlant.")+" "+printable(l.span.Attributes[name]))
	}
	if l.span.Shared > 1 {
		notes = append(notes, fmt.Sprintf("for %d fetches at once", l.span.Shared))
	}
	if l.span.Error != "" {
		notes = append(notes, "failed: "+printable(l.span.Error))
	}
	return notes
}

// shortly writes a duration with three digits or so.
func shortly(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(10 * time.Millisecond).String()
	}
}
