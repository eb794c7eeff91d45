package events

import (
	"crypto/sha1" //nolint:gosec // what UUIDv5 is made of
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// DefaultSource is the namespace of product names where none is given.
const DefaultSource = "default"

// MaxNameBytes bounds a product's name, measured in UTF-8 after normalization.
const MaxNameBytes = 1024

// Faults of a product name, as NormalizeName finds them.
var (
	ErrNameMissing = errors.New("the name is empty")
	ErrNameTooLong = errors.New("the name is longer than 1024 bytes")
	ErrNameControl = errors.New("the name holds a control character")
	ErrNameNotUTF8 = errors.New("the name is not valid UTF-8")
)

// ProductID identifies a product: the UUIDv5 of its source and name.
type ProductID = uuid.UUID

// productNamespace is Atlant's own namespace for UUIDv5 (RFC 9562, section 5.5). It can never change: ids are in clients' hands.
var productNamespace = uuid.MustParse("6f2f2c5e-2d1c-5f0e-9a5b-7c1d6a4e8b90")

// NewProductID derives the id from a source and a normalized name. A NUL separates the two; neither can hold one.
// It is what uuid.NewSHA1 gives, which costs four allocations; an id is derived for every observation that is read.
func NewProductID(source, name string) ProductID {
	var buf [256]byte
	data := append(buf[:0], productNamespace[:]...)
	data = append(data, source...)
	data = append(data, 0)
	data = append(data, name...)
	sum := sha1.Sum(data) //nolint:gosec // nothing is kept secret by it
	id := ProductID(sum[:len(ProductID{})])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return id
}

// NormalizeName returns the name in Unicode NFC, trimmed, each run of white space replaced by one space.
// It returns one of the ErrName errors where the name cannot stand for a product.
func NormalizeName(raw string) (string, error) {
	if isPlain(raw) {
		return raw, nil
	}
	if !utf8.ValidString(raw) {
		return "", ErrNameNotUTF8
	}
	name := strings.Join(strings.Fields(raw), " ")
	if !norm.NFC.IsNormalString(name) {
		name = norm.NFC.String(name)
	}
	switch {
	case name == "":
		return "", ErrNameMissing
	case len(name) > MaxNameBytes:
		return "", ErrNameTooLong
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return "", ErrNameControl
	}
	return name, nil
}

// isPlain tells whether a name is surely in normal form: printable ASCII with lone spaces inside, as most names are.
func isPlain(name string) bool {
	if name == "" || len(name) > MaxNameBytes || name[len(name)-1] == ' ' {
		return false
	}
	before := byte(' ')
	for i := range len(name) {
		c := name[i]
		if c < ' ' || c > '~' || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return true
}
