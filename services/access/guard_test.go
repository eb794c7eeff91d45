package access

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

var silent = slog.New(slog.DiscardHandler)

// keysFile writes a keys file with some entries, and returns its path and the keys.
func keysFile(t testing.TB, entries ...Entry) (path string, keys []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys.yaml")
	keys = writeKeys(t, path, entries...)
	return path, keys
}

func writeKeys(t testing.TB, path string, entries ...Entry) (keys []string) {
	t.Helper()
	text := "keys:\n"
	for _, e := range entries {
		if e.Certificate == "" {
			var key string
			key, e.SHA256 = NewKey()
			keys = append(keys, key)
		}
		entry, err := e.Text()
		if err != nil {
			t.Fatal(err)
		}
		text += entry
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return keys
}

func newTestGuard(t testing.TB, config Config) *Guard {
	t.Helper()
	g, err := NewGuard(config, silent)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ask makes a request to a guard, and returns the status of the answer and the caller that was let in.
func ask(g *Guard, method, path, authorization string) (*httptest.ResponseRecorder, *rpc.Caller) {
	var let *rpc.Caller
	handler := g.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		let = new(rpc.CallerOf(r.Context()))
	}))
	r := httptest.NewRequest(method, path, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Host = "127.0.0.1"
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w, let
}

const (
	readPath   = atlantv1connect.ProductServiceListProcedure
	fetchPath  = atlantv1connect.FetchServiceFetchProcedure
	adminPath  = atlantv1connect.ProjectionServiceRepairProcedure
	exportPath = "/export/products.csv"
)

func TestWhoMayWhat(t *testing.T) {
	t.Parallel()
	path, keys := keysFile(t, Entry{ID: "reader", Scope: "read"}, Entry{ID: "fetcher", Scope: "fetch"}, Entry{ID: "admin", Scope: "admin"},
		Entry{ID: "shop", Scope: "read", Sources: []string{"shop", "b"}}, Entry{ID: "old", Scope: "admin", Expires: time.Now().Add(-time.Second)})
	g := newTestGuard(t, Config{KeysFile: path})
	unknown, _ := NewKey()
	for _, test := range []struct {
		name, authorization string
		// The statuses for what needs read, fetch and admin, for an export, and for the metrics.
		read, fetch, admin, export, metrics int
	}{
		{"nothing", "", 401, 401, 401, 401, 401},
		{"an unknown key", "Bearer " + unknown, 401, 401, 401, 401, 401},
		{"no key", "Bearer", 401, 401, 401, 401, 401},
		{"another scheme", "Basic " + keys[2], 401, 401, 401, 401, 401},
		{"a part of a key", "Bearer " + keys[2][:len(keys[2])-1], 401, 401, 401, 401, 401},
		{"a hash", "Bearer " + sumOf(keys[2]), 401, 401, 401, 401, 401},
		{"an expired key", "Bearer " + keys[4], 401, 401, 401, 401, 401},
		{"read", "Bearer " + keys[0], 200, 403, 403, 200, 200},
		{"read, in another spelling", "bearer " + keys[0], 200, 403, 403, 200, 200},
		{"fetch", "Bearer " + keys[1], 200, 200, 403, 200, 200},
		{"admin", "Bearer " + keys[2], 200, 200, 200, 200, 200},
		{"a confined key", "Bearer " + keys[3], 200, 403, 403, 200, 403},
	} {
		for path, want := range map[string]int{
			readPath: test.read, fetchPath: test.fetch, adminPath: test.admin, "/debug/anything": test.admin,
		} {
			g.meters = meters{} // of failed logins
			if w, let := ask(g, http.MethodPost, path, test.authorization); w.Code != want || (let != nil) != (want == 200) {
				t.Errorf("%s at %s: %d %s, let in %v; want %d", test.name, path, w.Code, w.Body, let, want)
			}
		}
		for path, want := range map[string]int{exportPath: test.export, "/metrics": test.metrics} {
			g.meters = meters{}
			if w, _ := ask(g, http.MethodGet, path, test.authorization); w.Code != want {
				t.Errorf("%s at %s: %d %s, want %d", test.name, path, w.Code, w.Body, want)
			}
		}
	}
	if _, let := ask(g, http.MethodPost, readPath, "Bearer "+keys[3]); let == nil || let.ID != "shop" || fmt.Sprint(let.Sources) != "[b shop]" {
		t.Errorf("the confined caller is %v", let)
	}
	w, _ := ask(g, http.MethodPost, readPath, "")
	if w.Header().Get("WWW-Authenticate") == "" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Vary") != "Authorization" {
		t.Errorf("headers of a refusal: %v", w.Header())
	}
	if w, let := ask(g, http.MethodPost, "/grpc.health.v1.Health/Check", ""); let == nil {
		t.Errorf("health: %d", w.Code)
	}
}

func TestAnonymousRead(t *testing.T) {
	t.Parallel()
	path, keys := keysFile(t, Entry{ID: "fetcher", Scope: "fetch"})
	g := newTestGuard(t, Config{KeysFile: path, AnonymousRead: true})
	for _, test := range []struct {
		path, authorization string
		want                int
	}{
		{readPath, "", 200},
		{fetchPath, "", 403},
		{adminPath, "", 403},
		{readPath, "Bearer wrong", 401}, // who says something must say something true
		{fetchPath, "Bearer " + keys[0], 200},
	} {
		if w, _ := ask(g, http.MethodPost, test.path, test.authorization); w.Code != test.want {
			t.Errorf("%s with %q: %d, want %d", test.path, test.authorization, w.Code, test.want)
		}
	}
}

// Where nobody is asked who they are, a page of the internet is not let in by way of a browser on this machine.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	g := newTestGuard(t, Config{})
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "[::1]:8080": 200, "localhost:8080": 200, "localhost": 200, "atlant.localhost": 200, "[::1]": 200,
		"attacker.example": 403, "attacker.example:8080": 403, "localhost.attacker.example": 403, "127.0.0.1.attacker.example": 403, "": 403,
	} {
		r := httptest.NewRequest(http.MethodPost, adminPath, nil)
		r.Host = host
		w := httptest.NewRecorder()
		g.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

// The keys file is read again when it changes; while it cannot be read, what it said before holds.
func TestKeysFileChanges(t *testing.T) {
	t.Parallel()
	path, before := keysFile(t, Entry{ID: "a", Scope: "read"})
	g := newTestGuard(t, Config{KeysFile: path})
	clock := time.Now()
	g.keys.now = func() time.Time { clock = clock.Add(2 * lookInterval); return clock }
	admits := func(key string) bool {
		w, _ := ask(g, http.MethodPost, readPath, "Bearer "+key)
		return w.Code == http.StatusOK
	}
	if !admits(before[0]) {
		t.Fatal("the key is not known")
	}
	after := writeKeys(t, path, Entry{ID: "a", Scope: "read"}, Entry{ID: "b", Scope: "read"})
	if admits(before[0]) || !admits(after[0]) || !admits(after[1]) {
		t.Error("the new keys do not hold")
	}
	if err := os.WriteFile(path, []byte("keys: [{id: a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !admits(after[0]) {
		t.Error("a file that cannot be read has locked everybody out")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !admits(after[0]) {
		t.Error("a file that is away has locked everybody out")
	}
	last := writeKeys(t, path)
	if len(last) != 0 || admits(after[0]) {
		t.Error("an empty file lets somebody in")
	}
}

func TestKeysFileFaults(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0a", 32)
	for content, want := range map[string]string{
		"keys:\n- {id: a, sha256: " + sum + ", scope: all}":                                                    `"all" is no scope`,
		"keys:\n- {id: a, sha256: atlant_abc, scope: read}":                                                    "it is not the key itself",
		"keys:\n- {id: a, scope: read}":                                                                        "one of sha256 and certificate",
		"keys:\n- {id: '', sha256: " + sum + ", scope: read}":                                                  "id must have",
		"keys:\n- {id: a, sha256: " + sum + ", scope: admin, sources: [b]}":                                    "cannot be confined",
		"keys:\n- {id: a, sha256: " + sum + ", scope: read, sources: ['a b']}":                                 "not the name of a source",
		"keys:\n- {id: a, sha256: " + sum + ", scope: read, source: b}":                                        "field source not found",
		"keys:\n- {id: a, sha256: " + sum + ", scope: read}\n- {id: b, sha256: " + sum + ", scope: read}":      "twice",
		"keys:\n- {id: a, sha256: " + sum + ", scope: read}\n- {id: a, certificate: " + sum + ", scope: read}": "twice",
		"keys:\n- {id: a, sha256: " + sum + ", scope: read, requests_per_second: -1}":                          "negative",
		"keys:\n- {id: a, scope: read, certificate: b, sha256: " + sum + "}":                                   "one of sha256 and certificate",
		"- id: a": "cannot unmarshal",
	} {
		if err := CheckKeys([]byte(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", content, err, want)
		}
	}
	if err := CheckKeys(nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := NewGuard(Config{KeysFile: filepath.Join(t.TempDir(), "nothing")}, silent); err == nil {
		t.Error("a guard without its keys file")
	}
}

func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	a, sum := NewKey()
	b, _ := NewKey()
	if a == b || len(a) != len(keyPrefix)+43 || sumOf(a) != sum || len(sum) != 64 {
		t.Errorf("%s %s %s", a, b, sum)
	}
}

// A method that does not say what its callers need keeps Atlant from starting.
func TestMethodWithoutScope(t *testing.T) {
	t.Parallel()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("x.proto"), Package: new("x"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("M")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: new("S"), Method: []*descriptorpb.MethodDescriptorProto{{Name: new("Do"), InputType: new(".x.M"), OutputType: new(".x.M")}},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if scope, err := ScopeOf(file.Services().Get(0).Methods().Get(0)); err == nil || !strings.Contains(err.Error(), "x.S.Do") {
		t.Errorf("%v %v", scope, err)
	}
	all, err := readNeeds()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all) - len(besidesMethods); n < 20 {
		t.Errorf("only %d methods were found", n)
	}
}

// Refusals are in the protocol of the caller.
func TestRefusalsInEachProtocol(t *testing.T) {
	t.Parallel()
	path, _ := keysFile(t)
	g := newTestGuard(t, Config{KeysFile: path})
	server := httptest.NewUnstartedServer(g.Protect(http.NotFoundHandler()))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	transport := &http.Transport{Protocols: &http.Protocols{}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	for name, options := range map[string][]connect.ClientOption{
		"connect": nil, "get": {connect.WithHTTPGet()}, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}, "json": {connect.WithProtoJSON()},
	} {
		products := atlantv1connect.NewProductServiceClient(client, server.URL, options...)
		_, err := products.List(t.Context(), connect.NewRequest(&listRequest{}))
		if connect.CodeOf(err) != connect.CodeUnauthenticated || !connect.IsWireError(err) {
			t.Errorf("%s: %v", name, err)
		}
		stream, err := products.Watch(t.Context(), connect.NewRequest(&watchRequest{}))
		if err == nil {
			for stream.Receive() {
			}
			err = stream.Err()
		}
		if connect.CodeOf(err) != connect.CodeUnauthenticated || !connect.IsWireError(err) {
			t.Errorf("%s, streaming: %v", name, err)
		}
	}
}
