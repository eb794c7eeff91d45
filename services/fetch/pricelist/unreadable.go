package pricelist

import (
	"errors"
	"fmt"
)

// UnreadableError says why a list as a whole can't be read. To try again is of no use; other options may be.
type UnreadableError struct {
	Message string // a sentence for the user: what was seen, where, and what would settle it
}

func (e *UnreadableError) Error() string { return e.Message }

func unreadable(format string, args ...any) error {
	return &UnreadableError{Message: fmt.Sprintf(format, args...)}
}

func isUnreadable(err error) bool {
	var u *UnreadableError
	return errors.As(err, &u)
}
