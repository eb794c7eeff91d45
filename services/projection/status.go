package projection

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// GetStatus implements ProjectionService.
func (s *Service) GetStatus(
	ctx context.Context, _ *connect.Request[atlantv1.GetStatusRequest],
) (*connect.Response[atlantv1.GetStatusResponse], error) {
	response, err := s.statusOfAll(ctx)
	if err != nil {
		return nil, err
	}
	if rpc.CallerOf(ctx).Confined() { // how the views keep up concerns everybody; how much there is, and where it runs, does not
		response.Msg.Products = 0
		for _, p := range response.Msg.GetProjections() {
			p.Owner, p.Error = "", ""
		}
	}
	return response, nil
}

func (s *Service) statusOfAll(ctx context.Context) (*connect.Response[atlantv1.GetStatusResponse], error) {
	owners, err := s.owners(ctx)
	if err != nil {
		return nil, err
	}
	response := &atlantv1.GetStatusResponse{Version: s.Version}
	views, err := s.Live.Live(ctx)
	if errors.Is(err, projections.ErrUnavailable) && ctx.Err() == nil {
		return connect.NewResponse(response), s.statusOfLog(ctx, response, owners)
	}
	if err != nil {
		return nil, err
	}
	response.Generation = views.Generation()
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
	status, err := s.streamStatus(ctx, stream, owner)
	if err != nil {
		return nil, err
	}
	status.Sequence, status.Late = checkpoint.Sequence, checkpoint.Late
	status.Lag = max(int64(status.GetLastSequence())-int64(checkpoint.Sequence), 0)
	if !checkpoint.ProjectedAt.IsZero() {
		status.ProjectedAt = timestamppb.New(checkpoint.ProjectedAt)
	}
	return status, nil
}

// streamStatus returns what can be told without the views.
func (s *Service) streamStatus(ctx context.Context, stream events.Stream, owner events.Claim) (*atlantv1.ProjectionStatus, error) {
	last, err := s.Source.LastSequence(ctx, stream)
	if err != nil {
		return nil, err
	}
	parked, err := s.Source.Parked(ctx, stream)
	if err != nil {
		return nil, err
	}
	report := projections.ParseReport(owner.Note)
	return &atlantv1.ProjectionStatus{
		Stream: string(stream), LastSequence: last, Rate: report.Rate, Parked: parked, Owner: owner.Holder, Error: report.Failure,
	}, nil
}

// statusOfLog fills in what can be told while the views are away.
func (s *Service) statusOfLog(ctx context.Context, response *atlantv1.GetStatusResponse, owners map[string]events.Claim) error {
	for _, stream := range projections.Streams(s.Shards) {
		status, err := s.streamStatus(ctx, stream, owners[string(stream)])
		if err != nil {
			return err
		}
		status.Error = projections.ErrUnavailable.Error()
		response.Projections = append(response.Projections, status)
		response.Parked += status.GetParked()
	}
	return nil
}
