package blackbox_test

import (
	"fmt"
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

// residentMemory returns the memory that a process has now, in bytes.
func residentMemory(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	var all, resident int64
	if _, err := fmt.Sscan(string(text), &all, &resident); err != nil {
		return 0, false
	}
	return resident * int64(os.Getpagesize()), true
}
