package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// corrections is a list of the rows of a fetch that could not be read. Once they are corrected it is read as the list was of which
// they are: it has the same columns, and says with which options to fetch it. What else it says is in lines that are passed over.
type corrections struct {
	text bytes.Buffer
	of   *atlantv1.Fetch
	rows int
	left []string // of rows that are not in it as such: which, and why
}

// newCorrections begins a list. It is a failure if it is not known how that of the fetch was read.
func newCorrections(ctx context.Context, of *atlantv1.Fetch) (*corrections, error) {
	d := of.GetDialect()
	if d.GetColumns() == 0 || d.GetDelimiter() == "" {
		return nil, failed("fetch the list again, with --force if it did not change",
			"it is not known how the list of this fetch was read: an older version of Atlant did that, or it could not be read at all")
	}
	c := &corrections{of: of}
	header, texts := headerFor(ctx, d)
	c.remarkf("Rows of %s that could not be read, by fetch %s: above each is why.", of.GetUrl(), of.GetId())
	c.remarkf("Correct them, put this file where Atlant can fetch it, and fetch it like this:")
	c.remarkf("  %s URL", strings.Join(refetch(of, texts), " "))
	c.remarkf("A row that is still as it is will be rejected again. Lines that begin with # are passed over.")
	for _, option := range d.GetOpen() {
		c.remarkf("Nothing in the list settles %s: that must be said, or such prices and dates be written otherwise.", option)
	}
	c.text.WriteString(header + "\n")
	return c, nil
}

// headerFor returns the header of the list, and the texts in it, if options can name a column by it. Else it is one of our own: without
// a header, the number of columns would be what most rows have, and many of these may have another.
func headerFor(ctx context.Context, d *atlantv1.Dialect) (line string, texts []string) {
	texts = pricelist.HeaderTexts(ctx, d)
	isColumn := func(n int32) bool {
		_, ok := pricelist.TextOfColumn(texts, int(n))
		return ok
	}
	if slices.ContainsFunc(d.GetNameColumns(), isColumn) || isColumn(d.GetPriceColumn()) {
		return d.GetHeader(), texts
	}
	texts = make([]string, d.GetColumns())
	for i := range texts {
		switch n := int32(i + 1); {
		case n == d.GetPriceColumn():
			texts[i] = "price"
		case n == d.GetObservedAtColumn():
			texts[i] = "date"
		case len(d.GetNameColumns()) == 1 && n == d.GetNameColumns()[0]:
			texts[i] = "name"
		default:
			texts[i] = "column " + strconv.Itoa(i+1)
		}
	}
	return strings.Join(texts, d.GetDelimiter()), texts
}

// refetch returns the command that fetches the corrected list, without its URL. It holds none of the characters that separate columns.
func refetch(of *atlantv1.Fetch, texts []string) []string {
	d := of.GetDialect()
	words := []string{"atlant fetch --wait --no-hold", flag("source", of.GetSource())}
	if d.GetObservedAtColumn() == 0 {
		words = append(words, flag("observed-at", of.GetObservedAt().AsTime().Format(time.RFC3339Nano)))
	}
	words = append(words, flag("encoding", "utf-8"), flag("delimiter", characterName(d.GetDelimiter())), flag("quote", d.GetQuote()))
	for _, n := range d.GetNameColumns() {
		words = append(words, flag("name-columns", columnFor(texts, n)))
	}
	words = append(words, flag("price-column", columnFor(texts, d.GetPriceColumn())))
	if n := d.GetObservedAtColumn(); n > 0 {
		words = append(words, flag("observed-at-column", columnFor(texts, n)))
	}
	words = append(words, settled("decimal-mark", pricelist.MarkOption, "point-or-comma", characterName(d.GetDecimalMark()), d)...)
	words = append(words, settled("date-order", pricelist.OrderOption, "dmy-or-mdy", d.GetDateOrder(), d)...)
	if d.GetCurrencyCode() != "" {
		words = append(words, flag("currency", d.GetCurrencyCode()))
	}
	return words
}

// settled returns the flag for what the list settled, or one that must be filled in where it left that open.
func settled(name, option, choice, value string, d *atlantv1.Dialect) []string {
	switch {
	case slices.Contains(d.GetOpen(), option):
		return []string{flag(name, choice)}
	case value == "" || value == noCharacter:
		return nil
	}
	return []string{flag(name, value)}
}

// columnFor names a column by its text if that can stand in a flag and a remark, else by its number.
func columnFor(texts []string, column int32) string {
	text, ok := pricelist.TextOfColumn(texts, int(column))
	if !ok || strings.ContainsAny(text, `;,|"\`) || printable(text) != text {
		return strconv.Itoa(int(column))
	}
	return text
}

// flag returns a flag as a shell takes it.
func flag(name, value string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.:", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) >= 0 {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return "--" + name + "=" + value
}

// add adds a row as it is in the list, behind what is wrong with it. Rows that would be read if nobody corrected them, or are not known
// to their end, are told of instead.
func (c *corrections) add(r *atlantv1.Reject) {
	row, ok := pricelist.Whole(r)
	place := "line " + strconv.FormatInt(r.GetLine(), 10)
	switch {
	case !ok:
		c.left = append(c.left, place+", which is too long to be kept")
	case r.GetReason() == atlantv1.RejectReason_REJECT_REASON_CUT_OFF:
		c.left = append(c.left, place+", at which the list seems to be cut off")
	default:
		c.remarkf("%s", faultInWords(r))
		c.text.Write(append(row, '\n'))
		c.rows++
		return
	}
	c.remarkf("NOT HERE: %s", rejectInWords(r))
}

// remarkf adds a line that is passed over: it has one column only.
func (c *corrections) remarkf(format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	c.text.WriteString("# " + strings.ReplaceAll(text, c.of.GetDialect().GetDelimiter(), " ") + "\n")
}

// missing says which of the rejects are not in the file; nil if all are.
func (c *corrections) missing() error {
	const most = 5
	which := slices.Clone(c.left[:min(len(c.left), most)])
	if more := len(c.left) - len(which); more > 0 {
		which = append(which, humanize.Comma(int64(more))+" more")
	}
	kept := int64(c.rows + len(c.left))
	if lost := c.of.GetRejected() - kept; lost > 0 {
		which = append(which, humanize.Comma(lost)+" that were not kept")
	}
	if len(which) == 0 {
		return nil
	}
	return failed("correct these in the list itself, and fetch it again", "%s of the %s rejected rows are not in the file: %s",
		humanize.Comma(c.of.GetRejected()-int64(c.rows)), humanize.Comma(c.of.GetRejected()), strings.Join(which, "; "))
}
