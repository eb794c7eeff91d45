package main

import (
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
)

// uploadBar shows on a terminal how far an upload is; elsewhere it shows nothing.
type uploadBar struct {
	bar   *progressbar.ProgressBar // nil if there is no terminal
	words string
	size  int64 // of the list, -1 if that is not known: then it is a spinner
	sent  int64
}

func newUploadBar(c *console, l *localList) *uploadBar {
	b := &uploadBar{words: "uploading " + text.Snip(printable(l.fileName), longestSaying, "…"), size: l.size}
	if c.errTerm {
		b.bar = progressbar.NewOptions64(l.size,
			progressbar.OptionSetWriter(c.err),
			progressbar.OptionSetDescription(b.words),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowBytes(l.size > 0),
			progressbar.OptionShowCount(),
		)
	}
	return b
}

// Write implements io.Writer: it counts what was sent.
func (b *uploadBar) Write(piece []byte) (int, error) {
	b.sent += int64(len(piece))
	switch {
	case b.bar == nil:
	case b.size > 0:
		_ = b.bar.Set64(min(b.sent, b.size)) // a bar that cannot be drawn is no reason to fail
	default:
		b.bar.Describe(b.words + ", " + formatBytes(b.sent))
	}
	return len(piece), nil
}

// done takes the bar off the terminal.
func (b *uploadBar) done() {
	if b.bar != nil {
		_ = b.bar.Finish() // as above
	}
}
