package events

import (
	"hash/fnv"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// QueuePartitions is how many partitions the queue of fetches has. It is a constant: requests that wait would be in the
// wrong ones if it changed.
const QueuePartitions = 16

// PartitionOf returns the partition of the queue that a source's requests wait in. It must never change, for the same reason.
func PartitionOf(source string) int {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(source)) // it never fails
	sum := hash.Sum64()
	return int((sum ^ sum>>32) % QueuePartitions) // folded: its lowest bits alone hang on the lowest bits of each byte only
}

// QueueKey names a request on the queue. One that was approved is another than the one whose list was held: that one may still
// be on the queue when it comes.
func QueueKey(request *atlantv1.FetchRequested) string {
	if request.GetApproved() {
		return request.GetId() + "-approved"
	}
	return request.GetId()
}
