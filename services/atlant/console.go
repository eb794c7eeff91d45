package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// console is what a command reads from and writes to, and what is known of the terminal behind it.
type console struct {
	in       io.Reader
	out, err io.Writer
	width    int  // of the terminal that out is, in columns; 0 if it is none
	height   int  // of that terminal, in lines; 0 if it is none, or not known
	errTerm  bool // err is a terminal
	color    bool // out takes colors
}

func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	width, height := terminalSize(stdout)
	errWidth, _ := terminalSize(stderr)
	return &console{
		in: stdin, out: stdout, err: stderr,
		width:   width,
		height:  height,
		errTerm: errWidth > 0,
		color:   width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

// terminalSize returns the columns and lines of the terminal behind w, 0 columns if there is none.
func terminalSize(w io.Writer) (width, height int) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return 80, 0
	}
	return width, height
}

// notef tells the user something that is no result: it goes to stderr, so that pipes carry results only.
func (c *console) notef(format string, args ...any) {
	fmt.Fprintf(c.err, format+"\n", args...)
}

// paint colors a text where colors are wanted.
func (c *console) paint(color text.Colors, s string) string {
	if !c.color || len(color) == 0 {
		return s
	}
	return color.EscapeSeq() + s + text.Reset.EscapeSeq()
}

// printJSON writes messages as JSON lines, in one write.
func printJSON[T proto.Message](c *console, messages ...T) error {
	var lines bytes.Buffer
	for _, m := range messages {
		data, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
		if err != nil {
			return err
		}
		// protojson varies its white space on purpose; scripts that compare lines want it steady.
		if err := json.Compact(&lines, data); err != nil {
			return err
		}
		lines.WriteByte('\n')
	}
	_, err := c.out.Write(lines.Bytes())
	return err
}

// printable replaces what could move the cursor or recolor the terminal: names, raw rows and messages come from
// whoever wrote the price list.
func printable(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unprintable holds for control characters and for the invisible ones that reorder text.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
