package projection

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// Verify implements ProjectionService.
func (s *Service) Verify(
	ctx context.Context, _ *connect.Request[atlantv1.VerifyRequest], stream *connect.ServerStream[atlantv1.VerifyResponse],
) error {
	var pace pace
	last := &atlantv1.VerifyResponse{}
	found, err := s.Auditor.Verify(ctx, func(p projections.Progress) error {
		rate, eta := pace.of(p, time.Now())
		last = &atlantv1.VerifyResponse{Done: p.Done, Total: p.Total, Rate: rate, Eta: eta}
		return stream.Send(last)
	})
	if err != nil {
		return err
	}
	return stream.Send(&atlantv1.VerifyResponse{
		Done: last.GetTotal(), Total: last.GetTotal(), Rate: last.GetRate(), Comparison: comparison(&found),
	})
}

// Repair implements ProjectionService.
func (s *Service) Repair(
	ctx context.Context, request *connect.Request[atlantv1.RepairRequest],
) (*connect.Response[atlantv1.RepairResponse], error) {
	id, err := uuid.Parse(request.Msg.GetProductId())
	if err != nil {
		return nil, rpc.InvalidArgument("product_id", "%v", err)
	}
	found, err := s.Auditor.Repair(ctx, id)
	if errors.Is(err, projections.ErrNotFound) {
		return nil, rpc.NotFound("there is no product with id %s, nor was there ever one", id)
	}
	if errors.Is(err, projections.ErrConflict) {
		return nil, connect.NewError(connect.CodeAborted, errors.New("the product is being written all the time: try again"))
	}
	if err != nil {
		return nil, err
	}
	response := &atlantv1.RepairResponse{}
	if found != nil {
		response.Divergence = divergence(found)
	}
	return connect.NewResponse(response), nil
}

// comparison returns a comparison as clients see it.
func comparison(c *projections.Comparison) *atlantv1.Comparison {
	if c == nil {
		return nil
	}
	out := &atlantv1.Comparison{
		Position: c.Position.String(), Products: c.Products, Missing: c.Counts[projections.DivergenceMissing],
		Spare: c.Counts[projections.DivergenceSpare], Differing: c.Counts[projections.DivergenceDiffers],
	}
	for _, kind := range []projections.DivergenceKind{
		projections.DivergenceMissing, projections.DivergenceSpare, projections.DivergenceDiffers,
	} {
		for i := range c.Samples[kind] {
			out.Samples = append(out.Samples, divergence(&c.Samples[kind][i]))
		}
	}
	return out
}

func divergence(d *projections.Divergence) *atlantv1.Divergence {
	out := &atlantv1.Divergence{ProductId: d.ID.String(), ChangesDiffer: d.Changes}
	if d.Want != nil {
		out.Want = rpc.Product(d.Want)
	}
	if d.Got != nil {
		out.Got = rpc.Product(d.Got)
	}
	return out
}
