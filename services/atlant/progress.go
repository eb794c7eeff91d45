package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// progress shows on a terminal how a fetch gets on; elsewhere it shows nothing.
type progress struct {
	console    *console
	bar        *progressbar.ProgressBar // nil if there is no terminal
	publishing bool                     // bar counts rows towards their number
}

func newProgress(c *console, fetch *atlantv1.Fetch) *progress {
	p := &progress{console: c}
	if !c.errTerm {
		return p
	}
	c.notef("fetch %s; Ctrl-C ends the waiting, not the fetch", fetch.GetId())
	p.bar = p.newBar(-1) // a spinner: how long the list is shows only at its end
	p.show(fetch)
	return p
}

func (p *progress) newBar(rows int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(rows,
		progressbar.OptionSetWriter(p.console.err),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetElapsedTime(rows < 0),
	)
}

func (p *progress) show(fetch *atlantv1.Fetch) {
	if p.bar == nil {
		return
	}
	if fetch.GetPublished() > 0 && fetch.GetAccepted() >= fetch.GetPublished() {
		p.showPublishing(fetch)
		return
	}
	p.say(reading(fetch))
}

// showPublishing turns the spinner into a bar: once publishing begins, the number of rows is known.
func (p *progress) showPublishing(fetch *atlantv1.Fetch) {
	if !p.publishing {
		p.done()
		p.bar, p.publishing = p.newBar(fetch.GetAccepted()), true
	}
	p.say("publishing " + humanize.Comma(fetch.GetAccepted()) + " prices")
	_ = p.bar.Set64(fetch.GetPublished()) // a bar that cannot be drawn is no reason to fail
}

// longestSaying keeps the bar on one line, where it can be drawn over.
const longestSaying = 40

// say sets the text beside the bar.
func (p *progress) say(words string) {
	if p.bar != nil {
		p.bar.Describe(text.Snip(printable(words), longestSaying, "…"))
	}
}

// done takes the bar off the terminal.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// reading says how far a fetch has come before anything is published.
func reading(fetch *atlantv1.Fetch) string {
	switch {
	case fetch.GetState() == atlantv1.FetchState_FETCH_STATE_QUEUED:
		return "waiting for a fetcher"
	case fetch.GetError() != "":
		return "trying again: " + fetch.GetError()
	}
	words := "reading " + formatBytes(fetch.GetBytes())
	if rows := fetch.GetRowsRead(); rows > 0 {
		words += fmt.Sprintf(", %s rows", humanize.Comma(rows))
	}
	return words
}

func formatBytes(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }
