package alert

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// wantRefused checks the code and words of an error.
func wantRefused(t testing.TB, what string, err error, code connect.Code, words ...string) {
	t.Helper()
	if err == nil || connect.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	for _, text := range words {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %q is missing in %v", what, text, err)
		}
	}
}

// TestAlertIsKept, over each protocol; its URL is told to nobody.
func TestAlertIsKept(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	for protocol, client := range p.clients {
		wanted := &atlantv1.Alert{
			Name: "cheap." + protocol, Source: "shop", Query: "coffee bean", Condition: below(9_990_000, 500_000, "EUR"),
			WebhookUrl: "https://Hooks.example:8443/in?token=secret", Paused: true,
		}
		created, err := client.CreateAlert(t.Context(), connect.NewRequest(&atlantv1.CreateAlertRequest{Alert: wanted}))
		wantNoError(t, err)
		got, err := client.GetAlert(t.Context(), connect.NewRequest(&atlantv1.GetAlertRequest{Name: wanted.GetName()}))
		wantNoError(t, err)
		want := proto.CloneOf(wanted)
		want.WebhookUrl, want.WebhookHost = "", "hooks.example:8443"
		ignore := protocmp.IgnoreFields(&atlantv1.Alert{}, "revision", "created_at", "updated_at")
		if diff := cmp.Diff(want, got.Msg.GetAlert(), protocmp.Transform(), ignore); diff != "" {
			t.Errorf("%s: %s", protocol, diff)
		}
		if alert := got.Msg.GetAlert(); !proto.Equal(created.Msg.GetAlert(), alert) || alert.GetRevision() <= 0 || alert.GetCreatedAt() == nil {
			t.Errorf("%s: created %v, got %v", protocol, created.Msg, alert)
		}
		_, err = client.CreateAlert(t.Context(), connect.NewRequest(&atlantv1.CreateAlertRequest{Alert: wanted}))
		wantRefused(t, protocol, err, connect.CodeAlreadyExists, "there is an alert "+wanted.GetName())
		_, err = client.GetAlert(t.Context(), connect.NewRequest(&atlantv1.GetAlertRequest{Name: "none"}))
		wantRefused(t, protocol, err, connect.CodeNotFound, "there is no alert none")
		_, err = client.ListDeliveries(t.Context(), connect.NewRequest(&atlantv1.ListDeliveriesRequest{PageSize: -1}))
		wantRefused(t, protocol, err, connect.CodeInvalidArgument, "page_size")
	}
	var names []string
	for token := ""; ; {
		response, err := p.client.ListAlerts(t.Context(), connect.NewRequest(&atlantv1.ListAlertsRequest{PageSize: 2, PageToken: token}))
		wantNoError(t, err)
		for _, alert := range response.Msg.GetAlerts() {
			names = append(names, alert.GetName())
		}
		if token = response.Msg.GetNextPageToken(); token == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"cheap.connect", "cheap.grpc", "cheap.grpc-web"}, names); diff != "" {
		t.Error(diff)
	}
	_, err := p.client.ListAlerts(t.Context(), connect.NewRequest(&atlantv1.ListAlertsRequest{PageToken: "none"}))
	wantRefused(t, "page token", err, connect.CodeInvalidArgument, "page_token")
}

// TestBadAlerts: each is refused with the name of the field that is wrong, and without the URL.
func TestBadAlerts(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	id := uuid.NewString()
	for field, spoil := range map[string]func(a *atlantv1.Alert){
		"alert.name":           func(a *atlantv1.Alert) { a.Name = "no name" },
		"alert.revision":       func(a *atlantv1.Alert) { a.Revision = 3 },
		"alert.product_id":     func(a *atlantv1.Alert) { a.ProductId = "12" },
		"alert.product_id: n":  func(a *atlantv1.Alert) { a.ProductId, a.Query = id, "coffee" },
		"alert.product_id: na": func(a *atlantv1.Alert) { a.ProductId, a.Source = id, "shop" },
		"alert.source":         func(a *atlantv1.Alert) { a.Source = "no source" },
		"alert.query":          func(a *atlantv1.Alert) { a.Query = "…" },
		"alert.query: holds":   func(a *atlantv1.Alert) { a.Query = "a b c d e f g h i j k l m n o p q" },
		"alert.condition":      func(a *atlantv1.Alert) { a.Condition = nil },
		"alert.condition.cond": func(a *atlantv1.Alert) { a.Condition = &atlantv1.AlertCondition{} },

		"alert.condition.up.at_least_basis_points": func(a *atlantv1.Alert) { a.Condition = up(-1) },
		"alert.condition.below.amount_micros":      func(a *atlantv1.Alert) { a.Condition = below(-1, 0, "") },
		"alert.condition.below.currency_code":      func(a *atlantv1.Alert) { a.Condition = below(1, 0, "euro") },
		"alert.condition.above.hysteresis_micros":  func(a *atlantv1.Alert) { a.Condition = above(5, 6, "") },
		"alert.webhook_url: is missing":            func(a *atlantv1.Alert) { a.WebhookUrl = "" },
		"alert.webhook_url: must begin":            func(a *atlantv1.Alert) { a.WebhookUrl = "ftp://hooks.example/secret" },
		"alert.webhook_url: has no host":           func(a *atlantv1.Alert) { a.WebhookUrl = "http:///secret" },
		"alert.webhook_url: must not hold a user":  func(a *atlantv1.Alert) { a.WebhookUrl = "http://secret@hooks.example/" },
		"alert.webhook_url: must not have":         func(a *atlantv1.Alert) { a.WebhookUrl = "http://hooks.example/#secret" },
		"alert.webhook_url: cannot be read":        func(a *atlantv1.Alert) { a.WebhookUrl = "http://secret\x7f" },
		"alert.webhook_url":                        func(a *atlantv1.Alert) { a.WebhookUrl = "http://secret/" + strings.Repeat("a", 2048) },
	} {
		alert := &atlantv1.Alert{Name: "a", Condition: anyMove(0), WebhookUrl: "http://hooks.example/"}
		spoil(alert)
		_, err := p.client.CreateAlert(t.Context(), connect.NewRequest(&atlantv1.CreateAlertRequest{Alert: alert}))
		wantRefused(t, field, err, connect.CodeInvalidArgument, field)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: it tells the URL: %v", field, err)
		}
	}
}

// TestUpdateAlert: a change goes on a revision, the URL stays where none is given, and one that means something else begins anew.
func TestUpdateAlert(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	record := func() *events.RegisteredAlert {
		t.Helper()
		found, err := p.log.RegisteredAlert(t.Context(), "a")
		wantNoError(t, err)
		return found
	}
	first := p.create(t, &atlantv1.Alert{Name: "a", Condition: up(0), WebhookUrl: "http://hooks.example/secret"})
	p.publish(t, map[string]int64{"one": 1, "two": 2, "three": 3, "four": 4})
	moved := proto.CloneOf(first)
	moved.WebhookUrl = "http://other.example/secret2"
	second := p.update(t, moved)
	if second.GetRevision() <= first.GetRevision() || second.GetWebhookHost() != "other.example" || second.GetWebhookUrl() != "" ||
		record().Record.GetSince()[0] != 0 {
		t.Errorf("got %v, %v", second, record())
	}
	for name, revision := range map[string]int64{"old": first.GetRevision(), "none yet": second.GetRevision() + 1} {
		stale := proto.CloneOf(second)
		stale.Revision = revision
		_, err := p.client.UpdateAlert(t.Context(), connect.NewRequest(&atlantv1.UpdateAlertRequest{Alert: stale}))
		wantRefused(t, name, err, connect.CodeAborted, fmt.Sprintf("at revision %d, not %d", second.GetRevision(), revision))
	}
	changed := proto.CloneOf(second)
	changed.Condition = down(0)
	third := p.update(t, changed)
	since := record().Record.GetSince()
	if since[0]+since[1] == 0 || record().Record.GetAlert().GetWebhookUrl() != "http://other.example/secret2" {
		t.Errorf("it did not begin anew: %v", record())
	}
	paused := proto.CloneOf(third)
	paused.Paused = true
	fourth := p.update(t, paused)
	p.publish(t, map[string]int64{"one": 5, "two": 6, "three": 7, "four": 8})
	fourth.Paused = false
	p.update(t, fourth)
	if now := record().Record.GetSince(); now[0]+now[1] <= since[0]+since[1] {
		t.Errorf("resumed it goes on from %v, where it began %v", now, since)
	}
	changed.Revision = 0
	_, err := p.client.UpdateAlert(t.Context(), connect.NewRequest(&atlantv1.UpdateAlertRequest{Alert: changed}))
	wantRefused(t, "no revision", err, connect.CodeInvalidArgument, "alert.revision")
	_, err = p.client.DeleteAlert(t.Context(), connect.NewRequest(&atlantv1.DeleteAlertRequest{Name: "a", Revision: first.GetRevision()}))
	wantRefused(t, "delete an old revision", err, connect.CodeAborted)
	_, err = p.client.DeleteAlert(t.Context(), connect.NewRequest(&atlantv1.DeleteAlertRequest{Name: "a"}))
	wantNoError(t, err)
	_, err = p.client.DeleteAlert(t.Context(), connect.NewRequest(&atlantv1.DeleteAlertRequest{Name: "a"}))
	wantRefused(t, "delete twice", err, connect.CodeNotFound)
	_, err = p.client.TestAlert(t.Context(), connect.NewRequest(&atlantv1.TestAlertRequest{Name: "a"}))
	wantRefused(t, "test what is gone", err, connect.CodeNotFound)
}
