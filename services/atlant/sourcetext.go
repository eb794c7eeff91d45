package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// print prints all that is to be known of a source.
func (o *output) print(c *console, s *atlantv1.Source) error {
	if o.JSON {
		return printJSON(c, s)
	}
	var b strings.Builder
	line := func(label, value string) { writeLine(&b, label, value) }
	line("source", s.GetName())
	line("url", s.GetUrl())
	if s.GetHasCredentials() {
		line("login", "kept, and not shown")
	}
	line("currency", s.GetCurrencyCode())
	line("options", optionsInWords(s.GetCsv()))
	if s.GetNoHold() {
		line("hold", "never: a list that differs much from the one before is published as well")
	}
	line("schedule", scheduleInWords(s))
	line("next", formatTime(s.GetNextFetchAt(), toTheSecond))
	if s.GetBackedOffUntil() != nil {
		line("back-off", "until then, because it failed several times in a row")
	}
	if s.GetFailuresInARow() > 0 {
		line("failures", humanize.Comma(int64(s.GetFailuresInARow()))+" in a row")
	}
	if last := s.GetLastFetch(); last != nil {
		outcome := outcomeInWords(last)
		fmt.Fprintf(&b, "%-10s %s\n", "last", c.paint(outcomeColor(outcome), outcome))
		line("error", last.GetError())
		line("fetch", last.GetId())
	}
	line("created", formatTime(s.GetCreatedAt(), toTheSecond))
	line("changed", formatTime(s.GetUpdatedAt(), toTheSecond))
	line("revision", strconv.FormatInt(s.GetRevision(), 10))
	_, err := io.WriteString(c.out, b.String())
	return err
}

// scheduleInWords says when a source is fetched.
func scheduleInWords(s *atlantv1.Source) string {
	words := strings.TrimPrefix(s.GetSchedule().GetExpression(), "@")
	if words == "" {
		return "by hand"
	}
	if zone := s.GetSchedule().GetTimeZone(); zone != "" {
		words += " " + zone
	}
	if s.GetPaused() {
		words += ", paused"
	}
	return words
}

// outcomeInWords says how a fetch ended, or how it stands, and since when.
func outcomeInWords(f *atlantv1.Fetch) string {
	if f == nil {
		return ""
	}
	at := f.GetEndedAt()
	if at == nil {
		at = f.GetRequestedAt()
	}
	return stateName(f.GetState()) + " " + humanize.Time(at.AsTime())
}

// outcomeColor goes by the state that an outcome begins with.
func outcomeColor(cell string) text.Colors {
	state, _, _ := strings.Cut(cell, " ")
	return stateColor(state)
}

// optionsInWords says how a list is to be read, where the user said so.
func optionsInWords(options *atlantv1.CsvOptions) string {
	var words []string
	say := func(what, value string) {
		if value != "" {
			words = append(words, what+" "+value)
		}
	}
	if options.GetDelimiter() != "" {
		say("columns split by", characterName(options.GetDelimiter()))
	}
	say("encoding", options.GetEncoding())
	if options.GetDecimalMark() != "" {
		say("decimal mark", characterName(options.GetDecimalMark()))
	}
	say("quotes", options.GetQuote())
	if options.GetNoHeader() {
		words = append(words, "no header")
	}
	say("name in column", strings.Join(options.GetNameColumns(), "+"))
	say("price in column", options.GetPriceColumn())
	say("dates in column", options.GetObservedAtColumn())
	say("dates in the order", options.GetDateOrder())
	if options.GetSkipLines() > 0 {
		say("lines passed over:", strconv.Itoa(int(options.GetSkipLines())))
	}
	return strings.Join(words, ", ")
}
