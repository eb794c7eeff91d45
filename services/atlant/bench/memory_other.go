//go:build !linux

package bench

// resetPeak and peakMemory are for Linux, which tells; elsewhere the figure is left out.
func resetPeak() { settle() }

func peakMemory() int64 { return 0 }
