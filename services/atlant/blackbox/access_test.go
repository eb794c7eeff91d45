package blackbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// bearer shows a key with each request, none if it is empty.
type bearer struct {
	key  string
	next http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.key != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.key)
	}
	return b.next.RoundTrip(r)
}

func showing(tb testing.TB, key string) *http.Client {
	tb.Helper()
	client := newHTTPClient(tb, true)
	client.Transport = bearer{key: key, next: client.Transport}
	return client
}

// keyring makes keys for a keys file as a user does.
type keyring struct{ path string }

func newKeyring(tb testing.TB) keyring {
	tb.Helper()
	return keyring{filepath.Join(tb.TempDir(), "keys.yaml")}
}

func (k keyring) add(tb testing.TB, id string, flags ...string) (key string) {
	tb.Helper()
	r := run(tb, append([]string{"keys", "new", "--file", k.path, "--id", id}, flags...)...)
	if r.code != 0 || !strings.HasPrefix(r.out, "atlant_") {
		tb.Fatalf("got %+v", r)
	}
	return strings.TrimSpace(r.out)
}

// methodsOfAll are all methods of the contract, by their names.
func methodsOfAll() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("atlant.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				all = append(all, file.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b protoreflect.MethodDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return all
}

// knock calls a method with an empty request and returns the code of the answer; 0 if it is a good one, or one of a stream.
func knock(tb testing.TB, client *http.Client, url string, method protoreflect.MethodDescriptor, options ...connect.ClientOption) connect.Code {
	tb.Helper()
	ctx, cancel := context.WithCancel(within(tb))
	defer cancel()
	c := connect.NewClient[emptypb.Empty, emptypb.Empty](client, url+"/"+string(method.Parent().FullName())+"/"+string(method.Name()), options...)
	var err error
	switch {
	case method.IsStreamingServer():
		var stream *connect.ServerStreamForClient[emptypb.Empty]
		if stream, err = c.CallServerStream(ctx, connect.NewRequest(&emptypb.Empty{})); err == nil && !stream.Receive() {
			err = stream.Err()
		}
	case method.IsStreamingClient():
		_, err = c.CallClientStream(ctx).CloseAndReceive()
	default:
		_, err = c.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	}
	if err == nil {
		return 0
	}
	if !connect.IsWireError(err) {
		tb.Errorf("%s: %v", method.FullName(), err)
	}
	return connect.CodeOf(err)
}

// TestEveryMethodAsksWhoCalls: no method answers without a key, nor with a key that is good for less; -v prints the table.
func TestEveryMethodAsksWhoCalls(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	keys := map[atlantv1.Scope]string{
		atlantv1.Scope_SCOPE_READ:  ring.add(t, "reader", "--scope", "read", "--requests-per-second", "1000"),
		atlantv1.Scope_SCOPE_FETCH: ring.add(t, "fetcher", "--scope", "fetch", "--requests-per-second", "1000"),
		atlantv1.Scope_SCOPE_ADMIN: ring.add(t, "admin", "--scope", "admin", "--requests-per-second", "1000"),
	}
	a := start(t, t.TempDir(), "--api-keys-file", ring.path)
	if strings.Contains(a.stderr.String(), "NOBODY IS ASKED") {
		t.Error("the log says that nobody is asked")
	}
	protocols := map[string][]connect.ClientOption{"connect": nil, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "method\tneeds\twithout a key\twith less\twith enough")
	for _, method := range methodsOfAll() {
		need, _ := proto.GetExtension(method.Options(), atlantv1.E_Scope).(atlantv1.Scope)
		row := map[string]string{}
		for protocol, options := range protocols {
			without := knock(t, showing(t, ""), a.url, method, options...)
			if without != connect.CodeUnauthenticated {
				t.Errorf("%s over %s without a key: %v", method.FullName(), protocol, without)
			}
			less := "-"
			if lesser, ok := keys[need-1]; ok {
				code := knock(t, showing(t, lesser), a.url, method, options...)
				if code != connect.CodePermissionDenied {
					t.Errorf("%s over %s with less: %v", method.FullName(), protocol, code)
				}
				less = code.String()
			}
			enough := "let in"
			if code := knock(t, showing(t, keys[need]), a.url, method, options...); code == connect.CodeUnauthenticated || code == connect.CodePermissionDenied {
				enough = code.String()
				t.Errorf("%s over %s with enough: %v", method.FullName(), protocol, code)
			}
			row[fmt.Sprintf("%s\t%s\t%s", without, less, enough)] = protocol
		}
		for cells := range row { // one, if the protocols agree
			fmt.Fprintf(table, "%s\t%s\t%s\n", method.FullName(), need, cells)
		}
	}
	table.Flush()
	t.Logf("over Connect, gRPC and gRPC-web:\n%s", &text)
	testPaths(t, a, keys[atlantv1.Scope_SCOPE_READ])
	testCommands(t, a, ring, keys[atlantv1.Scope_SCOPE_FETCH])
}

// testPaths looks at what is no method.
func testPaths(t *testing.T, a *atlant, key string) {
	t.Helper()
	for path, want := range map[string][2]int{ // without and with a key
		"/": {200, 200}, "/healthz": {200, 200}, "/readyz": {200, 200}, "/export/products.csv": {401, 200}, "/export/": {401, 404},
		"/atlant.v1.ProductService/List?encoding=json&message=%7B%7D&connect=v1": {401, 200},
		"/atlant.v1.ProjectionService/Rebuild":                                   {401, 403},
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":              {401, 405},
		"/grpc.health.v1.Health/Check?encoding=json&message=%7B%7D&connect=v1":   {405, 405},
	} {
		for i, key := range []string{"", key} {
			response, err := showing(t, key).Get(a.url + path)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != want[i] {
				t.Errorf("%s with the key %.8s: %d %.100s, want %d", path, key, response.StatusCode, text, want[i])
			}
		}
	}
}

// testCommands uses the program with a key from a file, and from the environment.
func testCommands(t *testing.T, a *atlant, ring keyring, key string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte(smallList), 0o600); err != nil {
		t.Fatal(err)
	}
	a.cli(t, 0, "fetch", "--wait", "--token-file", file, list).holds(t, "3 accepted")
	a.cli(t, 0, "list", "--token-file", file).holds(t, "name")
	a.cli(t, 0, "export", "--token-file", file).holds(t, "default")
	a.cli(t, 0, "ready").holds(t, "ready")
	if r := a.cli(t, 1, "list"); !strings.Contains(r.errOut, "--token-file") {
		t.Errorf("a command without a key is not told what to do:\n%s", r.errOut)
	}
	if r := a.cli(t, 1, "verify", "--token-file", file); !strings.Contains(r.errOut, "needs the scope admin") {
		t.Errorf("a command with too little a key:\n%s", r.errOut)
	}
	if data, err := os.ReadFile(ring.path); err != nil || strings.Contains(string(data), key) {
		t.Errorf("the keys file holds a key: %v", err)
	}
}

// TestConfinedKey: who is confined to sources sees and changes nothing of others, whatever is asked for.
func TestConfinedKey(t *testing.T) {
	t.Parallel()
	ring, s := newKeyring(t), newShop(t)
	admin := ring.add(t, "admin", "--scope", "admin")
	ours := ring.add(t, "ours", "--scope", "fetch", "--source", "ours", "--requests-per-second", "1000")
	both := ring.add(t, "both", "--scope", "read", "--source", "ours", "--source", "more")
	a := start(t, t.TempDir(), "--api-keys-file", ring.path, allowPrivate)
	all, confined, several := newAPIOver(showing(t, admin), a.url), newAPIOver(showing(t, ours), a.url), newAPIOver(showing(t, both), a.url)
	url := s.sell("/list.csv", header+"Milk;1.50\nRubbish;free\n")
	theirs := all.get(t, &atlantv1.FetchRequest{Url: url, Source: "theirs", RequestId: "r"}).GetId()
	mine := confined.get(t, &atlantv1.FetchRequest{Url: url, Source: "ours"}).GetId()
	product := call(t, all.products.Get, &atlantv1.GetRequest{Source: "theirs", Name: "Milk"}).GetProduct().GetId()
	for _, name := range []string{"ours", "theirs"} {
		call(t, all.sources.CreateSource, &atlantv1.CreateSourceRequest{Source: &atlantv1.Source{Name: name, Url: url}})
	}

	denied, notFound := connect.CodePermissionDenied, connect.CodeNotFound
	refuse(t, confined.fetches.Fetch, &atlantv1.FetchRequest{Url: url, Source: "theirs"}, denied, "source: must be ours")
	refuse(t, confined.fetches.Fetch, &atlantv1.FetchRequest{Url: url}, denied, "source: must be ours") // which is default
	refuse(t, confined.fetches.Fetch, &atlantv1.FetchRequest{Url: url, Source: "ours", RequestId: "r"}, connect.CodeInvalidArgument, "another request")
	refuse(t, confined.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: theirs}, notFound, theirs)
	refuse(t, confined.fetches.ListFetches, &atlantv1.ListFetchesRequest{Source: "theirs"}, denied, "source")
	refuse(t, confined.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: theirs}, notFound, theirs)
	refuse(t, confined.fetches.ApproveFetch, &atlantv1.ApproveFetchRequest{Id: theirs}, notFound, theirs)
	refuse(t, confined.fetches.DiscardFetch, &atlantv1.DiscardFetchRequest{Id: theirs}, notFound, theirs)
	refuse(t, confined.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: theirs}, notFound, theirs)
	refuse(t, confined.products.List, &atlantv1.ListRequest{Source: "theirs"}, denied, "source")
	refuse(t, confined.products.Get, &atlantv1.GetRequest{Id: product}, notFound, product)
	refuse(t, confined.products.Get, &atlantv1.GetRequest{Source: "theirs", Name: "Milk"}, notFound, "Milk")
	refuse(t, confined.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: product}, notFound, product)
	refuse(t, confined.products.Explain, &atlantv1.ExplainRequest{Id: product}, notFound, product)
	refuse(t, confined.sources.CreateSource, &atlantv1.CreateSourceRequest{Source: &atlantv1.Source{Name: "x", Url: url}}, denied, "source.name")
	refuse(t, confined.sources.GetSource, &atlantv1.GetSourceRequest{Name: "theirs"}, denied, "name")
	refuse(t, confined.sources.UpdateSource, &atlantv1.UpdateSourceRequest{Source: &atlantv1.Source{Name: "theirs", Url: url}}, denied, "source.name")
	refuse(t, confined.sources.DeleteSource, &atlantv1.DeleteSourceRequest{Name: "theirs"}, denied, "name")
	refuse(t, confined.sources.FetchSource, &atlantv1.FetchSourceRequest{Name: "theirs"}, denied, "name")
	refuse(t, several.products.List, &atlantv1.ListRequest{}, denied, "more or ours")
	testConfinedStreams(t, confined, theirs, mine)

	for _, fetch := range confined.allFetches(t, 10, "") {
		if fetch.GetSource() != "ours" {
			t.Errorf("listed was %v", fetch)
		}
	}
	for _, product := range call(t, confined.products.List, &atlantv1.ListRequest{}).GetProducts() {
		if product.GetSource() != "ours" {
			t.Errorf("listed was %v", product)
		}
	}
	if got := call(t, confined.sources.ListSources, &atlantv1.ListSourcesRequest{}).GetSources(); len(got) != 1 || got[0].GetName() != "ours" {
		t.Errorf("listed were %v", got)
	}
	if status := call(t, confined.projection.GetStatus, &atlantv1.GetStatusRequest{}); status.GetProducts() != 0 || status.GetProjections()[0].GetOwner() != "" {
		t.Errorf("the status tells of others: %v", status)
	}
	for _, path := range []string{"/export/products.csv", "/export/changes.csv", "/export/products.jsonl", "/export/products.csv?source=theirs"} {
		response, err := showing(t, ours).Get(a.url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if strings.Contains(string(text), "theirs") && response.StatusCode != http.StatusForbidden || strings.Contains(path, "=") != (response.StatusCode == http.StatusForbidden) {
			t.Errorf("%s: %d %s", path, response.StatusCode, text)
		}
	}
}

// testConfinedStreams: what a confined caller watches and compares is of its own source.
func testConfinedStreams(t *testing.T, confined api, theirs, mine string) {
	t.Helper()
	code := func(stream interface {
		Receive() bool
		Err() error
	}, err error,
	) connect.Code {
		if err == nil {
			stream.Receive()
			err = stream.Err()
		}
		return connect.CodeOf(err)
	}
	watch, err := confined.fetches.WatchFetch(within(t), connect.NewRequest(&atlantv1.WatchFetchRequest{Id: theirs}))
	if got := code(watch, err); got != connect.CodeNotFound {
		t.Errorf("WatchFetch: %v", got)
	}
	for _, pair := range [][2]string{{theirs, mine}, {mine, theirs}} {
		diff, err := confined.products.DiffFetches(within(t), connect.NewRequest(&atlantv1.DiffFetchesRequest{A: pair[0], B: pair[1]}))
		if got := code(diff, err); got != connect.CodeNotFound {
			t.Errorf("DiffFetches: %v", got)
		}
	}
	prices, err := confined.products.Watch(within(t), connect.NewRequest(&atlantv1.WatchRequest{Source: "theirs"}))
	if got := code(prices, err); got != connect.CodePermissionDenied {
		t.Errorf("Watch: %v", got)
	}
}

// TestListenersForOthers: Atlant does not answer other machines unless it knows who may call.
func TestListenersForOthers(t *testing.T) {
	t.Parallel()
	a := launch(t, nil, "up", "--listen", "0.0.0.0:0", "--data", t.TempDir())
	if code := a.exitCode(t); code != 1 || !strings.Contains(a.stderr.String(), "nothing says who may call") {
		t.Errorf("exit code %d:\n%s", code, a.stderr)
	}
	open := launch(t, nil, "up", "--listen", "0.0.0.0:0", "--data", t.TempDir(), "--anonymous-read")
	open.awaitUp(t)
	if text := open.stderr.String(); !strings.Contains(text, "everybody who reaches this listener may read") {
		t.Errorf("the log does not say that everybody may read:\n%s", text)
	}
	call(t, open.products.List, &atlantv1.ListRequest{})
	refuse(t, open.fetches.Fetch, &atlantv1.FetchRequest{Url: "http://shop.example/"}, connect.CodePermissionDenied, "scope fetch")
}
