package telemetry

// Keys of this package's log records.
const (
	logError   = "error"
	logTraceID = "trace_id"
)
