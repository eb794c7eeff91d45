package blackbox_test

import (
	"fmt"
	"os"
	"strings"
)

// peakMemory returns the most memory that a running process had since it became the program, in bytes. What the system tells
// of it when it has ended counts the memory of this process too, from which it was forked.
func peakMemory(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, after, found := strings.Cut(string(text), "VmHWM:")
	var kibibytes int64
	if _, err := fmt.Sscan(after, &kibibytes); !found || err != nil {
		return 0, false
	}
	return kibibytes << 10, true
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
