package alert

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestFiresOnceEach: whatever fires is delivered once, with the change; what was before the alert, what does not concern it, and
// what views that are filled again hold is not.
func TestFiresOnceEach(t *testing.T) {
	t.Parallel()
	p, r := newPlant(t), newReceiver(t)
	stop := p.start(t, p.views, time.Millisecond)
	p.publish(t, map[string]int64{"Coffee Beans": 10_000_000, "Café Mug": 10_000_000, "Tea": 10_000_000})
	p.publish(t, map[string]int64{"Coffee Beans": 9_000_000, "Café Mug": 9_000_000, "Tea": 9_000_000})
	tea := events.NewProductID("shop", "Tea")
	p.create(t, &atlantv1.Alert{Name: "cheap", Query: "COFF", Source: "shop", Condition: below(8_000_000, 1_500_000, "EUR"), WebhookUrl: r.url})
	p.create(t, &atlantv1.Alert{Name: "tea", ProductId: strings.ToUpper(tea.String()), Condition: anyMove(0), WebhookUrl: r.url})
	p.create(t, &atlantv1.Alert{Name: "other", Source: "other", Condition: anyMove(0), WebhookUrl: r.url})
	p.create(t, &atlantv1.Alert{Name: "rests", Condition: anyMove(0), WebhookUrl: r.url, Paused: true})
	for _, coffee := range []int64{7_000_000, 9_000_000, 7_500_000, 9_500_000, 7_900_000} { // crosses thrice, back by enough once
		p.publish(t, map[string]int64{"Coffee Beans": coffee, "Café Mug": 1_000_000, "Tea": coffee * 2})
	}
	p.settled(t)
	p.ended(t, "cheap", 2)
	p.ended(t, "tea", 5)
	stop()
	stop = p.start(t, p.newViews(t), time.Millisecond) // from the first price on
	p.publish(t, map[string]int64{"Tea": 1})
	p.settled(t)
	p.ended(t, "tea", 6)
	stop()

	ids, count := map[string]bool{}, map[string]int{}
	for _, got := range r.all(t) {
		data := got.said.GetData()
		count[data.GetAlert()]++
		ids[got.id] = true
		if got.said.GetType() != typeAlert || data.GetSource() != "shop" || data.GetPreviousPrice().GetCurrencyCode() != "EUR" || data.GetFetchId() == "" {
			t.Errorf("got %s", got.body)
		}
		if data.GetAlert() == "tea" && data.GetProductId() != tea.String() || data.GetAlert() == "cheap" && data.GetName() != "Coffee Beans" {
			t.Errorf("got %s", got.body)
		}
	}
	if len(ids) != 8 || len(r.all(t)) != 8 || count["cheap"] != 2 || count["tea"] != 6 {
		t.Errorf("got %v of %d ids", count, len(ids))
	}
}

// TestRetries: an attempt that fails is repeated, the same, and its delivery says how it went; no redirect is followed.
func TestRetries(t *testing.T) {
	t.Parallel()
	p, r := newPlant(t), newReceiver(t, http.StatusInternalServerError, http.StatusFound)
	p.create(t, &atlantv1.Alert{Name: "a", Condition: anyMove(0), WebhookUrl: r.url})
	p.start(t, p.views, time.Millisecond, 2*time.Millisecond)
	p.publish(t, map[string]int64{"Tea": 1})
	p.publish(t, map[string]int64{"Tea": 2})
	d := p.ended(t, "a", 1)[0]
	all := r.all(t)
	if len(all) != 3 || all[0] != all[1] && all[0].id != all[1].id || all[1].id != all[2].id || all[0].body != all[2].body || all[0].id != d.GetId() {
		t.Errorf("got %v, delivery %v", all, d)
	}
	if d.GetState() != delivered || d.GetAttempts() != 3 || d.GetStatusCode() != http.StatusNoContent || d.GetError() != "" ||
		d.GetNextAttemptAt() != nil || d.GetProductId() != events.NewProductID("shop", "Tea").String() || !strings.HasPrefix(d.GetWebhookHost(), "127.0.0.1:") {
		t.Errorf("got %v", d)
	}
}

// TestGivesUp: after the last attempt, and where nothing can be reached, a delivery ends visibly; 410 pauses the alert; what is
// removed gets nothing any more. None of it tells the URL.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	failing, gone := newReceiver(t, 500, 500, 500, 500), newReceiver(t, http.StatusGone, http.StatusNoContent)
	p.create(t, &atlantv1.Alert{Name: "failing", Condition: anyMove(0), WebhookUrl: failing.url})
	p.create(t, &atlantv1.Alert{Name: "gone", Condition: anyMove(0), WebhookUrl: gone.url})
	p.create(t, &atlantv1.Alert{Name: "nowhere", Condition: anyMove(0), WebhookUrl: "http://127.0.0.1:1/secret"})
	removed := p.create(t, &atlantv1.Alert{Name: "removed", Condition: anyMove(0), WebhookUrl: gone.url})
	wantNoError(t, p.log.Notify(t.Context(), &atlantv1.AlertFired{
		Id: uuid.NewString(), AlertCreatedAt: removed.GetCreatedAt(),
		Notification: &atlantv1.AlertNotification{Type: typeAlert, Data: &atlantv1.FiredAlert{Alert: "removed"}},
	}))
	_, err := p.client.DeleteAlert(t.Context(), connect.NewRequest(&atlantv1.DeleteAlertRequest{Name: "removed"}))
	wantNoError(t, err)
	p.create(t, &atlantv1.Alert{Name: "removed", Condition: down(0), WebhookUrl: gone.url}) // another one
	p.start(t, p.views, time.Millisecond)
	p.publish(t, map[string]int64{"Tea": 1})
	p.publish(t, map[string]int64{"Tea": 2})
	for name, want := range map[string]struct {
		attempts, status int32
		words            string
	}{
		"failing": {2, 500, "answered 500"},
		"gone":    {1, 410, "answered 410"},
		"nowhere": {2, 0, "cannot be reached"},
		"removed": {0, 0, "was removed"},
	} {
		d := p.ended(t, name, 1)[0]
		if d.GetState() != givenUp || d.GetAttempts() != want.attempts || d.GetStatusCode() != want.status ||
			!strings.Contains(d.GetError(), want.words) || strings.Contains(d.String(), "secret") {
			t.Errorf("%s: got %v", name, d)
		}
	}
	paused := p.get(t, "gone")
	if !paused.GetPaused() || paused.GetPausedReason() != goneReason {
		t.Errorf("got %v", paused)
	}
	test, err := p.client.TestAlert(t.Context(), connect.NewRequest(&atlantv1.TestAlertRequest{Name: "gone"}))
	wantNoError(t, err)
	d := p.ended(t, "gone", 2)[0]
	if d.GetId() != test.Msg.GetId() || d.GetState() != delivered {
		t.Errorf("got %v", d)
	}
	if last := gone.all(t)[1]; last.said.GetType() != typeTest || last.said.GetData().GetAlert() != "gone" {
		t.Errorf("got %s", last.body)
	}
	paused.Paused = false
	if resumed := p.update(t, paused); resumed.GetPausedReason() != "" {
		t.Errorf("got %v", resumed)
	}
}

// TestKeys: what is no key is refused and not told, and several keys sign each.
func TestKeys(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"none": "", "comment": "# nothing\n", "no prefix": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "short": keyPrefix + "c2VjcmV0", "no base64": keyPrefix + "~~~",
		"one of two": testKey + "\nsecret",
	} {
		if keys, err := ParseKeys(text); err == nil || strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, %v", name, keys, err)
		}
	}
	keys, err := ParseKeys("# new and old\r\n" + NewKey() + "\r\n\n " + testKey + "\n")
	wantNoError(t, err)
	signature, err := keys.sign("id", time.Unix(1_760_000_000, 0), []byte("{}"))
	if err != nil || len(keys) != 2 || strings.Count(signature, "v1,") != 2 || !strings.Contains(signature, " ") {
		t.Errorf("got %q, %v", signature, err)
	}
}
