package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// statisticsInWords sums up the prices that a product had, a figure a line.
func statisticsInWords(s *atlantv1.PriceStatistics) string {
	var b strings.Builder
	extreme := func(label string, price *atlantv1.Price, at *timestamppb.Timestamp) {
		if price != nil {
			writeLine(&b, label, formatPrice(price)+", first "+formatTime(at, toTheMinute))
		}
	}
	extreme("lowest", s.GetLowest(), s.GetLowestAt())
	extreme("highest", s.GetHighest(), s.GetHighestAt())
	writeLine(&b, "median", formatPrice(s.GetMedian()))
	if prior := s.GetPrior_30Days(); prior != nil {
		writeLine(&b, "30 days", formatPrice(prior)+", the lowest before the last change")
	}
	if ppm := s.GetVolatilityPpm(); ppm > 0 {
		writeLine(&b, "volatility", percent(ppm, ppmOfAll)+" a change")
	}
	if s.GetTruncated() {
		fmt.Fprintln(&b, "of the latest 10,000 changes")
	}
	return b.String()
}

// ppmOfAll is a whole in parts per million.
const ppmOfAll = 1_000_000
