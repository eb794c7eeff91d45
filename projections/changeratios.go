package projections

import "math"

// volatilityPPM returns the sample standard deviation of the relative changes in a currency, in parts per million.
func volatilityPPM(changes []Change, currency string) int64 {
	// Welford's method (Technometrics 4, 1962): one pass, and stable where the deviation is small beside the mean.
	var n, mean, squares float64
	for i := range changes {
		c := &changes[i]
		if c.PreviousPrice.Micros == 0 || c.PreviousPrice.Currency != currency || c.Price.Currency != currency {
			continue
		}
		n++
		change := float64(c.Price.Micros)/float64(c.PreviousPrice.Micros) - 1
		delta := change - mean
		mean += delta / n
		squares += delta * (change - mean)
	}
	if n < 2 {
		return 0
	}
	ppm := math.Round(math.Sqrt(squares/(n-1)) * 1e6)
	if ppm >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(ppm)
}
