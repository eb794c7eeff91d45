package source

// Keys of this package's log records.
const (
	logSource  = "source"
	logDue     = "due"
	logFetch   = "fetch"
	logError   = "error"
	logRetryIn = "retry_in"
)
