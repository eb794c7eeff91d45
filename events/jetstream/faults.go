package jetstream

import (
	"fmt"
	"strings"
)

// Fault is something about a server or a stream that keeps Atlant from keeping its promises.
type Fault struct {
	Where string // "stream PRICES_00"
	What  string // "storage"
	Is    string // "memory"
	Must  string // "file"
	Todo  string // what the operator can do about it
}

func (f Fault) String() string {
	return fmt.Sprintf("%s: %s is %s, must be %s: %s", f.Where, f.What, f.Is, f.Must, f.Todo)
}

// FaultsError names all faults that were found, one a line.
type FaultsError []Fault

// Error implements error.
func (e FaultsError) Error() string {
	lines := make([]string, len(e))
	for i, fault := range e {
		lines[i] = fault.String()
	}
	return "the log cannot be used as it is set up:\n" + strings.Join(lines, "\n")
}
