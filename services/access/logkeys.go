package access

// Keys of this package's log records.
const (
	logError     = "error"
	logFile      = "file"
	logCaller    = "caller"
	logProcedure = "procedure"
	logRemote    = "remote"
)
