package fetch

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The secrets of these tests, and what else gives them away.
const (
	secretUser, secretPassword, secretToken = "hidden-user", "hidden-password", "hidden-token"
	secretEncoded                           = "aGlkZGVuLXVzZXI6aGlkZGVuLXBhc3N3b3Jk" // the two as in the header
	secretKey                               = "PRIVATE KEY"
)

// gate serves a list to those who have a secret.
func gate(authorization string, list http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		list(w, r)
	}
}

func TestCredentialsOpenTheGate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		authorization string
		credentials   *atlantv1.Credentials
		want          string
	}{
		"basic":          {"Basic " + secretEncoded, basic(secretUser, secretPassword), ""},
		"bearer":         {"Bearer " + secretToken, bearer(secretToken), ""},
		"none":           {"Bearer " + secretToken, nil, "the server answered 401 Unauthorized"},
		"wrong password": {"Basic " + secretEncoded, basic(secretUser, "x"), "the server answered 401 Unauthorized"},
	} {
		server := httptest.NewServer(gate(test.authorization, serveText("a;1\n")))
		list := newTransfer(t, server.URL)
		list.credentials = test.credentials
		err := newTestDownloader(t, 100).attempt(t.Context(), list)
		if (test.want == "" && err != nil) || (test.want != "" && (err == nil || err.Error() != test.want)) {
			t.Errorf("%s: got %v", name, err)
		}
		server.Close()
	}
}

// A redirect takes the credentials along where it stays on the server that they are for, and nowhere else.
func TestCredentialsAndRedirects(t *testing.T) {
	t.Parallel()
	var seen, referers []string
	stranger := httptest.NewServer(nil)
	home := httptest.NewServer(nil)
	t.Cleanup(stranger.Close)
	t.Cleanup(home.Close)
	note := func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		referers = append(referers, r.Header.Get("Referer"))
		serveText("a;1\n")(w, r)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/list.csv", note)
	mux.HandleFunc("/away", redirect(stranger.URL+"/list.csv"))
	mux.HandleFunc("/here", redirect("/list.csv"))
	mux.HandleFunc("/there-and-back", redirect(stranger.URL+"/back"))
	mux.HandleFunc("/other-port", redirect(strings.Replace(stranger.URL, "127.0.0.1", "localhost", 1)+"/list.csv"))
	home.Config.Handler = mux
	away := http.NewServeMux()
	away.HandleFunc("/list.csv", note)
	away.HandleFunc("/back", redirect(home.URL+"/list.csv"))
	stranger.Config.Handler = away
	d := newTestDownloader(t, 100)
	for path, want := range map[string]string{
		"/list.csv": "Bearer " + secretToken, "/here": "Bearer " + secretToken, "/away": "", "/there-and-back": "", "/other-port": "",
	} {
		seen, referers = nil, nil
		list := newTransfer(t, home.URL+path)
		list.credentials = bearer(secretToken)
		err := d.attempt(t.Context(), list)
		if err != nil || len(seen) != 1 || seen[0] != want || referers[0] != "" {
			t.Errorf("%s: got %q, referred by %q, %v", path, seen, referers, err)
		}
	}
}

func TestStaysHome(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		way  []string
		want bool
	}{
		{[]string{"https://a.example/1", "https://A.example/2"}, true},
		{[]string{"http://a.example/1", "https://a.example/2"}, true},
		{[]string{"https://a.example/1", "http://a.example/2"}, false},
		{[]string{"http://a.example:8080/1", "https://a.example:8080/2"}, false},
		{[]string{"https://a.example/1", "https://a.example:444/2"}, false},
		{[]string{"https://a.example/1", "https://sub.a.example/2"}, false},
		{[]string{"https://a.example/1", "https://b.example/2", "https://a.example/3"}, false},
	} {
		var requests []*http.Request
		for _, url := range test.way {
			requests = append(requests, httptest.NewRequest(http.MethodGet, url, nil))
		}
		last := len(requests) - 1
		if got := staysHome(requests[last], requests[:last]); got != test.want {
			t.Errorf("%q: %t", test.way, got)
		}
	}
}

// recorder gathers what is logged.
type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func wantNoSecret(tb testing.TB, where, text string) {
	tb.Helper()
	for _, secret := range []string{secretUser, secretPassword, secretToken, secretEncoded, secretKey} {
		if strings.Contains(text, secret) {
			tb.Errorf("%s holds %s", where, secret)
		}
	}
}

// Lists are fetched with credentials, well and badly, and what is known of it afterwards is searched for them.
func TestCredentialsAreKeptToThemselves(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/basic.csv", gate("Basic "+secretEncoded, serveText("a;1\nb;?\n")))
	mux.HandleFunc("/bearer.csv", gate("Bearer "+secretToken, serveText("a;1\n")))
	mux.HandleFunc("/hang-up.csv", hangUp)
	mux.HandleFunc("/cut-off.csv", cutOff)
	mux.HandleFunc("/loop.csv", redirect("/loop.csv"))
	mux.HandleFunc("/file.csv", redirect("file:///etc/passwd"))
	mux.HandleFunc("/nowhere.csv", redirect("http://nowhere.invalid/"))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	withPassword := "http://" + secretUser + ":" + secretPassword + "@"

	searchForSecrets(t, Config{AllowPrivate: true}, []*atlantv1.FetchRequest{
		{Url: withPassword + host + "/basic.csv", RequestId: "key"},
		{Url: server.URL + "/basic.csv", Credentials: basic(secretUser, secretPassword)},
		{Url: server.URL + "/bearer.csv", Credentials: bearer(secretToken), RequestId: "another key"},
		{Url: server.URL + "/bearer.csv", Credentials: bearer(secretToken)},
		{Url: withPassword + host + "/bearer.csv"}, // 401
		{Url: withPassword + host + "/hang-up.csv"},
		{Url: withPassword + host + "/cut-off.csv"},
		{Url: withPassword + host + "/loop.csv"},
		{Url: withPassword + host + "/file.csv"},
		{Url: withPassword + host + "/nowhere.csv"},
		{Url: withPassword + "nowhere.invalid/"},
	}, map[atlantv1.FetchState]int{completed: 2, notModified: 2, failed: 7})
}

// searchForSecrets does requests, demands that so many end in each state, and searches all that is known of them afterwards.
func searchForSecrets(t *testing.T, config Config, requests []*atlantv1.FetchRequest, want map[atlantv1.FetchState]int) {
	t.Helper()
	p, logged := newPlant(t), &recorder{}
	logger := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config.SpoolDir, config.Version = t.TempDir(), "v1"
	f, err := NewFetcher(p.log, p.views, config, logger)
	if err != nil {
		t.Fatal(err)
	}
	f.viewPatience = whole
	t.Cleanup(closeIdle(f.downloader))
	f.downloader.hosts = newHosts(time.Millisecond)
	service := NewService(p.log, p.views, 0)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { f.Work(ctx, events.PartitionOf(events.DefaultSource)) })
	defer working.Wait()
	defer stop()

	var ids []string
	for _, request := range requests {
		response, err := service.Fetch(t.Context(), connect.NewRequest(request))
		if err != nil {
			t.Fatal(err)
		}
		wantNoSecret(t, "the answer", response.Msg.String())
		ids = append(ids, response.Msg.GetFetch().GetId())
	}
	states := map[atlantv1.FetchState]int{}
	for _, id := range ids {
		end := awaitEnd(t, p.log, uuid.MustParse(id))
		states[end.GetState()]++
		t.Log(end.GetUrl(), end.GetState(), end.GetError())
	}
	if !maps.Equal(states, want) {
		t.Errorf("got %v, want %v", states, want)
	}
	wantNoSecret(t, "the log of the process", logged.String())
	for _, stream := range []events.Stream{events.FetchStream, events.PriceStream(0)} {
		for _, message := range messagesOf(t, p.log, stream) {
			wantNoSecret(t, "stream "+string(stream), string(message.Data))
		}
	}
	p.stopProjecting()
	list, err := service.ListFetches(t.Context(), connect.NewRequest(&atlantv1.ListFetchesRequest{}))
	if err != nil || len(list.Msg.GetFetches()) != len(ids) {
		t.Errorf("got %v, %v", list, err)
	} else {
		wantNoSecret(t, "ListFetches", list.Msg.String())
	}
	wantNoSecretInFiles(t, p.viewsDir)
	wantNoSecretInFiles(t, f.spool.dir)
}

func wantNoSecretInFiles(tb testing.TB, dir string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		wantNoSecret(tb, filepath.Base(path), string(data))
		return err
	})
	if err != nil {
		tb.Error(err)
	}
}

// Whoever repeats a request gives the credentials again: the log that knows the first request does not know them.
func TestCredentialsOfARepeatedRequest(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	service := NewService(p.log, p.views, 0)
	message := &atlantv1.FetchRequest{Url: "http://u:old@shop.example/", RequestId: "key"}
	requested, err := newRequest(message, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.log.Claim(t.Context(), "key", loggable(requested)); err != nil { // and then the process dies
		t.Fatal(err)
	}
	message.Url = "http://u:new@shop.example/"
	response, err := service.Fetch(t.Context(), connect.NewRequest(message))
	if err != nil || response.Msg.GetFetch().GetId() != requested.GetId() {
		t.Fatalf("got %v, %v", response, err)
	}
	queue, err := p.log.TakeFrom(t.Context(), events.PartitionOf(events.DefaultSource))
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	item, err := queue.Dequeue(t.Context())
	if err != nil || item.Request().GetCredentials().GetBasic().GetPassword() != "new" {
		t.Errorf("got %v, %v", item, err)
	}
}
