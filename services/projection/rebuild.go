package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// rebuildLease is held by the process that rebuilds. Two at once would do no harm, and the work twice.
const rebuildLease = "rebuild"

// stages says what each stage is called on the wire.
var stages = map[projections.Stage]atlantv1.RebuildStage{
	projections.StageFilling:    atlantv1.RebuildStage_REBUILD_STAGE_FILLING,
	projections.StageIndexing:   atlantv1.RebuildStage_REBUILD_STAGE_INDEXING,
	projections.StageCatchingUp: atlantv1.RebuildStage_REBUILD_STAGE_CATCHING_UP,
	projections.StageWaiting:    atlantv1.RebuildStage_REBUILD_STAGE_WAITING,
	projections.StageComparing:  atlantv1.RebuildStage_REBUILD_STAGE_COMPARING,
	projections.StageSwitched:   atlantv1.RebuildStage_REBUILD_STAGE_SWITCHED,
}

// Rebuild implements ProjectionService.
func (s *Service) Rebuild(
	ctx context.Context, request *connect.Request[atlantv1.RebuildRequest], stream *connect.ServerStream[atlantv1.RebuildResponse],
) error {
	var pace pace
	report := func(p projections.Progress) error {
		rate, eta := pace.of(p, time.Now())
		return stream.Send(&atlantv1.RebuildResponse{
			Stage: stages[p.Stage], Generation: p.Generation, Done: p.Done, Total: p.Total, Rate: rate, Eta: eta,
			Comparison: comparison(p.Comparison),
		})
	}
	err := s.alone(ctx, func(ctx context.Context) error {
		if request.Msg.GetRollback() {
			return s.Rebuilder.Rollback(ctx, report)
		}
		return s.Rebuilder.Rebuild(ctx, projections.RebuildOptions{
			AcceptDifferences: request.Msg.GetAcceptDifferences(), Restart: request.Msg.GetRestart(),
		}, report)
	})
	for _, expected := range []error{projections.ErrDifferent, projections.ErrSuperseded, projections.ErrNoPrevious} {
		if errors.Is(err, expected) {
			return connect.NewError(connect.CodeFailedPrecondition, expected)
		}
	}
	return err
}

// alone does something while no other process does it too, and cancels it when that can no longer be told.
func (s *Service) alone(ctx context.Context, do func(context.Context) error) error {
	holder := s.Process + "/" + uuid.NewString() // this process may be asked twice
	lease, err := s.Leases.Take(ctx, rebuildLease, holder, nil)
	if errors.Is(err, events.ErrConflict) {
		return connect.NewError(connect.CodeFailedPrecondition, errors.New("a rebuild is running already"))
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		cancel(renew(ctx, lease, s.Leases.TTL()))
	}()
	err = do(ctx)
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	cancel(nil)
	<-renewing
	releasing, done := context.WithTimeout(context.WithoutCancel(ctx), s.Leases.TTL())
	defer done()
	_ = lease.Release(releasing) // it lapses by itself
	return err
}

// renew keeps a lease until the context ends or it is lost.
func renew(ctx context.Context, lease events.Lease, ttl time.Duration) error {
	ticker := time.NewTicker(ttl / 3)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		switch err := lease.Renew(ctx, nil); {
		case err == nil:
			last = time.Now()
		case errors.Is(err, events.ErrConflict), time.Since(last) > ttl:
			return fmt.Errorf("keep the lease of the rebuild: %w", err)
		}
	}
}
