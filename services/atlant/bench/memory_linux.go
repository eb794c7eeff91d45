package bench

import (
	"bytes"
	"fmt"
	"os"
)

// resetPeak has peakMemory begin anew.
func resetPeak() {
	settle()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it is not allowed, the peak is that of the process
}

// peakMemory returns the most bytes that this process has had in memory since resetPeak, 0 if that is not known.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kilobytes int64
	if _, err := fmt.Sscan(string(rest), &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}
