package jetstream_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// noise returns bytes that are the same for the same seed.
func noise(seed uint64, n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(data)
	return data
}

func put(t tester, store events.ListStore, name string, list []byte) {
	t.Helper()
	size, err := store.PutList(t.Context(), name, bytes.NewReader(list))
	if err != nil || size != int64(len(list)) {
		t.Fatalf("put %d bytes under %q: %d, %v", len(list), name, size, err)
	}
}

// wantList checks what a store has under a name, nil for nothing.
func wantList(t tester, store events.ListStore, name string, want []byte) {
	t.Helper()
	var got bytes.Buffer
	size, err := store.GetList(t.Context(), name, &got)
	if want == nil {
		if !errors.Is(err, events.ErrNoList) || got.Len() > 0 {
			t.Fatalf("got %d bytes of %q: %v", got.Len(), name, err)
		}
		return
	}
	if err != nil || size != int64(len(want)) || !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("got %d bytes of %q, %d: %v; want %d", got.Len(), name, size, err, len(want))
	}
}

// subjectsOf counts the messages of each subject of a bucket.
func subjectsOf(t testing.TB, nc *nats.Conn, bucket string) map[string]uint64 {
	t.Helper()
	stream, err := server(t, nc).Stream(t.Context(), "OBJ_"+bucket)
	wantNoError(t, err)
	info, err := stream.Info(t.Context(), natsjs.WithSubjectFilter(">"))
	wantNoError(t, err)
	return info.State.Subjects
}

// wantTidy checks that a bucket holds so many lists, and chunks of no others.
func wantTidy(t testing.TB, nc *nats.Conn, bucket string, want int) {
	t.Helper()
	heads, chunks := 0, 0
	for subject := range subjectsOf(t, nc, bucket) {
		if strings.Contains(subject, ".M.") {
			heads++
		} else {
			chunks++
		}
	}
	if heads != want || chunks > want {
		t.Fatalf("%s holds %d lists and the chunks of %d; want %d", bucket, heads, chunks, want)
	}
}

const listChunk = 256 << 10

func TestLists(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	for bucket, store := range map[string]events.ListStore{"UPLOADS": log.Uploads(), "HELD": log.HeldLists()} {
		count := 0
		for _, size := range []int{0, 1, listChunk - 1, listChunk, listChunk + 1, 5*listChunk + 7} {
			name := fmt.Sprintf("list of %d / ünï * > .", size)
			wantList(t, store, name, nil)
			put(t, store, name, noise(1, size))
			wantList(t, store, name, noise(1, size))
			count++
		}
		wantTidy(t, nc, bucket, count)
	}
}

func TestListsByTheirSums(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	list := noise(1, 2*listChunk+1)
	for range 2 {
		sum, size, err := log.Uploads().PutListBySum(t.Context(), bytes.NewReader(list))
		if err != nil || sum != sha256.Sum256(list) || size != int64(len(list)) {
			t.Fatal(sum, size, err)
		}
		wantList(t, log.Uploads(), sum.String(), list)
		wantTidy(t, nc, "UPLOADS", 1)
	}
	_, _, err := log.Uploads().PutListBySum(t.Context(), iotest.ErrReader(errBroken))
	wantError(t, err, errBroken)
	wantTidy(t, nc, "UPLOADS", 1)
}

// A store does what a map does, and holds nothing besides.
func TestListsAreAMap(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	store, all := log.HeldLists(), []string{"a", "b"}
	names, sizes := rapid.SampledFrom(all), rapid.SampledFrom([]int{0, 1, 1000, listChunk, listChunk + 1})
	rapid.Check(t, func(rt *rapid.T) {
		want := map[string][]byte{}
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			name := names.Draw(rt, "name")
			switch rapid.SampledFrom([]string{"put", "broken put", "delete"}).Draw(rt, "step") {
			case "put":
				list := noise(rapid.Uint64Max(999).Draw(rt, "seed"), sizes.Draw(rt, "size"))
				put(rt, store, name, list)
				want[name] = list
			case "broken put":
				list := io.MultiReader(bytes.NewReader(noise(7, sizes.Draw(rt, "size"))), iotest.ErrReader(errBroken))
				_, err := store.PutList(t.Context(), name, list)
				wantError(rt, err, errBroken)
			case "delete":
				wantNoError(rt, store.DeleteList(t.Context(), name))
				delete(want, name)
			}
			wantList(rt, store, name, want[name])
		}
		wantTidy(t, nc, "HELD", len(want))
		for _, name := range all {
			wantList(rt, store, name, want[name])
			wantNoError(rt, store.DeleteList(t.Context(), name))
		}
	})
}

var errBroken = errors.New("the line is broken")

// A put that is called off leaves what was there, and nothing else.
func TestPutListCalledOff(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	put(t, log.Uploads(), "list", []byte("before"))
	ctx, cancel := context.WithCancel(t.Context())
	read, written := io.Pipe()
	go func() {
		_, _ = written.Write(noise(1, 3*listChunk))
		cancel()
		_, _ = written.Write(noise(2, 3*listChunk))
		_ = written.Close()
	}()
	_, err := log.Uploads().PutList(ctx, "list", read)
	wantError(t, err, context.Canceled)
	_ = read.Close()
	wantList(t, log.Uploads(), "list", []byte("before"))
	wantTidy(t, nc, "UPLOADS", 1)
}

// Of puts at the same time one counts, whole, and the others leave nothing.
func TestPutListAtOnce(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	done := make(chan error)
	for i := range uint64(6) {
		go func() {
			_, err := log.Uploads().PutList(t.Context(), "list", bytes.NewReader(noise(i, 2*listChunk)))
			done <- err
		}()
	}
	for range 6 {
		wantNoError(t, <-done)
	}
	var got bytes.Buffer
	_, err := log.Uploads().GetList(t.Context(), "list", &got)
	wantNoError(t, err)
	found := false
	for i := range uint64(6) {
		found = found || bytes.Equal(got.Bytes(), noise(i, 2*listChunk))
	}
	if !found {
		t.Error("it is a mixture")
	}
	wantTidy(t, nc, "UPLOADS", 1)
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A list that is put again while it is read is read to its end; one that another takes the place of is not mixed with it.
func TestGetListReplaced(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	store, list := log.Uploads(), noise(1, 4*listChunk+9)
	for name, test := range map[string]struct {
		replace func(name string) error
		want    error
	}{
		"by the same": {func(name string) error { put(t, store, name, list); return nil }, nil},
		"by another":  {func(name string) error { put(t, store, name, noise(2, 9)); return nil }, events.ErrUnavailable},
		"by nothing":  {func(name string) error { return store.DeleteList(t.Context(), name) }, events.ErrNoList},
	} {
		put(t, store, name, list)
		var got bytes.Buffer
		_, err := store.GetList(t.Context(), name, writerFunc(func(p []byte) (int, error) {
			if got.Len() == 0 {
				wantNoError(t, test.replace(name))
			}
			return got.Write(p)
		}))
		if !errors.Is(err, test.want) || !bytes.HasPrefix(list, got.Bytes()) || (err == nil) != (got.Len() == len(list)) {
			t.Errorf("%s: got %d bytes, %v", name, got.Len(), err)
		}
	}
}

func TestGetListToBrokenWriter(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	put(t, log.Uploads(), "list", noise(1, 3*listChunk))
	size, err := log.Uploads().GetList(t.Context(), "list", writerFunc(func(p []byte) (int, error) { return len(p) / 2, errBroken }))
	wantError(t, err, errBroken)
	if size != listChunk/2 {
		t.Errorf("%d bytes", size)
	}
}

// What expires does so chunk by chunk: a list of which some are gone is none.
func TestGetListThatExpires(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	put(t, log.Uploads(), "list", noise(1, 3*listChunk))
	stream, err := server(t, nc).Stream(t.Context(), "OBJ_UPLOADS")
	wantNoError(t, err)
	wantNoError(t, stream.DeleteMsg(t.Context(), 1))
	_, err = log.Uploads().GetList(t.Context(), "list", io.Discard)
	wantError(t, err, events.ErrNoList)
}

// A bucket is an object store of NATS, for others who look at it.
func TestListsAreAnObjectStore(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	put(t, log.HeldLists(), "ours", noise(1, 2*listChunk+1))
	store, err := server(t, nc).ObjectStore(t.Context(), "HELD")
	wantNoError(t, err)
	ours, err := store.GetBytes(t.Context(), "ours")
	if err != nil || !bytes.Equal(ours, noise(1, 2*listChunk+1)) {
		t.Errorf("%d bytes, %v", len(ours), err)
	}
	_, err = store.PutBytes(t.Context(), "theirs", noise(2, 300_000))
	wantNoError(t, err)
	wantList(t, log.HeldLists(), "theirs", noise(2, 300_000))
	wantNoError(t, store.Delete(t.Context(), "theirs"))
	wantList(t, log.HeldLists(), "theirs", nil)
	put(t, log.HeldLists(), "theirs", []byte("ours again"))
	wantList(t, log.HeldLists(), "theirs", []byte("ours again"))
}

// A process that is killed in the middle of a put leaves chunks of which no head tells. Nobody sees them, and where nothing
// expires the next put sweeps them up, unless they may be of a put that is under way.
func TestListsAreSweptUp(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	put(t, log.HeldLists(), "kept", noise(1, listChunk))
	js := server(t, nc)
	old, err := uuid.NewV7()
	wantNoError(t, err)
	young := old
	copy(old[:6], []byte{1, 0x90, 0, 0, 0, 0}) // of 2024
	for _, chunks := range []string{old.String(), young.String(), "Jp0u4Vwq3VrPBSqTeLZcdF"} {
		for range 2 {
			_, err := js.Publish(t.Context(), "$O.HELD.C."+chunks, []byte("chunk"))
			wantNoError(t, err)
		}
	}
	put(t, log.HeldLists(), "another", noise(2, listChunk))
	subjects := subjectsOf(t, nc, "HELD")
	if subjects["$O.HELD.C."+old.String()] != 0 || subjects["$O.HELD.C."+young.String()] != 2 || len(subjects) != 2+2+2 {
		t.Errorf("there are %v", subjects)
	}
	wantList(t, log.HeldLists(), "kept", noise(1, listChunk))
	wantList(t, log.HeldLists(), "another", noise(2, listChunk))
}

func TestListThatCannotBeRead(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	_, err := server(t, nc).Publish(t.Context(), "$O.HELD.M."+base64.URLEncoding.EncodeToString([]byte("list")), []byte("{"))
	wantNoError(t, err)
	_, err = log.HeldLists().GetList(t.Context(), "list", io.Discard)
	wantError(t, err, events.ErrMalformed)
}

// While the log is away nothing is said about lists, least of all that there are none.
func TestListsWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{})
	stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	_, err := log.Uploads().PutList(ctx, "list", strings.NewReader("a"))
	wantError(t, err, events.ErrUnavailable)
	_, err = log.Uploads().GetList(ctx, "list", io.Discard)
	wantError(t, err, events.ErrUnavailable)
	wantError(t, log.Uploads().DeleteList(ctx, "list"), events.ErrUnavailable)
}

// What is put outlives the process.
func TestListsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nc, stop := start(t, dir)
	put(t, open(t, nc, jetstream.Config{}).HeldLists(), "list", noise(1, 2*listChunk))
	stop()
	nc, _ = start(t, dir)
	wantList(t, open(t, nc, jetstream.Config{}).HeldLists(), "list", noise(1, 2*listChunk))
}

// A list for which there is no room leaves nothing, and others stay.
func TestPutListWithoutRoom(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	js := server(t, nc)
	config := streamConfig(t, js, "OBJ_UPLOADS")
	config.MaxBytes = 4 * listChunk
	_, err := js.UpdateStream(t.Context(), config)
	wantNoError(t, err)
	put(t, log.Uploads(), "small", noise(1, listChunk))
	_, err = log.Uploads().PutList(t.Context(), "large", bytes.NewReader(noise(2, 5*listChunk)))
	wantError(t, err, events.ErrFull)
	wantError(t, err, events.ErrUnavailable)
	wantList(t, log.Uploads(), "large", nil)
	wantList(t, log.Uploads(), "small", noise(1, listChunk))
	wantTidy(t, nc, "UPLOADS", 1)
}
