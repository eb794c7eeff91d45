package fetch

// Keys of this package's log records.
const (
	logFetch     = "fetch"
	logError     = "error"
	logRetryIn   = "retry_in"
	logPartition = "partition"
)
