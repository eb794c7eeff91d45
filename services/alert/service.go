// Package alert keeps alerts, asks them about each price change that becomes visible, and posts what fires as signed webhooks.
package alert

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// Log is what the service needs of the log.
type Log interface {
	events.AlertRegistry
	events.Notifications
	events.DeliveryLog
	// Shards returns how many shards the price log has.
	Shards() int
	// LastSequence is as in events.Source.
	LastSequence(ctx context.Context, stream events.Stream) (uint64, error)
}

// Service is the handler of AlertService.
type Service struct{ log Log }

var _ atlantv1connect.AlertServiceHandler = (*Service)(nil)

// NewService returns the handler.
func NewService(log Log) *Service { return &Service{log: log} }

// CreateAlert implements AlertService.
func (s *Service) CreateAlert(
	ctx context.Context, request *connect.Request[atlantv1.CreateAlertRequest],
) (*connect.Response[atlantv1.CreateAlertResponse], error) {
	wanted := request.Msg.GetAlert()
	if wanted.GetRevision() != 0 {
		return nil, rpc.InvalidArgument("alert.revision", "must be 0: a new alert has none")
	}
	if wanted.GetWebhookUrl() == "" {
		return nil, rpc.InvalidArgument("alert.webhook_url", "is missing: where to post")
	}
	alert, err := s.write(ctx, change{wanted: wanted, now: time.Now()})
	if errors.Is(err, events.ErrConflict) {
		return nil, connect.NewError(connect.CodeAlreadyExists, fmt.Errorf("there is an alert %s already", wanted.GetName()))
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.CreateAlertResponse{Alert: alert}), nil
}

// UpdateAlert implements AlertService.
func (s *Service) UpdateAlert(
	ctx context.Context, request *connect.Request[atlantv1.UpdateAlertRequest],
) (*connect.Response[atlantv1.UpdateAlertResponse], error) {
	wanted := request.Msg.GetAlert()
	current, err := s.find(ctx, wanted.GetName())
	if err != nil {
		return nil, err
	}
	if wanted.GetRevision() <= 0 {
		return nil, rpc.InvalidArgument("alert.revision", "must say which revision is to be replaced; it is at %d", current.Revision)
	}
	if uint64(wanted.GetRevision()) != current.Revision {
		return nil, changed(current, wanted.GetRevision())
	}
	alert, err := s.write(ctx, change{wanted: wanted, current: current, now: time.Now()})
	if errors.Is(err, events.ErrConflict) {
		if current, err = s.find(ctx, wanted.GetName()); err == nil {
			err = changed(current, wanted.GetRevision())
		}
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.UpdateAlertResponse{Alert: alert}), nil
}

// write makes a change and returns the alert after it. It returns events.ErrConflict where somebody else was faster.
func (s *Service) write(ctx context.Context, c change) (*atlantv1.Alert, error) {
	record, err := c.apply()
	if err != nil {
		return nil, err
	}
	if record.Since == nil {
		if record.Since, err = s.now(ctx); err != nil {
			return nil, err
		}
	}
	revision, err := s.log.RegisterAlert(ctx, record, c.revision())
	if err != nil {
		return nil, err
	}
	return outward(&events.RegisteredAlert{Record: record, Revision: revision}), nil
}

// now returns where each shard of the price log ends.
func (s *Service) now(ctx context.Context) (map[uint32]uint64, error) {
	ends := make(map[uint32]uint64, s.log.Shards())
	for shard := range s.log.Shards() {
		last, err := s.log.LastSequence(ctx, events.PriceStream(shard))
		if err != nil {
			return nil, err
		}
		ends[uint32(shard)] = last
	}
	return ends, nil
}

// DeleteAlert implements AlertService.
func (s *Service) DeleteAlert(
	ctx context.Context, request *connect.Request[atlantv1.DeleteAlertRequest],
) (*connect.Response[atlantv1.DeleteAlertResponse], error) {
	name, revision := request.Msg.GetName(), request.Msg.GetRevision()
	for {
		current, err := s.find(ctx, name)
		if err != nil {
			return nil, err
		}
		if revision != 0 && uint64(revision) != current.Revision {
			return nil, changed(current, revision)
		}
		err = s.log.UnregisterAlert(ctx, name, current.Revision)
		if errors.Is(err, events.ErrConflict) && ctx.Err() == nil {
			continue // it was changed or deleted a moment ago
		}
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(&atlantv1.DeleteAlertResponse{}), nil
	}
}

// TestAlert implements AlertService.
func (s *Service) TestAlert(
	ctx context.Context, request *connect.Request[atlantv1.TestAlertRequest],
) (*connect.Response[atlantv1.TestAlertResponse], error) {
	alert, err := s.find(ctx, request.Msg.GetName())
	if err != nil {
		return nil, err
	}
	id := uuid.NewString()
	err = s.log.Notify(ctx, &atlantv1.AlertFired{
		Id: id, AlertCreatedAt: alert.Record.GetAlert().GetCreatedAt(),
		Notification: &atlantv1.AlertNotification{
			Type: typeTest, Timestamp: timestamppb.Now(), Data: &atlantv1.FiredAlert{Alert: request.Msg.GetName()},
		},
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.TestAlertResponse{Id: id}), nil
}

// find returns an alert that there is.
func (s *Service) find(ctx context.Context, name string) (*events.RegisteredAlert, error) {
	alert, err := s.log.RegisteredAlert(ctx, name)
	if err != nil {
		return nil, err
	}
	if alert == nil || alert.Revision > math.MaxInt64 {
		return nil, rpc.NotFound("there is no alert %s", name)
	}
	return alert, nil
}

// changed says that an alert is not what whoever changes it thinks.
func changed(current *events.RegisteredAlert, revision int64) error {
	return connect.NewError(connect.CodeAborted, fmt.Errorf(
		"alert %s was changed meanwhile: it is at revision %d, not %d; look at it, and make the change again",
		current.Record.GetAlert().GetName(), current.Revision, revision))
}

// outward returns an alert as clients see it. Its URL stays here.
func outward(alert *events.RegisteredAlert) *atlantv1.Alert {
	out := proto.CloneOf(alert.Record.GetAlert())
	out.WebhookUrl, out.Revision = "", int64(alert.Revision)
	return out
}
