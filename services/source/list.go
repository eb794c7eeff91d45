package source

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// listQuery tells page tokens of sources from others.
	listQuery = "sources"
	// describedAtOnce is of how many sources the fetches are looked up at a time.
	describedAtOnce = 8
)

// GetSource implements SourceService.
func (s *Service) GetSource(
	ctx context.Context, request *connect.Request[atlantv1.GetSourceRequest],
) (*connect.Response[atlantv1.GetSourceResponse], error) {
	if err := rpc.RequireSource(ctx, "name", request.Msg.GetName()); err != nil {
		return nil, err
	}
	registered, err := s.find(ctx, request.Msg.GetName())
	if err != nil {
		return nil, err
	}
	source, err := s.describe(ctx, registered, time.Now())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.GetSourceResponse{Source: source}), nil
}

// ListSources implements SourceService.
func (s *Service) ListSources(
	ctx context.Context, request *connect.Request[atlantv1.ListSourcesRequest],
) (*connect.Response[atlantv1.ListSourcesResponse], error) {
	var after string
	if _, err := rpc.DecodePageToken(request.Msg.GetPageToken(), listQuery, &after); err != nil {
		return nil, err
	}
	size := rpc.PageSize(request.Msg.GetPageSize())
	found, err := s.registered(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	page, next, err := rpc.Page(found, size, listQuery, func(last *events.RegisteredSource) any { return last.Record.GetName() })
	if err != nil {
		return nil, err
	}
	sources, now := make([]*atlantv1.Source, len(page)), time.Now()
	describing, ctx := errgroup.WithContext(ctx)
	describing.SetLimit(describedAtOnce)
	for i := range page {
		describing.Go(func() (err error) {
			sources[i], err = s.describe(ctx, &page[i], now)
			return err
		})
	}
	if err := describing.Wait(); err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.ListSourcesResponse{Sources: sources, NextPageToken: next}), nil
}

// registered returns up to so many sources whose names come after one, in order, as far as the caller may know of them.
func (s *Service) registered(ctx context.Context, after string, limit int) ([]events.RegisteredSource, error) {
	caller := rpc.CallerOf(ctx)
	if !caller.Confined() {
		return s.registry.RegisteredSources(ctx, after, limit)
	}
	var all []events.RegisteredSource
	for _, name := range caller.Sources { // in order as well
		if name <= after || len(all) == limit {
			continue
		}
		source, err := s.registry.RegisteredSource(ctx, name)
		if err != nil {
			return nil, err
		}
		if source != nil {
			all = append(all, *source)
		}
	}
	return all, nil
}

// outward returns a source as clients see it, without what the views know of it. Credentials stay here.
func outward(source *events.RegisteredSource) *atlantv1.Source {
	r := source.Record
	return &atlantv1.Source{
		Name: r.GetName(), Url: r.GetUrl(), Csv: r.GetCsv(), CurrencyCode: r.GetCurrencyCode(), Schedule: r.GetSchedule(),
		Paused: r.GetPaused(), NoHold: r.GetNoHold(), HasCredentials: r.GetCredentials() != nil, Revision: int64(source.Revision),
		CreatedAt: r.GetCreatedAt(), UpdatedAt: r.GetUpdatedAt(),
	}
}

// describe returns a source as clients see it at a time.
func (s *Service) describe(ctx context.Context, registered *events.RegisteredSource, now time.Time) (*atlantv1.Source, error) {
	source := outward(registered)
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	recent, err := views.ListFetches(ctx, source.GetName(), nil, recentFetches)
	if err != nil {
		return nil, fmt.Errorf("list fetches of source %s: %w", source.GetName(), err)
	}
	record := recordOf(registered.Record, recent)
	source.LastFetch, source.FailuresInARow = record.last, int32(record.failures)
	if source.GetSchedule() == nil || source.GetPaused() {
		return source, nil
	}
	table, err := timetableOf(registered.Record)
	if err != nil {
		return source, nil //nolint:nilerr // a version that knew more schedules wrote it; it comes at no time that this one knows
	}
	next := table.next(now)
	if until := record.backedOffUntil(table); until.After(now) {
		next, source.BackedOffUntil = until, timestamppb.New(until)
	}
	if !next.IsZero() {
		source.NextFetchAt = timestamppb.New(next)
	}
	return source, nil
}
