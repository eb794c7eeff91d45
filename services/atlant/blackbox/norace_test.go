//go:build !race

package blackbox_test

// raceFlags build the program like the tests: without the race detector.
var raceFlags []string

// bigRows is how long a big list is.
const bigRows = 100_000
