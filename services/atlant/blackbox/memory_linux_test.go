package blackbox_test

import (
	"os"
	"syscall"
)

// memoryOf returns the most memory that a process had while it lived, in bytes.
func memoryOf(ended *os.ProcessState) (int64, bool) {
	usage, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return usage.Maxrss << 10, true
}
