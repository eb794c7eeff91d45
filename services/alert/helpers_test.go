package alert

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// shards of the log of a plant.
	shards = 2
	// whole bounds whatever is waited for.
	whole = time.Minute
	// testKey signs the webhooks of tests.
	testKey = keyPrefix + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var quiet = slog.New(slog.DiscardHandler)

func wantNoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plant is a log with views, and clients of the service on them. Its projectors and evaluators run when they are started.
type plant struct {
	log     *jetstream.Log
	views   *sqlite.Store
	clients map[string]atlantv1connect.AlertServiceClient
	client  atlantv1connect.AlertServiceClient

	published int64 // fetches
}

func newPlant(t testing.TB) *plant {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), quiet)
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := embedded.Connect()
	wantNoError(t, err)
	p := &plant{}
	p.log, err = jetstream.Open(t.Context(), conn, jetstream.Config{Shards: shards})
	wantNoError(t, err)
	p.views = p.newViews(t)
	server := httptest.NewUnstartedServer(rpc.NewHandler(nil, rpc.Mount(atlantv1connect.AlertServiceName)(
		atlantv1connect.NewAlertServiceHandler(NewService(p.log), rpc.Options(quiet)...))))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	http2 := &http.Transport{Protocols: &http.Protocols{}}
	http2.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(func() {
		http2.CloseIdleConnections()
		server.Close()
	})
	p.clients = map[string]atlantv1connect.AlertServiceClient{
		"connect":  atlantv1connect.NewAlertServiceClient(server.Client(), server.URL),
		"grpc":     atlantv1connect.NewAlertServiceClient(&http.Client{Transport: http2}, server.URL, connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewAlertServiceClient(server.Client(), server.URL, connect.WithGRPCWeb()),
	}
	p.client = p.clients["connect"]
	return p
}

func (p *plant) newViews(t testing.TB) *sqlite.Store {
	t.Helper()
	views, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { _ = views.Close() })
	return views
}

// start projects the log into views, asks the alerts about it, and delivers, until the returned function is called.
func (p *plant) start(t testing.TB, views *sqlite.Store, retries ...time.Duration) (stop func()) {
	t.Helper()
	keys, err := ParseKeys(testKey)
	wantNoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	evaluator := NewEvaluator(p.log, views, quiet)
	for shard := range shards {
		working.Go(func() { projections.NewPriceProjector(shard, p.log, views, quiet).Run(ctx) })
		working.Go(func() { evaluator.Run(ctx, shard) })
	}
	deliverer := NewDeliverer(p.log, DelivererConfig{Keys: keys, Retries: retries, Version: "test"}, quiet)
	working.Go(func() { deliverer.Run(ctx) })
	stop = func() {
		cancel()
		working.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// publish publishes what a fetch of the source "shop" saw: prices in micros, by name.
func (p *plant) publish(t testing.TB, prices map[string]int64) {
	t.Helper()
	p.published++
	fetch, err := uuid.NewV7()
	wantNoError(t, err)
	writer, err := p.log.WritePrices(t.Context(), fetch)
	wantNoError(t, err)
	line := int64(1)
	for name, micros := range prices {
		line++
		wantNoError(t, writer.Add(t.Context(), line, &events.Observation{
			Source: "shop", Name: name, Price: events.Price{Micros: micros, Currency: "EUR"}, Line: line,
			Position: events.Position{ObservedAt: events.Micros(1_760_000_000_000_000 + p.published), Fetch: fetch},
		}))
	}
	_, _, err = writer.Finish(t.Context())
	wantNoError(t, err)
}

// settled waits until the alerts were asked about all that is published.
func (p *plant) settled(t testing.TB) {
	t.Helper()
	for shard := range shards {
		last, err := p.log.LastSequence(t.Context(), events.PriceStream(shard))
		wantNoError(t, err)
		eventually(t, func() bool {
			at, err := p.log.AlertPosition(t.Context(), shard)
			wantNoError(t, err)
			return at >= last
		})
	}
}

func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(whole); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
	}
}

// receiver takes webhooks, and answers them one after the other as it is told to, with 204 from then on.
type receiver struct {
	url string

	mu      sync.Mutex
	answers []int
	got     []received
}

type received struct {
	id   string
	body string
	said *atlantv1.AlertNotification
	bad  error // what is wrong with it
}

func newReceiver(t testing.TB, answers ...int) *receiver {
	t.Helper()
	key, err := webhooks.NewWebhook(testKey)
	wantNoError(t, err)
	r := &receiver{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err == nil {
			err = key.Verify(body, request.Header)
		}
		said := &atlantv1.AlertNotification{}
		if err == nil {
			err = protojson.Unmarshal(body, said)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{request.Header.Get(webhooks.HeaderWebhookID), string(body), said, err})
		answer := http.StatusNoContent
		if len(r.answers) > 0 {
			answer, r.answers = r.answers[0], r.answers[1:]
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answer)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook?token=secret"
	return r
}

// all returns what came; it must be well-formed and well signed.
func (r *receiver) all(t testing.TB) []received {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.got {
		if one.bad != nil {
			t.Fatalf("%+v", one)
		}
	}
	return append([]received(nil), r.got...)
}

// create adds an alert.
func (p *plant) create(t testing.TB, alert *atlantv1.Alert) *atlantv1.Alert {
	t.Helper()
	response, err := p.client.CreateAlert(t.Context(), connect.NewRequest(&atlantv1.CreateAlertRequest{Alert: alert}))
	wantNoError(t, err)
	return response.Msg.GetAlert()
}

func (p *plant) update(t testing.TB, alert *atlantv1.Alert) *atlantv1.Alert {
	t.Helper()
	response, err := p.client.UpdateAlert(t.Context(), connect.NewRequest(&atlantv1.UpdateAlertRequest{Alert: alert}))
	wantNoError(t, err)
	return response.Msg.GetAlert()
}

func (p *plant) get(t testing.TB, name string) *atlantv1.Alert {
	t.Helper()
	response, err := p.client.GetAlert(t.Context(), connect.NewRequest(&atlantv1.GetAlertRequest{Name: name}))
	wantNoError(t, err)
	return response.Msg.GetAlert()
}

// deliveries returns those of an alert.
func (p *plant) deliveries(t testing.TB, alert string) []*atlantv1.Delivery {
	t.Helper()
	response, err := p.client.ListDeliveries(t.Context(), connect.NewRequest(&atlantv1.ListDeliveriesRequest{Alert: alert}))
	wantNoError(t, err)
	return response.Msg.GetDeliveries()
}

// ended waits until so many deliveries of an alert have ended, and returns all.
func (p *plant) ended(t testing.TB, alert string, count int) []*atlantv1.Delivery {
	t.Helper()
	var all []*atlantv1.Delivery
	eventually(t, func() bool {
		all = p.deliveries(t, alert)
		n := 0
		for _, d := range all {
			if d.GetState() != retrying {
				n++
			}
		}
		return n >= count
	})
	return all
}
