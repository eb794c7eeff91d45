package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// fakeAlerts remembers the alert that it was to make, and has deliveries.
type fakeAlerts struct {
	atlantv1connect.UnimplementedAlertServiceHandler

	made       *atlantv1.Alert
	deliveries []*atlantv1.Delivery
}

func (f *fakeAlerts) CreateAlert(_ context.Context, r *connect.Request[atlantv1.CreateAlertRequest]) (*connect.Response[atlantv1.CreateAlertResponse], error) {
	f.made = r.Msg.GetAlert()
	kept := proto.CloneOf(f.made)
	kept.WebhookUrl, kept.WebhookHost = "", "hooks.example"
	return connect.NewResponse(&atlantv1.CreateAlertResponse{Alert: kept}), nil
}

func (f *fakeAlerts) ListDeliveries(context.Context, *connect.Request[atlantv1.ListDeliveriesRequest]) (*connect.Response[atlantv1.ListDeliveriesResponse], error) {
	return connect.NewResponse(&atlantv1.ListDeliveriesResponse{Deliveries: f.deliveries}), nil
}

func (f *fakeAlerts) run(tb testing.TB, args ...string) result {
	tb.Helper()
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewAlertServiceHandler(f))
	server := httptest.NewServer(mux)
	defer server.Close()
	return atlant(tb, append([]string{"--addr", server.URL, "alerts"}, args...)...)
}

func TestAlertsAdd(t *testing.T) {
	t.Parallel()
	const url = "https://hooks.example/secret"
	move := func(points int32) *atlantv1.PriceMove { return &atlantv1.PriceMove{AtLeastBasisPoints: points} }
	for _, c := range []struct {
		flags     string
		condition *atlantv1.AlertCondition
		words     string
	}{
		{"--any", &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Any{Any: move(0)}}, "up or down\n"},
		{"--up --at-least 2.5", &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Up{Up: move(250)}}, "up by 2.5% or more"},
		{"--down --at-least 0.05%", &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Down{Down: move(5)}}, "down by 0.05% or more"},
		{"--down --at-least 100000", &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Down{Down: move(10_000_000)}}, "down by 100000% or more"},
		{
			"--below 9.99 --currency EUR --hysteresis 0.5",
			&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Below{
				Below: &atlantv1.PriceThreshold{AmountMicros: 9_990_000, CurrencyCode: "EUR", HysteresisMicros: 500_000},
			}},
			"below 9.99 EUR, again once back by 0.50",
		},
		{
			"--above 0",
			&atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Above{Above: &atlantv1.PriceThreshold{}}},
			"above 0.00",
		},
	} {
		f := &fakeAlerts{}
		r := f.run(t, append([]string{"add", "a", "--webhook", url, "--query", "tea", "--source", "shop"}, strings.Fields(c.flags)...)...)
		want := &atlantv1.Alert{Name: "a", Query: "tea", Source: "shop", WebhookUrl: url, Condition: c.condition}
		if !proto.Equal(f.made, want) || r.code != exitOK || !strings.Contains(r.out, c.words) || strings.Contains(r.out, "secret") {
			t.Errorf("%s: made %v, printed %+v", c.flags, f.made, r)
		}
	}
	for flags, words := range map[string]string{
		"":                            "say when",
		"--up --down":                 "--up",
		"--up --below 3":              "--up",
		"--up --currency EUR":         "--currency and --hysteresis go with",
		"--below 3 --at-least 2":      "--at-least goes with",
		"--up --at-least 2.555":       "not a percentage",
		"--up --at-least 100000.01":   "not a percentage",
		"--up --at-least=-1":          "not a percentage",
		"--any --query a --product b": "--query",
	} {
		f := &fakeAlerts{}
		r := f.run(t, append([]string{"add", "a", "--webhook", url}, strings.Fields(flags)...)...)
		if r.code != exitUsage || f.made != nil || !strings.Contains(r.errOut, words) {
			t.Errorf("%s: %+v, want %q", flags, r, words)
		}
	}
}

func TestAlertsDeliveries(t *testing.T) {
	t.Parallel()
	f := &fakeAlerts{deliveries: []*atlantv1.Delivery{
		{Id: fetchID, Alert: "a", State: atlantv1.DeliveryState_DELIVERY_STATE_GIVEN_UP, Attempts: 1234, StatusCode: 503, Error: "the receiver answered 503"},
		{Id: fetchID, Alert: "b", State: atlantv1.DeliveryState_DELIVERY_STATE_DELIVERED, Attempts: 1, StatusCode: 204},
	}}
	r := f.run(t, "deliveries")
	for _, words := range []string{"given up", "1,234", "503", "the receiver answered 503", "delivered", "204"} {
		if !strings.Contains(r.out, words) {
			t.Errorf("%q is missing in %s", words, r.out)
		}
	}
	if r := f.run(t, "deliveries", "--json"); strings.Count(r.out, "\n") != 2 || !strings.Contains(r.out, `"statusCode":503`) {
		t.Errorf("got %+v", r)
	}
}

// TestWebhookKeys: one that is made is for its user alone, and stays; no other is told in an error.
func TestWebhookKeys(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	path := filepath.Join(data, webhookKeyFile)
	var texts []string
	for range 2 {
		keys, err := (&alertFlags{}).keys(data, true)
		if err != nil || len(keys) != 1 {
			t.Fatalf("got %v, %v", keys, err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || texts[0] != texts[1] {
		t.Errorf("%v, %v; it was made anew: %t", info, err, texts[0] != texts[1])
	}
	if keys, err := (&alertFlags{}).keys(t.TempDir(), false); keys != nil || err != nil {
		t.Errorf("without a key: %v, %v", keys, err)
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&alertFlags{WebhookKeyFile: path}).keys("", false); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
