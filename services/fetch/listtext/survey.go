package listtext

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

const (
	headBytes   = 64 << 10 // of the start of a list, where wide characters and rubbish show
	sampleBytes = 16 << 10 // of different words that hold more than ASCII
	searchBytes = 64 << 20 // of what holds more than ASCII; more of it says nothing new
	wordBytes   = 128      // of one word; the rest of a longer one counts as another

	enoughCharacters = 100 // that are valid UTF-8, beyond which such text needs no sample
)

// survey looks at a list from start to end as it is written to it, and keeps what tells the encoding, in bounded memory.
type survey struct {
	head       []byte
	size       int64
	characters int64  // of more than one byte that are valid UTF-8
	invalid    int64  // bytes that are not UTF-8
	rest       []byte // of the last write: a character that may go on

	gathered int64    // bytes that were searched for words
	words    []string // different ones that hold more than ASCII, digits shown as 0
	known    map[string]struct{}
	sample   int    // bytes of words
	word     []byte // being read
	isHigh   bool   // the word being read holds more than ASCII
}

// Write implements io.Writer.
func (s *survey) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	s.head = append(s.head, p[:min(len(p), headBytes-len(s.head))]...)
	if isASCII(p) && len(s.rest) == 0 {
		s.passOver(p)
		return len(p), nil
	}
	text := slices.Concat(s.rest, p)
	whole := len(text) - unfinished(text)
	if s.validate(text[:whole]) && s.characters > enoughCharacters {
		s.endWord()
	} else {
		s.gather(p)
	}
	s.rest = text[whole:]
	return len(p), nil
}

// end says that there is no more.
func (s *survey) end() {
	s.validate(s.rest)
	s.rest = nil
	s.endWord()
}

// validate counts what is UTF-8 and what is not, and tells whether all is.
func (s *survey) validate(text []byte) bool {
	if utf8.Valid(text) {
		for _, c := range text {
			if c >= 0xC0 { // the first byte of several
				s.characters++
			}
		}
		return true
	}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(text[i:])
		if size > 1 {
			s.characters++
		} else {
			s.invalid++
		}
		i += size
	}
	return false
}

// passOver takes in ASCII text. Unless it goes on with a word that holds more, only its last word matters: it may go on.
func (s *survey) passOver(text []byte) {
	if s.isHigh {
		s.gather(text)
		return
	}
	start := len(text)
	for start > 0 && len(text)-start < wordBytes && isWordByte(text[start-1]) {
		start--
	}
	if start > 0 {
		s.word = s.word[:0]
	}
	s.gather(text[start:])
}

// gather collects the words that hold more than ASCII.
func (s *survey) gather(text []byte) {
	if s.sample >= sampleBytes || s.gathered > searchBytes {
		return
	}
	s.gathered += int64(len(text))
	for _, c := range text {
		if !isWordByte(c) || len(s.word) == wordBytes {
			s.endWord()
		}
		switch {
		case !isWordByte(c):
			continue
		case c >= '0' && c <= '9':
			if n := len(s.word); n > 0 && s.word[n-1] == '0' {
				continue
			}
			c = '0'
		}
		s.word = append(s.word, c)
		s.isHigh = s.isHigh || c >= utf8.RuneSelf
	}
}

func (s *survey) endWord() {
	if s.isHigh && s.sample < sampleBytes {
		if _, ok := s.known[string(s.word)]; !ok {
			if s.known == nil {
				s.known = map[string]struct{}{}
			}
			s.known[string(s.word)] = struct{}{}
			s.words = append(s.words, string(s.word))
			s.sample += len(s.word)
		}
	}
	s.word, s.isHigh = s.word[:0], false
}

// isWordByte tells whether a byte belongs to a word in some encoding: those below @ never are the second byte of a character,
// but in rare ones of GB18030.
func isWordByte(c byte) bool { return c >= '@' || c >= '0' && c <= '9' }

// unfinished returns how many bytes at the end of a text are the start of a character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

func isASCII(text []byte) bool {
	const high = 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		if binary.LittleEndian.Uint64(text)&high != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
