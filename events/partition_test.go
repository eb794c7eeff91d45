package events_test

import (
	"fmt"
	"testing"

	"github.com/atlant-log/atlant/events"
)

// What is on the queue was put there by earlier versions, so these never change.
func TestPartitionOfIsFixed(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{"": 1, "default": 8, "shop a": 2, "shop b": 7, "Müller & Söhne": 13} {
		if got := events.PartitionOf(source); got != want {
			t.Errorf("%q is in partition %d, want %d", source, got, want)
		}
	}
}

func TestPartitionsAreAllUsed(t *testing.T) {
	t.Parallel()
	var sources [events.QueuePartitions]int
	for i := range 1600 {
		sources[events.PartitionOf(fmt.Sprint("source ", i))]++
	}
	for partition, n := range sources {
		if n < 50 || n > 200 {
			t.Errorf("partition %d holds %d of 1600 sources", partition, n)
		}
	}
}
