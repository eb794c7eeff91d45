package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Error codes of the server that the client has no names for.
const (
	codeAccountFull       = 10002 // the account's limit of storage
	codeNoPeers           = 10005 // there are not enough servers for the replicas
	codeUnavailable       = 10008 // JetStream has no leader just now
	codeServerFull        = 10023 // max_file_store
	codeHeaderTooLarge    = 10049
	codeSubjectsOverlap   = 10065
	codeReplicasAlone     = 10074 // replicas where there is no cluster
	codeStoreFailed       = 10077 // the disk, or a limit of the stream
	codeFilterNotUnique   = 10100
	codeInFlight          = jetstream.JSErrCodeStreamWrongLastSequenceConstant
	codeStreamNotFound    = jetstream.JSErrCodeStreamNotFound
	codeStreamNameInUse   = jetstream.JSErrCodeStreamNameInUse
	codeMessageTooLarge   = jetstream.JSErrCodeStreamMessageExceedsMaximum
	codeWrongLastSequence = jetstream.JSErrCodeStreamWrongLastSequence
)

// unavailable wraps a failed call to the server.
func unavailable(doing string, err error) error {
	if isFull(err) {
		err = fmt.Errorf("%w: %w", events.ErrFull, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, events.ErrUnavailable, err)
}

// codeOf returns the server's code of an error, 0 if it is not one of the server.
func codeOf(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	var other interface{ APIError() *jetstream.APIError }
	switch {
	case errors.As(err, &api):
		return api.ErrorCode
	case errors.As(err, &other) && other.APIError() != nil:
		return other.APIError().ErrorCode
	default:
		return 0
	}
}

// isConflict tells whether the server refused a write because of what the stream holds. codeInFlight says that it was
// refused because of a write to the same subject that is still on its way, and that one may come to nothing.
func isConflict(err error) bool { return codeOf(err) == codeWrongLastSequence }

// isRefusal tells whether the server will never take a write as it is, or not before somebody has done something.
func isRefusal(err error) bool {
	switch codeOf(err) {
	case codeMessageTooLarge, codeHeaderTooLarge:
		return true
	default:
		return isFull(err) || errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrConnectionClosed)
	}
}

// isFull tells whether the server refused a write because a limit of storage is reached. That the disk itself is full no
// server says: it does not answer, see disk.
func isFull(err error) bool {
	switch codeOf(err) {
	case codeAccountFull, codeServerFull, codeStoreFailed:
		return true
	default:
		return false
	}
}

func conflict(doing string) error { return fmt.Errorf("%s: %w", doing, events.ErrConflict) }

// isSilence tells whether JetStream was not ready to answer. A stream's name is in use when another process has just
// created it.
func isSilence(err error) bool {
	switch codeOf(err) {
	case codeUnavailable, codeNoPeers, codeStreamNameInUse:
		return true
	default:
		return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded)
	}
}
