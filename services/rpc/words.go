package rpc

import (
	"github.com/atlant-log/atlant/projections"
)

// maxWords is how many words a query may have; each of them is looked up.
const maxWords = 16

// ParseWords returns the words that a query, a field of a request, asks for; none if it is empty.
func ParseWords(field, query string) ([]string, error) {
	if query == "" {
		return nil, nil
	}
	words := projections.QueryWords(query)
	switch {
	case len(words) == 0:
		return nil, InvalidArgument(field, "holds no letter and no digit")
	case len(words) > maxWords:
		return nil, InvalidArgument(field, "holds %d words, and may hold %d", len(words), maxWords)
	}
	return words, nil
}
