package blackbox_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// withoutPassword returns the arguments of a command for a list at a URL: a password in that goes into a file.
func withoutPassword(tb testing.TB, text string) []string {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return []string{text}
	}
	password, has := u.User.Password()
	if !has {
		return []string{text}
	}
	u.User = url.User(u.User.Username())
	return []string{u.String(), "--password-file", secretFile(tb, password)}
}

func secretFile(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// TestSecrets: what is secret is on no command line, in no log and in no event, however it comes in, and whatever fails.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const mark = "k3yhole" // all of them hold it
	nats := natstest.StartServer(t, &server.Options{JetStream: true, Username: "atlant", Password: "nats-" + mark})
	ring, s := newKeyring(t), newShop(t)
	key := ring.add(t, "fetcher", "--scope", "fetch")
	natsURL := strings.Replace(nats.ClientURL(), "://", "://atlant:nats-"+mark+"@", 1)
	variables := []string{"ATLANT_NATS=" + natsURL, "ATLANT_SHARDS=1", "ATLANT_LOG_LEVEL=debug"}
	sqlite := "ATLANT_VIEWS=sqlite:" + filepath.Join(t.TempDir(), "views")
	a := launch(t, append(variables, sqlite), upArguments(t.TempDir(), allowPrivate, "--api-keys-file", ring.path)...)
	a.awaitUp(t)

	list := s.handle("/list.csv", func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if password != "list-"+mark && r.Header.Get("Authorization") != "Bearer bearer-"+mark {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		textList(smallList)(w, r)
	})
	login := []string{"--token-file", secretFile(t, key), "--wait", "--timeout", "1m"}
	cli := func(code int, arguments ...string) {
		t.Helper()
		r := a.cli(t, code, append(arguments, login...)...)
		if text := r.out + r.errOut; strings.Contains(text, mark) || strings.Contains(text, key) {
			t.Errorf("%q tells a secret:\n%s", arguments, text)
		}
	}
	cli(0, "fetch", strings.Replace(list, "://", "://me@", 1), "--password-file", secretFile(t, "list-"+mark))
	cli(0, "fetch", "--force", list, "--bearer-token-file", secretFile(t, "bearer-"+mark))
	cli(1, "fetch", "--force", "ftp://me@"+closedPort(t)+"/x.csv", "--password-file", secretFile(t, "list-"+mark))
	cli(2, "fetch", strings.Replace(list, "://", "://me:list-@", 1)) // on the command line none is taken
	login = []string{"--token-file", secretFile(t, "atlant_wrong"+mark)}
	cli(1, "list")
	confined := newAPIOver(showing(t, key), a.url)
	if _, err := confined.fetches.Fetch(within(t), connect.NewRequest(&atlantv1.FetchRequest{Url: "http://me:list-" + mark + "@[::1/x"})); err == nil || strings.Contains(err.Error(), mark) {
		t.Errorf("got %v", err)
	}
	processes := []*atlant{a}

	// What cannot be reached is named without what it would be told.
	away := launch(t, []string{"ATLANT_NATS=nats://atlant:nats-" + mark + "@" + closedPort(t), sqlite}, upArguments(t.TempDir())...)
	views := "ATLANT_VIEWS=mongodb://atlant:mongo-" + mark + "@" + closedPort(t) + "/atlant?serverSelectionTimeoutMS=100"
	viewless := launch(t, append(variables, views), upArguments(t.TempDir())...)
	denied := launch(t, []string{"ATLANT_NATS=" + strings.Replace(natsURL, mark, mark+"x", 1), sqlite}, upArguments(t.TempDir())...)
	processes = append(processes, away, denied, viewless)
	expectNotTold(t, mark, processes)
	expectNotKept(t, natsURL, mark, key)
}

// expectNotTold looks at the logs of processes, and at what every program of the machine can see of them.
func expectNotTold(t *testing.T, mark string, processes []*atlant) {
	t.Helper()
	for _, a := range processes {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(a.cmd.Process.Pid) + "/cmdline")
		if strings.Contains(string(line)+strings.Join(a.cmd.Args, " "), mark) {
			t.Errorf("a secret is on the command line %q (%v)", line, err)
		}
	}
	for _, a := range processes[1:] { // the first one goes on
		a.exitCode(t)
	}
	for _, a := range processes {
		if text := a.stderr.String(); text == "" || strings.Contains(text, mark) {
			t.Errorf("the log of %q tells a secret, or nothing:\n%s", a.cmd.Args, text)
		}
	}
}

// expectNotKept looks at every message of every stream but those that are to keep credentials: the queue, while a request is in
// it, and the records of sources.
func expectNotKept(t *testing.T, natsURL string, secrets ...string) {
	t.Helper()
	nc, err := nats.Connect(natsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name := range js.StreamNames(ctx).Name() {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		state := stream.CachedInfo().State
		if name == "FETCHES" {
			if state.Msgs != 0 {
				t.Errorf("%d requests that have ended are on the queue", state.Msgs)
			}
			continue
		}
		for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
			message, err := stream.GetMsg(ctx, sequence)
			if err != nil {
				continue // it was replaced
			}
			seen++
			for _, secret := range secrets {
				if bytes.Contains(message.Data, []byte(secret)) || strings.Contains(message.Subject, secret) {
					t.Errorf("message %d of %s holds a secret", sequence, name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d messages were looked at", seen)
	}
}
