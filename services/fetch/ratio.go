package fetch

import (
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// priceRatios returns what the products that both samples hold cost now, divided by what they cost then; those that were free
// are left out. shared says that most products of now were there before, as far as the samples tell.
func priceRatios(now, before *atlantv1.ListSample) (ratios []float64, shared bool) {
	then := before.GetProducts()
	inReach, common := 0, 0
	for i, product := range now.GetProducts() {
		if len(then) == maxSampled && product > then[maxSampled-1] {
			break // that list may have had it: its sample does not reach so far
		}
		inReach++
		at, found := slices.BinarySearch(then, product)
		if !found {
			continue
		}
		common++
		if was := before.GetAmountsMicros()[at]; was > 0 {
			ratios = append(ratios, float64(now.GetAmountsMicros()[i])/float64(was))
		}
	}
	return ratios, common >= fewProducts && 2*common > inReach
}

func median(all []float64) float64 {
	slices.Sort(all)
	middle := len(all) / 2
	if len(all)%2 == 1 {
		return all[middle]
	}
	return (all[middle-1] + all[middle]) / 2
}

// rounded leaves two digits or three, which is what one can tell from a median.
func rounded(ratio float64) float64 {
	switch {
	case ratio >= 100:
		return float64(int64(ratio + 0.5))
	case ratio >= 1:
		return float64(int64(ratio*10+0.5)) / 10
	default:
		return float64(int64(ratio*10_000+0.5)) / 10_000
	}
}
