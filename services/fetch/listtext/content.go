package listtext

import (
	"bufio"
	"errors"
	"io"
)

// mostLayers is how deep a list may be packed, as a .csv.gz in a ZIP archive is.
const mostLayers = 2

// content is what was downloaded without what it is packed in. It can be read as often as needed.
type content struct {
	raw    io.ReaderAt
	size   int64     // of raw
	layers []packing // that it is packed in, the outermost first
}

// contentOf finds out how the raw bytes are packed: in a format that holds one file, or in a ZIP archive, of which the entry is
// named or the only one. A ZIP archive is opened only where it is the outermost.
func contentOf(raw io.ReaderAt, size int64, entry string) (*content, error) {
	c := &content{raw: raw, size: size}
	for {
		head, err := c.head()
		if err != nil {
			return nil, err
		}
		layer, isPacked := packingOf(head)
		if isZip(head) && len(c.layers) == 0 {
			if layer, isPacked, err = zipped(raw, size, entry); err != nil {
				return nil, err
			}
		} else if isZip(head) && !isDocument(head) || isPacked && len(c.layers) == mostLayers {
			return nil, unreadable("this is %s with another archive inside, which is not unpacked", c)
		}
		if !isPacked {
			return c, nil
		}
		c.layers = append(c.layers, layer)
	}
}

// open reads the content from its start.
func (c *content) open() (io.Reader, error) {
	var r io.Reader = io.NewSectionReader(c.raw, 0, c.size)
	for _, layer := range c.layers {
		var err error
		if r, err = layer.reader(r); err != nil {
			return nil, c.explain(err)
		}
	}
	return r, nil
}

// head returns the first bytes of the content.
func (c *content) head() ([]byte, error) {
	r, err := c.open()
	if err != nil {
		return nil, err
	}
	head, err := bufio.NewReader(r).Peek(headOfDocument)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, c.explain(err)
	}
	return head, nil
}

// explain puts what is wrong with packed data into words.
func (c *content) explain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return unreadable("this is %s, and cut off: it ends in the middle", c)
	}
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		return unreadable("this is %s, and damaged: %v", c, damaged.Err)
	}
	return err
}

// String says what the content is packed in, the innermost first.
func (c *content) String() string {
	var text string
	for i, layer := range c.layers {
		if i > 0 {
			text = " in " + text
		}
		text = layer.name + text
	}
	return text
}
