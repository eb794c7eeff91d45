package projections

// Keys of this package's log records.
const (
	logStream     = "stream"
	logSequence   = "sequence"
	logError      = "error"
	logRetryIn    = "retry_in"
	logGeneration = "generation"
	logBefore     = "before"
)
