//go:build race

package blackbox_test

// raceFlags build the program like the tests: with the race detector.
var raceFlags = []string{"-race"}

// bigRows is how long a big list is: shorter than without the race detector, which makes the views many times slower.
const bigRows = 5000
