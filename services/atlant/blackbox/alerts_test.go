package blackbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// hook receives webhooks on loopback.
type hook struct {
	url string

	mu     sync.Mutex
	answer func(n int) int // the status of the n-th answer
	got    []posted
	key    *webhooks.Webhook // nil until it is known
}

// amount is a price in JSON.
type amount struct {
	AmountMicros string `json:"amountMicros"`
}

// posted is what a webhook said.
type posted struct {
	id, body string
	Type     string `json:"type"`
	Data     struct {
		Alert         string `json:"alert"`
		Name          string `json:"name"`
		Price         amount `json:"price"`
		PreviousPrice amount `json:"previousPrice"`
	} `json:"data"`
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{answer: func(int) int { return http.StatusOK }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil { // the process was killed
			return
		}
		h.mu.Lock()
		if h.key != nil && h.key.Verify(body, r.Header) != nil {
			t.Errorf("badly signed: %v %s", r.Header, body)
		}
		p := posted{id: r.Header.Get(webhooks.HeaderWebhookID), body: string(body)}
		if err := json.Unmarshal(body, &p); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		h.got = append(h.got, p)
		n, answer := len(h.got), h.answer
		h.mu.Unlock()
		w.WriteHeader(answer(n))
	}))
	t.Cleanup(server.Close)
	h.url = server.URL + "/in?token=hush"
	return h
}

// count waits until so many webhooks have come, and returns all.
func (h *hook) count(t *testing.T, n int) []posted {
	t.Helper()
	var all []posted
	eventuallyf(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		all = append([]posted(nil), h.got...)
		return len(all) >= n
	}, "no %d webhooks came", n)
	return all
}

func (h *hook) set(key *webhooks.Webhook, answer func(n int) int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.key, h.answer = key, answer
}

// TestAlerts: webhooks are signed, repeated under the same key until they arrive, also where the program is killed amid one, and
// fired by no rebuild and no replay.
func TestAlerts(t *testing.T) {
	t.Parallel()
	s, h, data := newShop(t), newHook(t), t.TempDir()
	flags := []string{allowPrivate, "--webhook-retries", "20ms,20ms,20ms"}
	a := start(t, data, flags...)
	file := filepath.Join(data, "webhook.key")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key is not for its user alone: %v, %v", info, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := webhooks.NewWebhook(strings.TrimSpace(string(text[strings.Index(string(text), "whsec_"):])))
	if err != nil {
		t.Fatal(err)
	}
	h.set(key, func(n int) int { return []int{500, 429, 200}[min(n, 3)-1] })
	sell := func(milk, bread string) {
		t.Helper()
		a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", header+"Milk;"+milk+"\nBread;"+bread+"\nTea;3\n")})
	}
	command := func(want string, arguments ...string) {
		t.Helper()
		r := run(t, append(arguments, "--addr", a.url)...)
		if r.code != 0 || !strings.Contains(r.out, want) || strings.Contains(r.out+r.errOut, "hush") {
			t.Fatalf("%v: got %+v, want %q", arguments, r, want)
		}
	}
	sell("1.50", "2.00")
	command("below 1.20, again once back by 0.10", "alerts", "add", "cheap", "--webhook", h.url, "--query", "mil", "--below", "1.20", "--hysteresis", "0.10")
	command("up or down by 2.5% or more", "alerts", "add", "bread", "--webhook", h.url, "--product", "Bread", "--any", "--at-least", "2.5")
	command("cheap", "alerts")

	sell("1.10", "2.04") // the bread moves too little
	tried := h.count(t, 3)
	for i, p := range tried {
		if p.Type != "atlant.alert" || p.Data.Alert != "cheap" || p.Data.Name != "Milk" || p.Data.Price.AmountMicros != "1100000" ||
			p.Data.PreviousPrice.AmountMicros != "1500000" || p.id != tried[0].id || p.body != tried[0].body {
			t.Errorf("attempt %d: %+v", i+1, p)
		}
	}
	command(`"attempts":3`, "alerts", "deliveries", "cheap", "--json")

	asked, killed := make(chan struct{}, 1), make(chan struct{})
	h.set(key, func(int) int {
		asked <- struct{}{}
		<-killed
		return http.StatusOK
	})
	sell("1.15", "2.50")
	<-asked
	a.kill(t)
	h.set(key, func(int) int { return http.StatusOK })
	close(killed)
	a = start(t, data, flags...)
	if all := h.count(t, 5); all[3].Data.Alert != "bread" || all[4].id != all[3].id || all[4].body != all[3].body || all[3].id == all[0].id {
		t.Errorf("got %+v", all[3:])
	}

	command("generation 2 is live", "rebuild")
	a.stop(t)
	if err := os.RemoveAll(filepath.Join(data, "views")); err != nil {
		t.Fatal(err)
	}
	a = start(t, data, flags...)
	a.caughtUp(t)
	sell("1.05", "2.25")
	if all := h.count(t, 6); len(all) != 6 || all[5].Data.Alert != "bread" || all[5].Data.Price.AmountMicros != "2250000" {
		t.Errorf("after a rebuild and a replay came %+v", all[5:])
	}
	command("a test is posted", "alerts", "test", "cheap")
	if all := h.count(t, 7); all[6].Type != "atlant.alert.test" {
		t.Errorf("got %+v", all[6:])
	}
	command("cheap is paused", "alerts", "pause", "cheap")
	command("cheap is on", "alerts", "resume", "cheap")
	command("is removed", "alerts", "remove", "bread")
	if log := a.stderr.String(); strings.Contains(log, "hush") || strings.Contains(log, "whsec_") {
		t.Errorf("it logs secrets:\n%s", log)
	}
}
