package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

// steps shows how long work with several steps gets on: a bar on a terminal, elsewhere a line for each step.
type steps struct {
	console *console
	name    string
	bar     *progressbar.ProgressBar // nil if there is no terminal
}

// step is how far a step has come.
type step struct {
	done, total int64
	rate        float64 //nolint:forbidigo // a rate, no price
	eta         time.Duration
}

func newSteps(c *console) *steps { return &steps{console: c} }

func (s *steps) show(name string, at step) {
	words := name
	if at.total > 0 {
		words += fmt.Sprintf(" %s of %s", humanize.Comma(at.done), humanize.Comma(at.total))
	}
	if at.rate > 0 {
		words += fmt.Sprintf(", %s/s", strconv.FormatFloat(at.rate, 'f', 0, 64)) //nolint:forbidigo // as above
	}
	if at.eta > 0 {
		words += ", " + formatDuration(at.eta.Round(time.Second)) + " left"
	}
	s.describe(name, words)
}

// showBytes is show for a step that is measured in bytes; a total of 0 is not known.
func (s *steps) showBytes(name string, done, total int64) {
	words := name
	if done > 0 {
		words += " " + humanize.Bytes(uint64(done))
	}
	if total > 0 {
		words += " of " + humanize.Bytes(uint64(total))
	}
	s.describe(name, words)
}

// describe begins a step if it is another one, and says how far it is.
func (s *steps) describe(name, words string) {
	if name != s.name {
		s.done()
		s.name = name
		if !s.console.errTerm {
			s.console.notef("%s", name)
		} else {
			s.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(s.console.err), progressbar.OptionClearOnFinish())
		}
	}
	if s.bar != nil {
		s.bar.Describe(words)
	}
}

// done takes the bar off the terminal.
func (s *steps) done() {
	if s.bar != nil {
		_ = s.bar.Finish() // a bar that cannot be drawn is no reason to fail
		s.bar = nil
	}
}
