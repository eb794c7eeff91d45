// Package source keeps the sources that users set up, and has their lists fetched when they are due.
package source

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// Fetches has lists fetched.
type Fetches interface {
	// Check returns where the list of a request is, without credentials, and those that the request has, nil if none. Its error
	// is an invalid_argument.
	Check(request *atlantv1.FetchRequest) (url string, credentials *atlantv1.Credentials, err error)
	// Request asks for a list.
	Request(ctx context.Context, request *atlantv1.FetchRequest) (*atlantv1.Fetch, error)
	// RequestScheduled asks for a list that was due at a time. The same key gives the same fetch.
	RequestScheduled(ctx context.Context, key string, request *atlantv1.FetchRequest, due time.Time) (*atlantv1.Fetch, error)
}

// Service is the handler of SourceService.
type Service struct {
	registry events.SourceRegistry
	fetches  Fetches
	live     projections.LiveViews
}

var _ atlantv1connect.SourceServiceHandler = (*Service)(nil)

// NewService returns the handler.
func NewService(registry events.SourceRegistry, fetches Fetches, live projections.LiveViews) *Service {
	return &Service{registry: registry, fetches: fetches, live: live}
}

// CreateSource implements SourceService.
func (s *Service) CreateSource(
	ctx context.Context, request *connect.Request[atlantv1.CreateSourceRequest],
) (*connect.Response[atlantv1.CreateSourceResponse], error) {
	wanted := request.Msg.GetSource()
	if err := rpc.RequireSource(ctx, "source.name", wanted.GetName()); err != nil {
		return nil, err
	}
	if wanted.GetRevision() != 0 {
		return nil, rpc.InvalidArgument("source.revision", "must be 0: a new source has none")
	}
	source, err := s.write(ctx, change{wanted: wanted, now: time.Now()})
	if errors.Is(err, events.ErrConflict) {
		return nil, connect.NewError(connect.CodeAlreadyExists, fmt.Errorf("there is a source %s already", wanted.GetName()))
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.CreateSourceResponse{Source: source}), nil
}

// UpdateSource implements SourceService.
func (s *Service) UpdateSource(
	ctx context.Context, request *connect.Request[atlantv1.UpdateSourceRequest],
) (*connect.Response[atlantv1.UpdateSourceResponse], error) {
	wanted := request.Msg.GetSource()
	if err := rpc.RequireSource(ctx, "source.name", wanted.GetName()); err != nil {
		return nil, err
	}
	current, err := s.find(ctx, wanted.GetName())
	if err != nil {
		return nil, err
	}
	if wanted.GetRevision() <= 0 {
		return nil, rpc.InvalidArgument("source.revision", "must say which revision is to be replaced; it is at %d", current.Revision)
	}
	if uint64(wanted.GetRevision()) != current.Revision {
		return nil, changed(current, wanted.GetRevision())
	}
	source, err := s.write(ctx, change{
		wanted: wanted, current: current, forget: request.Msg.GetClearCredentials(), now: time.Now(),
	})
	if errors.Is(err, events.ErrConflict) {
		return nil, s.conflict(ctx, wanted.GetName(), wanted.GetRevision())
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.UpdateSourceResponse{Source: source}), nil
}

// write makes a change and returns the source after it. It returns events.ErrConflict where somebody else was faster.
func (s *Service) write(ctx context.Context, c change) (*atlantv1.Source, error) {
	record, alarm, err := c.apply(s.fetches)
	if err != nil {
		return nil, err
	}
	revision, err := s.registry.RegisterSource(ctx, record, c.revision(), alarm)
	if err != nil {
		return nil, err
	}
	registered := &events.RegisteredSource{Record: record, Revision: revision}
	source, err := s.describe(ctx, registered, c.now)
	if err != nil { // the change is made, whatever the views know
		return outward(registered), nil //nolint:nilerr // as said
	}
	return source, nil
}

// DeleteSource implements SourceService.
func (s *Service) DeleteSource(
	ctx context.Context, request *connect.Request[atlantv1.DeleteSourceRequest],
) (*connect.Response[atlantv1.DeleteSourceResponse], error) {
	name, revision := request.Msg.GetName(), request.Msg.GetRevision()
	if err := rpc.RequireSource(ctx, "name", name); err != nil {
		return nil, err
	}
	for {
		current, err := s.find(ctx, name)
		if err != nil {
			return nil, err
		}
		if revision != 0 && uint64(revision) != current.Revision {
			return nil, changed(current, revision)
		}
		err = s.registry.UnregisterSource(ctx, name, current.Revision)
		if errors.Is(err, events.ErrConflict) && ctx.Err() == nil {
			continue // it was changed or deleted a moment ago
		}
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(&atlantv1.DeleteSourceResponse{}), nil
	}
}

// FetchSource implements SourceService.
func (s *Service) FetchSource(
	ctx context.Context, request *connect.Request[atlantv1.FetchSourceRequest],
) (*connect.Response[atlantv1.FetchSourceResponse], error) {
	if err := rpc.RequireSource(ctx, "name", request.Msg.GetName()); err != nil {
		return nil, err
	}
	source, err := s.find(ctx, request.Msg.GetName())
	if err != nil {
		return nil, err
	}
	asked := fetchRequest(source.Record)
	asked.Force, asked.RequestId = request.Msg.GetForce(), request.Msg.GetRequestId()
	fetch, err := s.fetches.Request(ctx, asked)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.FetchSourceResponse{Fetch: fetch}), nil
}

// find returns a source that there is.
func (s *Service) find(ctx context.Context, name string) (*events.RegisteredSource, error) {
	source, err := s.registry.RegisteredSource(ctx, name)
	if err != nil {
		return nil, err
	}
	if source == nil || source.Revision > math.MaxInt64 {
		return nil, rpc.NotFound("there is no source %s", name)
	}
	return source, nil
}

// conflict returns why a change was refused that was right a moment ago.
func (s *Service) conflict(ctx context.Context, name string, revision int64) error {
	current, err := s.find(ctx, name)
	if err != nil {
		return err
	}
	return changed(current, revision)
}

// changed says that a source is not what whoever changes it thinks.
func changed(current *events.RegisteredSource, revision int64) error {
	return connect.NewError(connect.CodeAborted, fmt.Errorf(
		"source %s was changed meanwhile: it is at revision %d, not %d; look at it, and make the change again",
		current.Record.GetName(), current.Revision, revision))
}
