package events

import (
	"context"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// RegisteredAlert is an alert that users have set up, as it is at a revision.
type RegisteredAlert struct {
	Record   *atlantv1.AlertRecord
	Revision uint64 // of the record, above 0: it counts up, with gaps, and over all alerts
}

// AlertRegistry keeps the alerts that users have set up. Methods that change something are durable when they return nil; they
// block for some seconds while the log cannot be reached, and then return ErrUnavailable, with ErrFull if that is why: the
// change may have been made even so.
type AlertRegistry interface {
	// RegisteredAlert returns an alert, nil if there is none of that name.
	RegisteredAlert(ctx context.Context, name string) (*RegisteredAlert, error)
	// RegisteredAlerts returns at most so many alerts whose names come after one, byte by byte, in that order.
	RegisteredAlerts(ctx context.Context, after string, limit int) ([]RegisteredAlert, error)
	// AlertsRevision returns a number that is another one after any alert was changed, made or removed.
	AlertsRevision(ctx context.Context) (uint64, error)
	// RegisterAlert writes a record, if the alert is at a revision, 0 if there is to be none yet. It returns the new revision,
	// or ErrConflict.
	RegisterAlert(ctx context.Context, record *atlantv1.AlertRecord, revision uint64) (uint64, error)
	// UnregisterAlert removes an alert, if it is at the revision; otherwise it returns ErrConflict.
	UnregisterAlert(ctx context.Context, name string, revision uint64) error
}

// AlertPositions keep how far the changes of each shard of the price log are told to alerts.
type AlertPositions interface {
	// AlertPosition returns the sequence of the last message that is done with, 0 if there is none.
	AlertPosition(ctx context.Context, shard int) (uint64, error)
	// MoveAlertPosition moves it to a sequence, never back: where it is further already nothing happens. It is durable when it
	// returns nil. It blocks for some seconds while the log cannot be reached, and then returns ErrUnavailable.
	MoveAlertPosition(ctx context.Context, shard int, sequence uint64) error
}
