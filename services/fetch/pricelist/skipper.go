package pricelist

// skipper passes over one record of any length, byte by byte, in bounded memory.
type skipper struct {
	*splitter
	state    skipState
	column   int
	openedAt place // of the quoted field
}

type skipState uint8

const (
	fieldStart skipState = iota
	insideText
	insideQuotes
	afterQuote
)

// run goes on to the start of the next record. It returns an *UnreadableError if a quoted field has no end in reach.
func (k *skipper) run() error {
	for {
		if err := k.need(1); err != nil {
			return err
		}
		if k.pos == len(k.buf) {
			return k.atListEnd()
		}
		c := k.buf[k.pos]
		if c == k.newline {
			k.line++
		}
		k.pos++
		if c == k.newline && k.state != insideQuotes {
			return nil
		}
		k.step(k.class[c])
		if k.state == insideQuotes && k.offset()-k.openedAt.offset > maxRecordBytes {
			return k.unclosed("goes on for more than 256 KiB")
		}
	}
}

func (k *skipper) step(c class) {
	switch {
	case k.state == insideQuotes:
		if c == classQuote {
			k.state = afterQuote
		}
	case k.state == afterQuote && c == classQuote: // a doubled one
		k.state = insideQuotes
	case k.state == fieldStart && c == classQuote:
		k.state = insideQuotes
		k.openedAt = place{offset: k.offset() - 1, line: k.line}
	case c == classDelimiter:
		k.state = fieldStart
		k.column++
	default:
		k.state = insideText
	}
}

func (k *skipper) atListEnd() error {
	if k.state == insideQuotes {
		return k.unclosed("is still open at the end of the list")
	}
	return nil
}

func (k *skipper) unclosed(what string) error {
	return unreadable("the quoted field that starts on line %d in column %d %s: "+
		"the list is cut off, or its quotes are plain text (csv.quote = none)", k.openedAt.line, k.column, what)
}
