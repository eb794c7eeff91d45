package projection

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// GetStatus implements ProjectionService.
func (s *Service) GetStatus(
	ctx context.Context, _ *connect.Request[atlantv1.GetStatusRequest],
) (*connect.Response[atlantv1.GetStatusResponse], error) {
	views, err := s.Live.Live(ctx)
	if err != nil {
		return nil, err
	}
	response := &atlantv1.GetStatusResponse{Version: s.Version, Generation: views.Generation()}
	owners, err := s.owners(ctx)
	if err != nil {
		return nil, err
	}
	position := events.LogPosition{}
	for shard, stream := range projections.Streams(s.Shards) {
		status, err := s.status(ctx, views, stream, owners[string(stream)])
		if err != nil {
			return nil, err
		}
		response.Projections = append(response.Projections, status)
		response.Lag += status.GetLag()
		response.Parked += status.GetParked()
		if stream != events.FetchStream && status.GetSequence() > 0 {
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

// owners returns who projects which stream.
func (s *Service) owners(ctx context.Context) (map[string]events.Claim, error) {
	claims, err := s.Leases.Held(ctx)
	if err != nil {
		return nil, err
	}
	owners := map[string]events.Claim{}
	for _, claim := range claims {
		owners[claim.Name] = claim
	}
	return owners, nil
}

func (s *Service) status(
	ctx context.Context, views projections.Views, stream events.Stream, owner events.Claim,
) (*atlantv1.ProjectionStatus, error) {
	checkpoint, err := views.Checkpoint(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	// Asked after the checkpoint: the lag is negative only if the views are ahead of the log, which is an error of its own.
	last, err := s.Source.LastSequence(ctx, stream)
	if err != nil {
		return nil, err
	}
	parked, err := s.Source.Parked(ctx, stream)
	if err != nil {
		return nil, err
	}
	report := projections.ParseReport(owner.Note)
	status := &atlantv1.ProjectionStatus{
		Stream: string(stream), Sequence: checkpoint.Sequence, LastSequence: last,
		Lag: max(int64(last)-int64(checkpoint.Sequence), 0), Rate: report.Rate, Parked: parked, Late: checkpoint.Late,
		Owner: owner.Holder, Error: report.Failure,
	}
	if !checkpoint.ProjectedAt.IsZero() {
		status.ProjectedAt = timestamppb.New(checkpoint.ProjectedAt)
	}
	return status, nil
}
