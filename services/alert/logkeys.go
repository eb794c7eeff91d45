package alert

// Keys of this package's log records.
const (
	logAlert   = "alert"
	logID      = "id"
	logHost    = "host"
	logShard   = "shard"
	logError   = "error"
	logRetryIn = "retry_in"
)
