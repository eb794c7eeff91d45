package blackbox_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	diskMegabytes = 160
	bigRows       = 20_000
	bigLists      = 3
	// roomLeft is less than one list takes.
	roomLeft = 60 * bigRows
	// fullFor is how long the disk stays full.
	fullFor    = 3 * time.Second
	diskIsFull = "the disk of the log is full"
)

// TestDiskFull: while the disk of the log is full Atlant says so and takes nothing; what it took is not lost, and when there
// is room again it goes on by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	f := newFullDisk(t)
	f.fillUp(t)
	time.Sleep(fullFor)
	f.expectRefusal(t)
	f.disk.makeRoom(t)
	room := time.Now()
	eventuallyf(t, func() bool { return f.askSmall(t) }, "Atlant does not go on")
	wentOn := time.Since(room)
	f.finish(t, wentOn)
	f.launch(t) // and all is known to the next one
	f.awaitUp(t)
	f.finish(t, wentOn)
}

// TestDiskFullKill: an Atlant that is killed while the disk is full does not start before there is room, which would cost
// the log a part of a batch, and then it has all that was accepted.
func TestDiskFullKill(t *testing.T) {
	t.Parallel()
	f := newFullDisk(t)
	f.fillUp(t)
	f.kill(t)
	f.launch(t)
	if code := f.exitCode(t); code != 1 || !strings.Contains(f.stderr.String(), diskIsFull) ||
		!strings.Contains(f.stderr.String(), "make some room") {
		t.Errorf("on a full disk Atlant exited with %d:\n%s", code, f.stderr)
	}
	f.disk.makeRoom(t)
	room := time.Now()
	f.launch(t)
	f.awaitUp(t)
	eventuallyf(t, func() bool { return f.askSmall(t) }, "Atlant does not go on")
	f.finish(t, time.Since(room))
}

// fullDisk is an Atlant whose log is on a small disk.
type fullDisk struct {
	*atlant
	disk  *smallDisk
	data  string
	shop  *shop
	lists map[string][]item // by URL

	requests int             // small ones, so far
	accepted map[string]bool // the ids of fetches that were answered with success
	refused  int
}

func newFullDisk(t *testing.T) *fullDisk {
	t.Helper()
	f := &fullDisk{data: t.TempDir(), shop: newShop(t), lists: map[string][]item{}, accepted: map[string]bool{}}
	log := filepath.Join(f.data, "log")
	if err := os.Mkdir(log, 0o750); err != nil {
		t.Fatal(err)
	}
	f.disk = newSmallDisk(t, log, diskMegabytes)
	f.launch(t)
	f.awaitUp(t)
	return f
}

func (f *fullDisk) launch(t *testing.T) {
	t.Helper()
	f.atlant = f.disk.launch(t, upArguments(f.data, allowPrivate)...)
}

// fillUp publishes a big list in peace, and then some more of them and many small ones until requests are refused because
// the disk is full.
func (f *fullDisk) fillUp(t *testing.T) {
	t.Helper()
	for n := range bigLists {
		if n == 1 {
			f.disk.fill(t, roomLeft)
		}
		items := make([]item, bigRows)
		for i := range items {
			items[i] = item{fmt.Sprintf("product %d of the big list", i), int64(100 + i%500)}
			if i%50 == 0 {
				items[i].cents += int64(1000 * n)
			}
		}
		id, accepted := f.request(t, &atlantv1.FetchRequest{Url: f.sell(fmt.Sprintf("/big-%d.csv", n), items), Source: "big"})
		if !accepted { // the lists before it have filled the disk already
			break
		}
		if n == 0 {
			f.await(t, id)
			f.caughtUp(t)
		}
	}
	eventuallyf(t, func() bool { f.askSmall(t); return f.refused > 0 }, "the disk does not get full")
}

func (f *fullDisk) sell(path string, items []item) string {
	url := f.shop.sell(path, list(items))
	f.lists[url] = items
	return url
}

// askSmall asks for a small list of its own, and tells whether that was accepted. The only other answer there may be is
// that the disk is full; while Atlant is about to go on, that the log is not there yet.
func (f *fullDisk) askSmall(t *testing.T) bool {
	t.Helper()
	f.requests++
	url := f.sell(fmt.Sprintf("/small-%d.csv", f.requests), []item{{"Milk", int64(f.requests)}, {fmt.Sprint("only here ", f.requests), 5}})
	_, accepted := f.request(t, &atlantv1.FetchRequest{Url: url, Source: "small"})
	return accepted
}

// request asks for a fetch and notes whether it is accepted; if not, because the disk is full.
func (f *fullDisk) request(t *testing.T, request *atlantv1.FetchRequest) (id string, accepted bool) {
	t.Helper()
	response, err := f.fetches.Fetch(within(t), connect.NewRequest(request))
	if err == nil {
		id = response.Msg.GetFetch().GetId()
		f.accepted[id] = true
		return id, true
	}
	f.refused++
	var refusal *connect.Error
	if !errors.As(err, &refusal) || refusal.Code() != connect.CodeResourceExhausted || !strings.Contains(refusal.Message(), diskIsFull) {
		t.Errorf("on a full disk a request is answered with %v", err)
	}
	return "", false
}

// expectRefusal: Atlant refuses requests and says why to whoever asks, and serves what it has.
func (f *fullDisk) expectRefusal(t *testing.T) {
	t.Helper()
	if f.askSmall(t) {
		t.Error("a request was accepted on a full disk")
	}
	response, err := http.Get(f.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), diskIsFull) {
		t.Errorf("/readyz: %d %s", response.StatusCode, body)
	}
	if !strings.Contains(f.stderr.String(), `msg="`+diskIsFull) {
		t.Error("the output does not say that the disk is full")
	}
	if r := run(t, "fetch", "--addr", f.url, f.shop.URL+"/small-1.csv"); r.code != 1 || !strings.Contains(r.errOut, diskIsFull) {
		t.Errorf("atlant fetch: %+v", r)
	}
	if n := f.total(t, "big"); n != bigRows {
		t.Errorf("on a full disk %d products can be read", n)
	}
}

// finish sees all that was accepted done, and compares the views and the log with the lists.
func (f *fullDisk) finish(t *testing.T, wentOn time.Duration) {
	t.Helper()
	for id := range f.accepted {
		f.await(t, id)
	}
	f.caughtUp(t)
	d := f.dump(t)
	m, known, rows := newModel(), map[string]*atlantv1.Fetch{}, int64(0)
	for _, fetch := range slices.Backward(d.Fetches) { // in the order of their requests
		known[fetch.GetId()] = fetch
		size := int64(len(f.lists[fetch.GetUrl()]))
		counts{size, size, 0, 0, size}.expect(t, fetch)
		if fetch.GetState() != completed {
			t.Errorf("not completed: %v", fetch)
		}
		rows += size
		m.observe(fetch, f.lists[fetch.GetUrl()])
	}
	for id := range f.accepted {
		if known[id] == nil {
			t.Errorf("fetch %s was accepted and is lost", id)
		}
	}
	m.expectProducts(t, d.Products, func(*atlantv1.Product) bool { return true })
	for _, p := range d.Products {
		m.expectChanges(t, p, d.Changes[p.GetId()])
	}
	if r := run(t, "verify", "--addr", f.url); r.code != 0 || !strings.Contains(r.out, "equal") {
		t.Errorf("atlant verify: %+v", r)
	}
	f.stop(t)
	inLog := readLog(t, f.disk.path, known)
	t.Logf("fetches accepted %d, refused %d, refused and done all the same %d; rows accepted %d, in the log %d, lost %d; went on after %v",
		len(f.accepted), f.refused, len(known)-len(f.accepted), rows, inLog, rows-inLog, wentOn.Round(time.Millisecond))
	if rows != inLog {
		t.Errorf("the log holds %d rows, want %d", inLog, rows)
	}
}
