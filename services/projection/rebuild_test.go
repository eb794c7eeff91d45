package projection_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/projection"
)

const patience = 30 * time.Second

// whole is a log with views that are projected to, and the service on them.
type whole struct {
	log    *jetstream.Log
	leases *jetstream.Leases
	store  projections.Store
	client atlantv1connect.ProjectionServiceClient
}

func newWhole(t *testing.T) *whole {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), quiet)
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, embedded.Close()) })
	conn, err := embedded.Connect()
	wantNoError(t, err)
	w := &whole{}
	w.log, err = jetstream.Open(t.Context(), conn, jetstream.Config{Shards: 2})
	wantNoError(t, err)
	w.leases, err = jetstream.OpenLeases(t.Context(), conn, jetstream.LeaseConfig{})
	wantNoError(t, err)
	w.store, err = sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, w.store.Close()) })
	for shard := range 2 {
		w.project(t, projections.NewPriceProjector(shard, w.log, w.store, quiet))
	}
	w.project(t, projections.NewFetchProjector(w.log, w.store, quiet))
	w.client = clients(t, projection.NewService(projection.Config{
		Live: w.store, Source: w.log, Shards: 2, Leases: w.leases, Process: "here", Version: "v1",
		Rebuilder: projections.NewRebuilder(w.log, 2, w.store, "v1", quiet), Auditor: projections.NewAuditor(w.log, 2, w.store),
	}))["grpc"]
	return w
}

func (w *whole) project(t *testing.T, p *projections.Projector) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
}

// publish puts a fetch of some products into the log, and waits until the views have it.
func (w *whole) publish(t *testing.T, price int64) {
	t.Helper()
	id, err := uuid.NewV7()
	wantNoError(t, err)
	writer, err := w.log.WritePrices(t.Context(), id)
	wantNoError(t, err)
	for line, name := range []string{"a", "b", "c", "d", "e"} {
		wantNoError(t, writer.Add(t.Context(), int64(line)+1, &events.Observation{
			Source: "default", Name: name, Price: events.Price{Micros: price}, Line: int64(line) + 1,
			Position: events.Position{ObservedAt: events.Micros(time.Now().UnixMicro()), Fetch: id},
		}))
	}
	_, position, err := writer.Finish(t.Context())
	wantNoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = projections.WaitForPosition(ctx, w.store, position)
	wantNoError(t, err)
}

func (w *whole) rebuild(t *testing.T, request *atlantv1.RebuildRequest) (all []*atlantv1.RebuildResponse, err error) {
	t.Helper()
	stream, err := w.client.Rebuild(t.Context(), connect.NewRequest(request))
	wantNoError(t, err)
	for stream.Receive() {
		all = append(all, stream.Msg())
	}
	err = stream.Err()
	wantNoError(t, stream.Close())
	return all, err
}

// spoil makes a product of the live views wrong.
func (w *whole) spoil(t *testing.T) projections.Product {
	t.Helper()
	views, err := w.store.Live(t.Context())
	wantNoError(t, err)
	products, err := views.ScanProducts(t.Context(), nil, 1)
	wantNoError(t, err)
	other := products[0]
	other.Price.Micros = 999
	wantNoError(t, views.ReplaceProduct(t.Context(), other.ID, &products[0], &other, nil))
	return other
}

func wantPrecondition(t *testing.T, err error, says string) {
	t.Helper()
	if connect.CodeOf(err) != connect.CodeFailedPrecondition || !strings.Contains(err.Error(), says) {
		t.Errorf("got error %v, want a failed precondition that says %q", err, says)
	}
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	w.publish(t, 1)
	w.publish(t, 2)
	_, err := w.rebuild(t, &atlantv1.RebuildRequest{Rollback: true})
	wantPrecondition(t, err, "no earlier generation")
	all, err := w.rebuild(t, &atlantv1.RebuildRequest{})
	wantNoError(t, err)
	last := all[len(all)-1]
	if last.GetStage() != atlantv1.RebuildStage_REBUILD_STAGE_SWITCHED || last.GetGeneration() != 2 || last.GetComparison().GetProducts() != 5 {
		t.Errorf("the last answer is %v", last)
	}
	if generation := status(t, w.client).GetGeneration(); generation != 2 {
		t.Errorf("generation %d is live", generation)
	}

	w.spoil(t)
	all, err = w.rebuild(t, &atlantv1.RebuildRequest{})
	wantPrecondition(t, err, "differ")
	found := all[len(all)-1].GetComparison()
	if found.GetDiffering() != 1 || found.GetMissing()+found.GetSpare() != 0 || len(found.GetSamples()) != 1 ||
		found.GetSamples()[0].GetGot().GetPrice().GetAmountMicros() != 999 || found.GetSamples()[0].GetWant().GetPrice().GetAmountMicros() != 2 {
		t.Errorf("comparison: %v", found)
	}
	_, err = w.rebuild(t, &atlantv1.RebuildRequest{AcceptDifferences: true})
	wantNoError(t, err)
	_, err = w.rebuild(t, &atlantv1.RebuildRequest{Rollback: true})
	wantNoError(t, err)
	if generation := status(t, w.client).GetGeneration(); generation != 2 {
		t.Errorf("generation %d is live", generation)
	}
	_, err = w.rebuild(t, &atlantv1.RebuildRequest{Rollback: true, Restart: true})
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("got error %v", err)
	}
}

// TestRebuildIsAlone: while somebody holds the lease nobody else rebuilds.
func TestRebuildIsAlone(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	lease, err := w.leases.Take(t.Context(), "rebuild", "elsewhere", nil)
	wantNoError(t, err)
	_, err = w.rebuild(t, &atlantv1.RebuildRequest{})
	wantPrecondition(t, err, "running already")
	wantNoError(t, lease.Release(t.Context()))
	_, err = w.rebuild(t, &atlantv1.RebuildRequest{})
	wantNoError(t, err)
	if _, err := w.leases.Take(t.Context(), "rebuild", "elsewhere", nil); err != nil {
		t.Errorf("the lease was not given back: %v", err)
	}
}

// lost is a lease that somebody else has by the time it is renewed.
type lost struct{ events.Leases }

func (l lost) TTL() time.Duration { return 30 * time.Millisecond }

func (l lost) Take(context.Context, string, string, []byte) (events.Lease, error) {
	return lostLease{}, nil
}

type lostLease struct{}

func (lostLease) Renew(context.Context, []byte) error { return events.ErrConflict }

func (lostLease) Release(context.Context) error { return nil }

// stuck is a log that does not answer.
type stuck struct{ source }

func (stuck) LastSequence(ctx context.Context, _ events.Stream) (uint64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// TestRebuildEndsWithItsLease: one that has lost its lease does not go on beside another.
func TestRebuildEndsWithItsLease(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, store.Close()) })
	service := projection.NewService(projection.Config{
		Live: store, Source: stuck{}, Shards: 2, Leases: lost{}, Rebuilder: projections.NewRebuilder(stuck{}, 2, store, "", quiet),
	})
	stream, err := clients(t, service)["connect"].Rebuild(t.Context(), connect.NewRequest(&atlantv1.RebuildRequest{}))
	wantNoError(t, err)
	for stream.Receive() {
		t.Errorf("got %v", stream.Msg())
	}
	if stream.Err() == nil || errors.Is(stream.Err(), context.Canceled) {
		t.Errorf("got error %v", stream.Err())
	}
}

func TestVerifyAndRepair(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	w.publish(t, 1)
	w.publish(t, 2)
	verify := func() *atlantv1.Comparison {
		t.Helper()
		stream, err := w.client.Verify(t.Context(), connect.NewRequest(&atlantv1.VerifyRequest{}))
		wantNoError(t, err)
		var last *atlantv1.VerifyResponse
		for stream.Receive() {
			last = stream.Msg()
		}
		wantNoError(t, stream.Err())
		return last.GetComparison()
	}
	if c := verify(); c.GetProducts() != 5 || c.GetMissing()+c.GetSpare()+c.GetDiffering() != 0 || c.GetPosition() == "" {
		t.Errorf("comparison: %v", c)
	}
	bad := w.spoil(t)
	if c := verify(); c.GetDiffering() != 1 || c.GetSamples()[0].GetProductId() != bad.ID.String() || !c.GetSamples()[0].GetChangesDiffer() {
		t.Errorf("comparison: %v", c)
	}
	repair := func() *atlantv1.Divergence {
		t.Helper()
		response, err := w.client.Repair(t.Context(), connect.NewRequest(&atlantv1.RepairRequest{ProductId: bad.ID.String()}))
		wantNoError(t, err)
		return response.Msg.GetDivergence()
	}
	if d := repair(); d.GetGot().GetPrice().GetAmountMicros() != 999 || d.GetWant().GetPrice().GetAmountMicros() != 2 {
		t.Errorf("divergence: %v", d)
	}
	if d := repair(); d != nil {
		t.Errorf("divergence: %v", d)
	}
	if c := verify(); c.GetDiffering() != 0 {
		t.Errorf("comparison: %v", c)
	}
	for id, code := range map[string]connect.Code{"x": connect.CodeInvalidArgument, uuid.NewString(): connect.CodeNotFound} {
		_, err := w.client.Repair(t.Context(), connect.NewRequest(&atlantv1.RepairRequest{ProductId: id}))
		if connect.CodeOf(err) != code {
			t.Errorf("repair of %s: got error %v", id, err)
		}
	}
}
