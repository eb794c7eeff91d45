package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// printReceipt prints all that is to be known of one fetch.
func printReceipt(c *console, f *atlantv1.Fetch) error {
	var b strings.Builder
	line := func(label, value string) { writeLine(&b, label, value) }
	state := stateName(f.GetState())
	fmt.Fprintf(&b, "%-10s %s\n%-10s %s\n", "fetch", f.GetId(), "state", c.paint(stateColor(state), state))
	line("error", f.GetError())
	for _, finding := range f.GetComparison().GetFindings() {
		line("held", finding.GetMessage())
	}
	line("before", f.GetComparison().GetFetchId())
	line("url", shownURL(f.GetUrl()))
	line("source", f.GetSource())
	line("due", formatTime(f.GetScheduledFor(), toTheSecond))
	line("observed", formatTime(f.GetObservedAt(), toTheSecond))
	if f.GetState() == atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED {
		line("rows", "none: the list is the one that was fetched before; --force fetches it again")
	} else {
		line("rows", rowsInWords(f))
		line("published", humanize.Comma(f.GetPublished()))
		line("bytes", humanize.Comma(f.GetBytes()))
	}
	line("dialect", dialectInWords(f.GetDialect()))
	line("confidence", confidenceInWords(f.GetDialect()))
	line("duration", fetchDuration(f))
	if f.GetVisibleAt() != nil {
		line("visible", "after "+formatDuration(f.GetVisibleAt().AsTime().Sub(f.GetRequestedAt().AsTime())))
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}

// writeLine writes what a receipt says behind its label, and nothing if it says nothing.
func writeLine(to io.Writer, label, value string) {
	if value != "" {
		fmt.Fprintf(to, "%-10s %s\n", label, printable(value))
	}
}

// rowsInWords shows where every row of the list went.
func rowsInWords(f *atlantv1.Fetch) string {
	return fmt.Sprintf("%s read = %s accepted + %s rejected + %s duplicates",
		humanize.Comma(f.GetRowsRead()), humanize.Comma(f.GetAccepted()),
		humanize.Comma(f.GetRejected()), humanize.Comma(f.GetDuplicates()))
}

// fetchDuration is the time from the request to the end, both on the server's clock.
func fetchDuration(f *atlantv1.Fetch) string {
	if f.GetEndedAt() == nil || f.GetRequestedAt() == nil {
		return ""
	}
	return formatDuration(f.GetEndedAt().AsTime().Sub(f.GetRequestedAt().AsTime()))
}

// dialectInWords says how the list was read.
func dialectInWords(d *atlantv1.Dialect) string {
	if d == nil {
		return ""
	}
	words := []string{d.GetEncoding()}
	if d.GetDelimiter() != "" {
		words = append(words, "columns split by "+characterName(d.GetDelimiter()))
	}
	if d.GetQuote() != "" {
		words = append(words, "quotes "+characterName(d.GetQuote()))
	}
	words = append(words, "decimal mark "+characterName(d.GetDecimalMark()), headerInWords(d), columnsInWords(d))
	if d.GetObservedAtColumn() > 0 {
		words = append(words, fmt.Sprintf("dates in column %d", d.GetObservedAtColumn()))
	}
	if d.GetCurrencyCode() != "" {
		words = append(words, "in "+d.GetCurrencyCode())
	}
	return strings.TrimPrefix(strings.Join(words, ", "), ", ")
}

// confidenceInWords says how sure the dialect is; nothing where that is not known.
func confidenceInWords(d *atlantv1.Dialect) string {
	if d.GetConfidence() == 0 {
		return ""
	}
	words := fmt.Sprintf("%d %%", d.GetConfidence())
	if from := d.GetRememberedFrom(); from != "" {
		words += ", with what fetch " + from + " of this list settled"
	}
	if open := d.GetOpen(); len(open) > 0 {
		words += "; " + strings.Join(open, " and ") + " would settle what rows are rejected for"
	}
	return words
}

func headerInWords(d *atlantv1.Dialect) string {
	if d.GetHasHeader() {
		return "a header"
	}
	return "no header"
}

func columnsInWords(d *atlantv1.Dialect) string {
	numbers := make([]string, 0, len(d.GetNameColumns()))
	for _, n := range d.GetNameColumns() {
		numbers = append(numbers, strconv.Itoa(int(n)))
	}
	return fmt.Sprintf("name in column %s, price in column %d", strings.Join(numbers, "+"), d.GetPriceColumn())
}

// noCharacter says that a character was not met.
const noCharacter = "none seen"

// characterName names what is hard to see between commas.
func characterName(s string) string {
	switch s {
	case "":
		return noCharacter
	case "|":
		return "pipe"
	case "\t":
		return "tab"
	case ",":
		return "comma"
	case ";":
		return "semicolon"
	case ".":
		return "point"
	}
	return s
}

// stateName returns a state as users know it.
func stateName(s atlantv1.FetchState) string { return enumWords(s.String(), "FETCH_STATE_") }

// enumWords turns PREFIX_SOME_VALUE into "some value".
func enumWords(name, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", " "))
}

func stateColor(state string) text.Colors {
	switch state {
	case "completed":
		return text.Colors{text.FgGreen}
	case "failed":
		return text.Colors{text.FgRed}
	case "running", "queued", "held":
		return text.Colors{text.FgYellow}
	}
	return nil
}

const firstRejects = 5

// printFirstRejects shows what is wrong with the first rows that could not be read. That it cannot do so is no
// failure of the fetch, whose receipt has been printed.
func printFirstRejects(ctx context.Context, c *console, api *clients, f *atlantv1.Fetch) {
	if f.GetRejected() == 0 {
		return
	}
	request := &atlantv1.ListRejectsRequest{Id: f.GetId(), PageSize: firstRejects}
	if response, err := api.fetch.ListRejects(ctx, connect.NewRequest(request)); err == nil {
		for _, r := range response.Msg.GetRejects() {
			writeLine(c.out, "reject", rejectInWords(r))
		}
	}
	c.notef("all %s rejects: `atlant rejects %s`", humanize.Comma(f.GetRejected()), f.GetId())
}

func rejectInWords(r *atlantv1.Reject) string {
	return faultInWords(r) + ": " + text.Snip(printable(r.GetRaw()), 80, "…")
}

// faultInWords says where a reject is, and what is wrong with it.
func faultInWords(r *atlantv1.Reject) string {
	place := "line " + strconv.FormatInt(r.GetLine(), 10)
	if r.GetColumn() > 0 {
		place += ", column " + strconv.Itoa(int(r.GetColumn()))
	}
	cause := r.GetMessage()
	if cause == "" {
		cause = reasonName(r)
	}
	return place + ": " + cause
}

func reasonName(r *atlantv1.Reject) string {
	return enumWords(r.GetReason().String(), "REJECT_REASON_")
}
