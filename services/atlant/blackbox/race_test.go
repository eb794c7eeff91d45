//go:build race

package blackbox_test

// raceFlags build the program like the tests: with the race detector.
var raceFlags = []string{"-race"}
