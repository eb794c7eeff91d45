// Package projection tells how the views keep up with the log.
package projection

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// Service is the handler of ProjectionService.
type Service struct {
	live       projections.LiveViews
	source     events.Source
	projectors []*projections.Projector
	version    string
}

var _ atlantv1connect.ProjectionServiceHandler = (*Service)(nil)

// NewService returns the handler for the projectors of this process: the shards in order, then the fetch events.
func NewService(live projections.LiveViews, source events.Source, projectors []*projections.Projector, version string) *Service {
	return &Service{live: live, source: source, projectors: projectors, version: version}
}

// GetStatus implements ProjectionService.
func (s *Service) GetStatus(
	ctx context.Context, _ *connect.Request[atlantv1.GetStatusRequest],
) (*connect.Response[atlantv1.GetStatusResponse], error) {
	response := &atlantv1.GetStatusResponse{Version: s.version}
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	position := events.LogPosition{}
	for shard, p := range s.projectors {
		status, err := s.status(ctx, views, p)
		if err != nil {
			return nil, err
		}
		response.Projections = append(response.Projections, status)
		response.Lag += status.GetLag()
		response.Parked += status.GetParked()
		if p.Stream() == events.PriceStream(shard) && status.GetSequence() > 0 {
			position[uint32(shard)] = status.GetSequence()
		}
	}
	response.Position = position.String()
	products, err := views.CountProducts(ctx, projections.ProductFilter{})
	if err != nil {
		return nil, fmt.Errorf("count products: %w", err)
	}
	response.Products = products
	return connect.NewResponse(response), nil
}

func (s *Service) status(
	ctx context.Context, views projections.Views, p *projections.Projector,
) (*atlantv1.ProjectionStatus, error) {
	checkpoint, err := views.Checkpoint(ctx, p.Stream())
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	// Asked after the checkpoint: the lag is negative only if the views are ahead of the log, which is an error of its own.
	last, err := s.source.LastSequence(ctx, p.Stream())
	if err != nil {
		return nil, err
	}
	parked, err := s.source.Parked(ctx, p.Stream())
	if err != nil {
		return nil, err
	}
	status := &atlantv1.ProjectionStatus{
		Stream: string(p.Stream()), Sequence: checkpoint.Sequence, LastSequence: last,
		Lag: max(int64(last)-int64(checkpoint.Sequence), 0), Rate: p.Rate(), Parked: parked, Late: checkpoint.Late,
	}
	if !checkpoint.ProjectedAt.IsZero() {
		status.ProjectedAt = timestamppb.New(checkpoint.ProjectedAt)
	}
	if err := p.Failure(); err != nil {
		status.Error = err.Error()
	}
	return status, nil
}
