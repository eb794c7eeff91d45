package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// filesInMemory is an archive that a test can look into.
type filesInMemory map[string]*bytes.Buffer

// Create implements jetstream.Archive.
func (f filesInMemory) Create(name string) (io.Writer, error) {
	f[name] = &bytes.Buffer{}
	return f[name], nil
}

// fs returns the files as a restore takes them.
func (f filesInMemory) fs() fstest.MapFS {
	all := fstest.MapFS{}
	for name, data := range f {
		all[name] = &fstest.MapFile{Data: data.Bytes()}
	}
	return all
}

func backUp(t testing.TB, nc *nats.Conn) (filesInMemory, *jetstream.BackedUp) {
	t.Helper()
	files := filesInMemory{}
	contents, err := jetstream.Backup(t.Context(), nc, files, func(string, int64) {})
	wantNoError(t, err)
	return files, contents
}

// restoreOf is the restore of a back-up that changes nothing of it.
func restoreOf(files filesInMemory, contents *jetstream.BackedUp, replicas int) jetstream.RestoreConfig {
	return jetstream.RestoreConfig{
		ID: "a back-up", Files: files.fs(), Contents: *contents, Replicas: replicas,
		Recover: func(context.Context, *jetstream.Log) error { return nil }, Report: func(string, int64) {},
	}
}

// fillLog writes something of all that a log holds, and takes a part of it away again.
func fillLog(t testing.TB, log *jetstream.Log) {
	t.Helper()
	for range 3 {
		fetch := publish(t, log, 40)
		_, err := log.AppendFetchEvents(t.Context(), fetch, 0, &atlantv1.FetchEvent{
			At: timestamppb.Now(), Event: &atlantv1.FetchEvent_Requested{Requested: &atlantv1.FetchRequested{Id: fetch.String()}},
		})
		wantNoError(t, err)
	}
	requests := enqueue(t, log, 3)
	queue := take(t, log)
	wantNoError(t, dequeue(t, queue, requests[0]).Done(t.Context()))
	wantNoError(t, log.Park(t.Context(), events.Message{Stream: events.PriceStream(0), Sequence: 7, Data: []byte("?")}, errors.New("odd")))
	_, err := log.RegisterSource(t.Context(), &atlantv1.SourceRecord{Name: "shop.de", Url: "http://example.com/"}, 0,
		&atlantv1.SourceAlarm{Source: "shop.de", DueAt: timestamppb.New(time.Now().Add(time.Hour))})
	wantNoError(t, err)
	for _, lists := range []events.ListStore{log.Uploads(), log.HeldLists()} {
		_, err := lists.PutList(t.Context(), "list", strings.NewReader(strings.Repeat("Milk;1.50\n", 100_000)))
		wantNoError(t, err)
	}
}

// askAgain asks until there is an answer: there is none while another server begins to lead.
func askAgain[T any](ask func() (T, error)) (answer T, err error) {
	for range 10 {
		if answer, err = ask(); !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return answer, err
}

// contentsOf returns every message of a log, but for the claims of living processes.
func contentsOf(t testing.TB, nc *nats.Conn) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	// All names first: while they are listed the clock of that request runs.
	for _, name := range streamNames(t, nc) {
		stream, err := askAgain(func() (natsjs.Stream, error) { return server(t, nc).Stream(t.Context(), name) })
		wantNoError(t, err)
		for sequence := uint64(1); sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
			msg, err := askAgain(func() (*natsjs.RawStreamMsg, error) { return stream.GetMsg(t.Context(), sequence) })
			if errors.Is(err, natsjs.ErrMsgNotFound) {
				all[name] = append(all[name], "gone")
				continue
			}
			wantNoError(t, err)
			all[name] = append(all[name], msg.Time.String()+" "+msg.Subject+" "+msg.Header.Get(natsjs.ScheduleHeader)+" "+string(msg.Data))
		}
	}
	return all
}

// TestBackup: what is restored is what was backed up, message for message, in a folder and on a cluster.
func TestBackup(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 3)
	fillLog(t, log)
	want := contentsOf(t, nc)
	files, contents := backUp(t, nc)
	if len(contents.Streams) != 12 || contents.Shards != 3 {
		t.Errorf("got %+v", contents)
	}

	dir := filepath.Join(t.TempDir(), "log")
	wantNoError(t, jetstream.RestoreFolder(t.Context(), dir, restoreOf(files, contents, 1), quiet))
	if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 1 {
		t.Errorf("beside the log there are %v, %v", left, err)
	}
	restored, _ := start(t, dir)
	if diff := cmp.Diff(want, contentsOf(t, restored)); diff != "" {
		t.Errorf("in a folder, -backed up +restored:\n%s", diff[:min(len(diff), 2000)])
	}
	again := open(t, restored, jetstream.Config{})
	alarm, err := again.Alarm(t.Context(), "shop.de")
	if err != nil || alarm == nil || again.Shards() != 3 {
		t.Errorf("got alarm %v, %v and %d shards", alarm, err, again.Shards())
	}
	publish(t, again, 2) // it takes more

	cluster := natstest.StartCluster(t, 3)
	clustered := connect(t, cluster.URL())
	wantNoError(t, jetstream.Restore(t.Context(), clustered, restoreOf(files, contents, 3)))
	if diff := cmp.Diff(want, contentsOf(t, clustered)); diff != "" {
		t.Errorf("on a cluster, -backed up +restored:\n%s", diff[:min(len(diff), 2000)])
	}
	publish(t, open(t, clustered, jetstream.Config{Replicas: 3}), 2)
	onCluster, _ := backUp(t, clustered)
	if len(onCluster) != len(files) {
		t.Errorf("the back-up of a cluster has %d files, that of a folder %d", len(onCluster), len(files))
	}
}

// TestRestoreRefuses: nothing is written over, and of a back-up with something missing no log is made.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	publish(t, log, 1)
	files, contents := backUp(t, nc)

	var faults jetstream.FaultsError
	if err := jetstream.Restore(t.Context(), nc, restoreOf(files, contents, 1)); !errors.As(err, &faults) {
		t.Errorf("into a log: got %v", err)
	}
	dir := filepath.Join(t.TempDir(), "log")
	wantNoError(t, os.Mkdir(dir, 0o750))
	if err := jetstream.RestoreFolder(t.Context(), dir, restoreOf(files, contents, 1), quiet); !errors.As(err, &faults) {
		t.Errorf("into a folder that is there: got %v", err)
	}

	for name, spoil := range map[string]func(filesInMemory, *jetstream.BackedUp){
		"does not hold stream PRICES_00": func(_ filesInMemory, c *jetstream.BackedUp) { c.Streams = without(c.Streams, "PRICES_00") },
		"does not know": func(_ filesInMemory, c *jetstream.BackedUp) {
			c.Streams = append(c.Streams, jetstream.BackedUpStream{Name: "NEW"})
		},
		"it holds":            func(_ filesInMemory, c *jetstream.BackedUp) { c.Streams[len(c.Streams)-1].Last++ },
		"file does not exist": func(f filesInMemory, _ *jetstream.BackedUp) { delete(f, "PRICES_00/backup.json") },
		"0 shards":            func(_ filesInMemory, c *jetstream.BackedUp) { c.Shards = 0 },
		"restore stream PRICES_00": func(f filesInMemory, _ *jetstream.BackedUp) {
			f["PRICES_00/stream.arc.s2"].Truncate(f["PRICES_00/stream.arc.s2"].Len() / 2)
		},
	} {
		files, contents := backUp(t, nc)
		spoil(files, contents)
		to := filepath.Join(t.TempDir(), "log")
		err := jetstream.RestoreFolder(t.Context(), to, restoreOf(files, contents, 1), quiet)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
		if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: there is a log nevertheless", name)
		}
	}
}

func without(streams []jetstream.BackedUpStream, name string) []jetstream.BackedUpStream {
	var rest []jetstream.BackedUpStream
	for _, s := range streams {
		if s.Name != name {
			rest = append(rest, s)
		}
	}
	return rest
}

// TestRestoreInterrupted: what an interrupted restore leaves nobody opens, and the next one begins anew.
func TestRestoreInterrupted(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 2)
	fillLog(t, log)
	want := contentsOf(t, nc)
	files, contents := backUp(t, nc)

	to, _ := start(t, t.TempDir())
	interrupted := restoreOf(files, contents, 1)
	interrupted.Recover = func(context.Context, *jetstream.Log) error { return context.Canceled }
	wantError(t, jetstream.Restore(t.Context(), to, interrupted), context.Canceled)
	if _, err := jetstream.Open(t.Context(), to, jetstream.Config{}); err == nil || !strings.Contains(err.Error(), "atlant restore") {
		t.Errorf("opened what was restored in part: %v", err)
	}
	if _, err := jetstream.Backup(t.Context(), to, filesInMemory{}, func(string, int64) {}); err == nil {
		t.Error("backed up what was restored in part")
	}
	another := restoreOf(files, contents, 1)
	another.ID = "another back-up"
	var faults jetstream.FaultsError
	if err := jetstream.Restore(t.Context(), to, another); !errors.As(err, &faults) {
		t.Errorf("another back-up was restored over it: %v", err)
	}
	wantNoError(t, jetstream.Restore(t.Context(), to, restoreOf(files, contents, 1)))
	if diff := cmp.Diff(want, contentsOf(t, to)); diff != "" {
		t.Errorf("-backed up +restored:\n%s", diff[:min(len(diff), 2000)])
	}
	open(t, to, jetstream.Config{})

	dir := filepath.Join(t.TempDir(), "log")
	wantError(t, jetstream.RestoreFolder(t.Context(), dir, interrupted, quiet), context.Canceled)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a part of a log is in its place: %v", err)
	}
	wantNoError(t, jetstream.RestoreFolder(t.Context(), dir, restoreOf(files, contents, 1), quiet))
	inFolder, _ := start(t, dir)
	if diff := cmp.Diff(want, contentsOf(t, inFolder)); diff != "" {
		t.Errorf("-backed up +restored:\n%s", diff[:min(len(diff), 2000)])
	}
}

// TestBackupOfNothing: where there is no log nothing is backed up.
func TestBackupOfNothing(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	_, err := jetstream.Backup(t.Context(), nc, filesInMemory{}, func(string, int64) {})
	wantError(t, err, jetstream.ErrNoLog)
}

// failingArchive has room for a little.
type failingArchive struct{ err error }

func (f failingArchive) Create(string) (io.Writer, error) { return f, nil }
func (f failingArchive) Write([]byte) (int, error)        { return 0, f.err }

// TestBackupFails: that the back-up cannot be written is not blamed on the log.
func TestBackupFails(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	publish(t, log, 1)
	full := errors.New("no room")
	_, err := jetstream.Backup(t.Context(), nc, failingArchive{full}, func(string, int64) {})
	if !errors.Is(err, full) || errors.Is(err, events.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestConnectLocal: another process reads the log of one that runs, until that stops.
func TestConnectLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := jetstream.ConnectLocal(dir, quiet); err == nil {
		t.Error("connected to nobody")
	}
	nc, stop := start(t, dir)
	fillLog(t, open(t, nc, jetstream.Config{Shards: 2}))
	info, err := os.Stat(filepath.Join(dir, "socket"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	local, err := jetstream.ConnectLocal(dir, quiet)
	wantNoError(t, err)
	t.Cleanup(local.Close)
	files, _ := backUp(t, local)
	inProcess, _ := backUp(t, nc)
	if len(files) != len(inProcess) {
		t.Errorf("got %d files, want %d", len(files), len(inProcess))
	}
	stop()
	if _, err := jetstream.ConnectLocal(dir, quiet); err == nil {
		t.Error("connected to a server that has stopped")
	}
	start(t, dir)
	local, err = jetstream.ConnectLocal(dir, quiet)
	wantNoError(t, err)
	local.Close()
}
