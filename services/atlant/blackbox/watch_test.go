package blackbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// watchProducts is how many products the lists of these tests have.
const watchProducts = 300

// watchList is the n-th list: the price of each product is another one than before, and than in any other list.
func watchList(n int) string {
	var list strings.Builder
	list.WriteString(header)
	for product := range watchProducts {
		fmt.Fprintf(&list, "Product %d;%d.%02d\n", product, n, product%100)
	}
	return list.String()
}

// witness is a client that watches, over as many streams as it takes, and demands every change once and in order.
type witness struct {
	client   *http.Client
	options  []connect.ClientOption
	position string
	last     map[string]int64 // the price of each product, as it was told last
	told     int
}

// watch demands changes up to the n-th list; with an end it stays until the server ends the stream, and tells how.
func (w *witness) watch(tb testing.TB, url string, n int, end func()) error {
	tb.Helper()
	ctx, cancel := context.WithCancel(within(tb))
	defer cancel()
	stream, err := newAPIOver(w.client, url, w.options...).products.Watch(ctx,
		connect.NewRequest(&atlantv1.WatchRequest{Source: "watched", Position: w.position}))
	if err != nil {
		return err
	}
	for stream.Receive() {
		for _, c := range stream.Msg().GetChanges() {
			name, price := c.GetProduct().GetName(), c.GetChange().GetPrice().GetAmountMicros()
			if before, known := w.last[name]; known && c.GetChange().GetPreviousPrice().GetAmountMicros() != before {
				tb.Errorf("%s went to %d from %d, and was at %d", name, price, c.GetChange().GetPreviousPrice().GetAmountMicros(), before)
			}
			w.last[name] = price
			w.told++
		}
		w.position = stream.Msg().GetPosition()
		if w.told >= watchProducts*(n-1) { // the first list is no change
			if end == nil {
				return nil
			}
			end()
			end = func() {}
		}
	}
	return stream.Err()
}

// TestWatch: over each protocol a client is told every change once, whatever becomes of the server and of its views.
func TestWatch(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	a := start(t, data, allowPrivate, "--shards", "3")
	fetch := func(n int) *atlantv1.Fetch {
		t.Helper()
		return a.get(t, &atlantv1.FetchRequest{Url: s.sell("/watched.csv", watchList(n)), Source: "watched"})
	}
	http1, http2 := newHTTPClient(t, false), newHTTPClient(t, true)
	witnesses := map[string]*witness{
		"connect":  {client: http1},
		"grpc":     {client: http2, options: []connect.ClientOption{connect.WithGRPC()}},
		"grpc-web": {client: http1, options: []connect.ClientOption{connect.WithGRPCWeb()}},
	}
	first := fetch(1).GetPosition()
	for _, w := range witnesses {
		w.last, w.position = map[string]int64{}, first
	}
	// all watches with all clients at once; meanwhile happens while they do.
	all := func(n int, end func(), meanwhile func()) map[string]error {
		t.Helper()
		var mu sync.Mutex
		ends := map[string]error{}
		var watching sync.WaitGroup
		for protocol, w := range witnesses {
			watching.Go(func() {
				err := w.watch(t, a.url, n, end)
				mu.Lock()
				defer mu.Unlock()
				ends[protocol] = err
			})
		}
		meanwhile()
		watching.Wait()
		return ends
	}
	none := func(ends map[string]error) {
		t.Helper()
		for protocol, err := range ends {
			if err != nil {
				t.Errorf("%s: the stream ended: %v", protocol, err)
			}
		}
	}
	none(all(3, nil, func() { fetch(2); fetch(3) }))
	none(all(5, nil, func() {
		fetch(4)
		for _, arguments := range [][]string{{"rebuild"}, {"rebuild", "--rollback"}} {
			if r := run(t, append(arguments, "--addr", a.url)...); r.code != 0 {
				t.Errorf("%v: %+v", arguments, r)
			}
		}
		fetch(5)
	}))
	// It shuts down once all have seen the next change.
	var seen sync.WaitGroup
	seen.Add(len(witnesses))
	for protocol, err := range all(6, seen.Done, func() { fetch(6); seen.Wait(); a.stop(t) }) {
		if connect.CodeOf(err) != connect.CodeUnavailable {
			t.Errorf("%s: the stream ended with %v", protocol, err)
		}
	}
	a = start(t, data, allowPrivate, "--shards", "3")
	none(all(7, nil, func() { fetch(7) }))
	seen.Add(len(witnesses))
	all(8, seen.Done, func() { fetch(8); seen.Wait(); a.kill(t) })
	a = start(t, data, allowPrivate, "--shards", "3")
	none(all(9, nil, func() { fetch(9) }))
	for protocol, w := range witnesses {
		if w.told != 8*watchProducts || len(w.last) != watchProducts {
			t.Errorf("%s: was told %d changes of %d products", protocol, w.told, len(w.last))
		}
	}
}

// TestWatchCommand: lines come as prices change, and an interrupt is no failure.
func TestWatchCommand(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", smallList)
	fetched := a.get(t, &atlantv1.FetchRequest{Url: url})
	command := exec.CommandContext(within(t), program, "watch", "--json", "--addr", a.url, "--position", fetched.GetPosition(), "--product", "Bread")
	command.Env = environment()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s.sell("/list.csv", strings.NewReplacer("2.25", "2.35", "1.50", "1.60").Replace(smallList))
	a.get(t, &atlantv1.FetchRequest{Url: url})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var got struct {
		Product struct {
			Name string `json:"name"`
		} `json:"product"`
		Change struct {
			Price struct {
				AmountMicros string `json:"amountMicros"`
			} `json:"price"`
		} `json:"change"`
	}
	if err != nil || json.Unmarshal(line, &got) != nil || got.Product.Name != "Bread" || got.Change.Price.AmountMicros != "2350000" {
		t.Errorf("got %s, %v", line, err)
	}
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

// watchersVariable says how many clients watch at once; each takes some memory of the test as well.
const watchersVariable = "ATLANT_BLACKBOX_WATCHERS"

// TestIdleWatchers: clients that watch and hear nothing cost little, and hear of a change all the same.
func TestIdleWatchers(t *testing.T) {
	t.Parallel()
	watchers, err := strconv.Atoi(os.Getenv(watchersVariable))
	if err != nil {
		watchers = 500
	}
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", smallList)
	a.get(t, &atlantv1.FetchRequest{Url: url})
	products := newAPIOver(newHTTPClient(t, true), a.url, connect.WithGRPC()).products
	before, known := residentMemory(a.cmd.Process.Pid)
	ctx := within(t)
	var joining, hearing sync.WaitGroup
	joining.Add(watchers)
	for range watchers {
		hearing.Go(func() {
			stream, err := products.Watch(ctx, connect.NewRequest(&atlantv1.WatchRequest{}))
			heard := err == nil && stream.Receive()
			joining.Done()
			if !heard {
				t.Errorf("no stream: %v", err)
				return
			}
			for stream.Receive() {
				if len(stream.Msg().GetChanges()) > 0 {
					return
				}
			}
			t.Error(stream.Err())
		})
	}
	joining.Wait()
	after, _ := residentMemory(a.cmd.Process.Pid)
	s.sell("/list.csv", strings.ReplaceAll(smallList, "2.25", "2.35"))
	a.get(t, &atlantv1.FetchRequest{Url: url})
	hearing.Wait()
	told, _ := residentMemory(a.cmd.Process.Pid)
	t.Logf("%d watchers: %d MB more, %d MB more once all were told of a change (%d MB before)",
		watchers, (after-before)>>20, (told-before)>>20, before>>20)
	const most, besides = 100 << 10, 100 << 20 // bytes for each; and what has nothing to do with them
	if known && told-before > int64(watchers)*most+besides {
		t.Errorf("a watcher costs %d KB", (told-before)>>10/int64(watchers))
	}
}
