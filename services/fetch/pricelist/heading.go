package pricelist

import (
	"fmt"
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxPreamble is among how many of the first records the header is looked for.
const maxPreamble = 30

// settleHeader finds the header among the first records: it may stand behind a title or a date.
func (p *shape) settleHeader(starts []header, o *atlantv1.CsvOptions) {
	if len(starts) == 0 {
		return
	}
	p.first = starts[0]
	if o.GetNoHeader() {
		return
	}
	texts := headerTexts(o)
	for _, isOne := range []func(*header) bool{
		func(h *header) bool { return len(texts) > 0 && h.hasAll(texts) },
		func(h *header) bool { return len(texts) == 0 && h.isKnown() },
		func(h *header) bool { return len(texts) == 0 && h.width() == p.width && h.namesPrice() },
	} {
		i := slices.IndexFunc(starts, func(h header) bool { return isOne(&h) })
		if i >= 0 && !slices.ContainsFunc(starts[:i], func(h header) bool { return h.isLikeRowUnder(&starts[i]) }) {
			p.first, p.preamble = starts[i], i
			return
		}
	}
}

// headerTexts returns the header texts that the options name.
func headerTexts(o *atlantv1.CsvOptions) []string {
	var texts []string
	for _, text := range append(slices.Clone(o.GetNameColumns()), o.GetPriceColumn(), o.GetObservedAtColumn()) {
		if ref := newColumnRef(text); ref.text != "" && !ref.isNumber {
			texts = append(texts, ref.text)
		}
	}
	return texts
}

func (h *header) hasAll(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return len(h.find(text)) == 0 })
}

// isLikeRowUnder reports whether a record may be a row of a list with a header further on: then that is no header.
func (h *header) isLikeRowUnder(other *header) bool {
	return h.width() == other.width() && h.hasNumber()
}

// headerEvidence says in words where the columns come from.
func (p *shape) headerEvidence() string {
	if !p.columns.header {
		return fmt.Sprintf("no header: line %d is a row", p.first.at.line)
	}
	why := fmt.Sprintf("line %d is the header: %v", p.first.at.line, &p.first)
	if p.preamble > 0 {
		why += fmt.Sprintf("; %s before it passed over", plural(p.preamble, "line"))
	}
	return why
}
