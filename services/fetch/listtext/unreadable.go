package listtext

import "fmt"

// UnreadableError says why no text can be made of what was downloaded. To try again is of no use; other options may be.
type UnreadableError struct {
	Message string // a sentence for the user: what was seen, and what would settle it

	IsEncodingOpen bool // it could be in one of several
}

func (e *UnreadableError) Error() string { return e.Message }

func unreadable(format string, args ...any) error {
	return &UnreadableError{Message: fmt.Sprintf(format, args...)}
}
