package pricelist

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sepLine is what tells a spreadsheet on the first line of a list what separates its columns.
var sepLine = regexp.MustCompile(`(?i)^"?sep=(.)"?[;,|\t]*$`)

// cutSepLine passes over such a line, and returns the options with what it says, unless they tell the delimiter themselves.
func (l *List) cutSepLine(newline byte, o *atlantv1.CsvOptions) (*atlantv1.CsvOptions, error) {
	const most = 32 // bytes
	head := make([]byte, min(most, l.size-l.from.offset))
	if err := readFull(l.src, head, l.from.offset); err != nil {
		return nil, err
	}
	line, _, ended := bytes.Cut(head, []byte{newline})
	said := sepLine.FindSubmatch(bytes.TrimSuffix(line, []byte("\r")))
	if !ended || said == nil {
		return o, nil
	}
	l.explain(fmt.Sprintf("line %d says what separates the columns, and is passed over: %s", l.from.line, excerpt(bytes.TrimSpace(line))))
	l.from = place{offset: l.from.offset + int64(len(line)) + 1, line: l.from.line + 1}
	if o.GetDelimiter() == "" && strings.Contains(delimiters, string(said[1])) {
		o = proto.CloneOf(o)
		if o == nil {
			o = &atlantv1.CsvOptions{}
		}
		o.Delimiter = string(said[1])
	}
	return o, nil
}
