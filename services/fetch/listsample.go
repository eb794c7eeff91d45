package fetch

import (
	"encoding/binary"
	"slices"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxSampled is how many products a listSample holds: enough for a median, and a few kilobytes in the log.
const maxSampled = 256

// listSample gathers the prices of those products of a list whose hashes are the lowest. Two lists that share products share
// them in their samples as well, however many there are ("bottom-k sketch", Cohen and Kaplan 2007).
type listSample struct {
	products []uint64 // ascending
	prices   []sampledPrice
}

type sampledPrice struct {
	amountMicros int64
	at           events.Micros
}

// note takes a price in. Of two prices of a product the one that held later counts, or else the one that is noted later.
func (s *listSample) note(id events.ProductID, amountMicros int64, at events.Micros) {
	product := binary.BigEndian.Uint64(id[:8])
	if len(s.products) == maxSampled && product > s.products[maxSampled-1] {
		return
	}
	i, found := slices.BinarySearch(s.products, product)
	switch price := (sampledPrice{amountMicros: amountMicros, at: at}); {
	case !found:
		s.products, s.prices = slices.Insert(s.products, i, product), slices.Insert(s.prices, i, price)
	case at >= s.prices[i].at:
		s.prices[i] = price
	}
	if len(s.products) > maxSampled {
		s.products, s.prices = s.products[:maxSampled], s.prices[:maxSampled]
	}
}

// event returns the sample as the log keeps it.
func (s *listSample) event() *atlantv1.ListSample {
	amounts := make([]int64, len(s.prices))
	for i, price := range s.prices {
		amounts[i] = price.amountMicros
	}
	return &atlantv1.ListSample{Products: s.products, AmountsMicros: amounts}
}
