package product

import (
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/services/rpc"
)

// maxWords is how many words a query may have; each of them is looked up.
const maxWords = 16

// parseWords returns the words that a query asks for; none if it is empty.
func parseWords(query string) ([]string, error) {
	if query == "" {
		return nil, nil
	}
	words := projections.QueryWords(query)
	switch {
	case len(words) == 0:
		return nil, rpc.InvalidArgument("query", "holds no letter and no digit")
	case len(words) > maxWords:
		return nil, rpc.InvalidArgument("query", "holds %d words, and may hold %d", len(words), maxWords)
	}
	return words, nil
}
