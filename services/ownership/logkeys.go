package ownership

// Keys of this package's log records.
const (
	logUnit  = "unit"
	logError = "error"
)
