//go:build !linux

package blackbox_test

// peakMemory knows nothing here: each system counts in another way.
func peakMemory(int) (int64, bool) { return 0, false }

// residentMemory knows nothing here, either.
func residentMemory(int) (int64, bool) { return 0, false }
