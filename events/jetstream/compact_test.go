package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// firstOfEach retains the first observation of each product.
type firstOfEach struct {
	known map[events.ProductID]bool
	stay  []bool
	spare int // of how many that stay it says otherwise
}

func newFirstOfEach() events.Retention { return &firstOfEach{known: map[events.ProductID]bool{}} }

func (f *firstOfEach) Take(observations []events.Observation) {
	for i := range observations {
		id := observations[i].ProductID()
		f.stay = append(f.stay, !f.known[id])
		f.known[id] = true
	}
}

func (f *firstOfEach) Stays(n int64) bool { return f.stay[n] && n >= int64(f.spare) }

func (f *firstOfEach) Retained() events.Retained {
	return events.Retained{All: int64(len(f.stay)), Stay: int64(len(f.known))}
}

func (f *firstOfEach) End() events.RetentionOutcome {
	return events.RetentionOutcome{Products: int64(len(f.known))}
}

func compactionOf(files filesInMemory, contents *jetstream.BackedUp, before time.Time) jetstream.CompactConfig {
	return jetstream.CompactConfig{
		Files: files.fs(), Contents: *contents, Before: before, Retention: newFirstOfEach, Report: func(string, int64) {},
	}
}

// compact compacts a back-up.
func compact(t testing.TB, config jetstream.CompactConfig) (*jetstream.Compaction, filesInMemory, *jetstream.BackedUp) {
	t.Helper()
	compaction, err := jetstream.SurveyCompaction(t.Context(), config)
	wantNoError(t, err)
	files := filesInMemory{}
	contents, err := compaction.Write(t.Context(), files)
	wantNoError(t, err)
	return compaction, files, contents
}

// publishLines publishes lines first, …, last.
func publishLines(t testing.TB, log *jetstream.Log, first, last int64) events.FetchID {
	t.Helper()
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, first, last)
	mustFinish(t, writer, last-first+1)
	return fetch
}

// message is one of a stream, with what it observes if it does.
type message struct {
	natsjs.RawStreamMsg

	Observations []events.Observation
}

// messagesOf returns the messages of a stream.
func messagesOf(t testing.TB, nc *nats.Conn, name string) []message {
	t.Helper()
	stream, err := server(t, nc).Stream(t.Context(), name)
	wantNoError(t, err)
	var all []message
	for sequence := uint64(1); sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
		msg, err := stream.GetMsg(t.Context(), sequence)
		if err != nil {
			wantError(t, err, natsjs.ErrMsgNotFound)
			continue
		}
		m := message{RawStreamMsg: *msg}
		if strings.HasSuffix(msg.Subject, ".observed") {
			m.Observations, err = events.DecodeObservations(nil, msg.Data)
			wantNoError(t, err)
			m.Data = nil
		}
		all = append(all, m)
	}
	return all
}

// wantMessages compares messages one by one; to work out a difference of tens of thousands of observations takes long.
func wantMessages(t testing.TB, want, got []message) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d messages, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		w, g := &want[i], &got[i]
		if w.Subject != g.Subject || w.Sequence != g.Sequence || !w.Time.Equal(g.Time) || !bytes.Equal(w.Data, g.Data) ||
			!maps.EqualFunc(w.Header, g.Header, slices.Equal) || !slices.Equal(w.Observations, g.Observations) {
			t.Fatalf("message %d: got %.500s, want %.500s", i, fmt.Sprintf("%+v", g), fmt.Sprintf("%+v", w))
		}
	}
}

// leaveOut leaves the first observation of each product in messages that are older, and takes those away that have none.
func leaveOut(messages []message, before time.Time) (left []message) {
	known := map[string]bool{}
	for _, m := range messages {
		if len(m.Observations) > 0 && m.Time.Before(before) {
			m.Observations = slices.DeleteFunc(slices.Clone(m.Observations), func(o events.Observation) bool {
				defer func() { known[o.Name] = true }()
				return known[o.Name]
			})
			if len(m.Observations) == 0 {
				continue
			}
		}
		left = append(left, m)
	}
	return left
}

// TestCompact: of a back-up that was compacted a log is made in which each message that stays is where it was, as it was, without
// the observations that are left out; and all else is the same. It takes more, and can be backed up and compacted again.
func TestCompact(t *testing.T) {
	t.Parallel()
	const shards = 2
	log, nc := newLog(t, shards)
	fillLog(t, log)
	first := publishLines(t, log, 5_000, 12_000)
	publishLines(t, log, 10_000, 15_000) // some of whose messages lose a part, some all, some nothing
	time.Sleep(time.Millisecond)
	before := time.Now()
	publishLines(t, log, 1, 1_000)
	files, contents := backUp(t, nc)
	want := contentsOf(t, nc)

	compaction, smaller, smallerContents := compact(t, compactionOf(files, contents, before))
	dir := filepath.Join(t.TempDir(), "log")
	wantNoError(t, jetstream.RestoreFolder(t.Context(), dir, restoreOf(smaller, smallerContents, 1), quiet))
	restored, _ := start(t, dir)
	got := contentsOf(t, restored)
	for shard := range shards {
		stream := string(events.PriceStream(shard))
		whole := messagesOf(t, nc, stream)
		left := leaveOut(whole, before)
		wantMessages(t, left, messagesOf(t, restored, stream))
		says := compaction.Streams()[shard]
		if gone := uint64(len(whole) - len(left)); says.Gone != gone || gone == 0 || says.Name != stream || says.Unread != 0 {
			t.Errorf("got %+v, want %d messages less", says, gone)
		}
		delete(want, stream)
		delete(got, stream)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of the other streams, -backed up +restored:\n%s", diff[:min(len(diff), 2000)])
	}
	for name, data := range files {
		if !strings.HasPrefix(name, "PRICES_") && !bytes.Equal(smaller[name].Bytes(), data.Bytes()) {
			t.Errorf("%s is not what it was", name)
		}
	}

	again := open(t, restored, jetstream.Config{})
	for shard := range shards {
		if all := readAll(t, again, events.PriceStream(shard), 0); len(all) != len(messagesOf(t, restored, string(events.PriceStream(shard)))) {
			t.Errorf("of shard %d %d messages can be read", shard, len(all))
		}
	}
	if writer := write(t, again, first); writer.Published() != 7_001 {
		t.Errorf("the log knows of %d prices of a fetch", writer.Published())
	}
	publishLines(t, again, 1, 100)
	files, contents = backUp(t, restored)
	compaction, smaller, _ = compact(t, compactionOf(files, contents, before))
	for _, s := range compaction.Streams() {
		if s.Stay != s.All || s.Gone != 0 || !bytes.Equal(smaller[s.Name+"/stream.arc.s2"].Bytes(), files[s.Name+"/stream.arc.s2"].Bytes()) {
			t.Errorf("compacted again: %+v", s)
		}
	}
}

// TestCompactStopsAtWhatItCannotRead: behind a message of a newer version all stays, and so does the last message.
func TestCompactStopsAtWhatItCannotRead(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	publishLines(t, log, 1, 10)
	publishLines(t, log, 1, 10)
	for _, subject := range []string{"prices.0.newer", "prices.0.observed"} {
		_, err := server(t, nc).Publish(t.Context(), subject, []byte("?"))
		wantNoError(t, err)
	}
	publishLines(t, log, 1, 10)
	files, contents := backUp(t, nc)
	compaction, smaller, smallerContents := compact(t, compactionOf(files, contents, time.Now().Add(time.Hour)))
	want := jetstream.CompactedStream{Name: "PRICES_00", Retained: events.Retained{All: 20, Stay: 10}, Gone: 1, Unread: 5}
	if diff := cmp.Diff([]jetstream.CompactedStream{want}, compaction.Streams()); diff != "" {
		t.Error(diff)
	}
	to, _ := start(t, t.TempDir())
	wantNoError(t, jetstream.Restore(t.Context(), to, restoreOf(smaller, smallerContents, 1)))
	all := contentsOf(t, nc)["PRICES_00"]
	all[2] = "gone"
	if diff := cmp.Diff(all, contentsOf(t, to)["PRICES_00"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	_, nc = newLog(t, 1)
	for range 2 { // without the marker that each batch ends with
		_, err := server(t, nc).Publish(t.Context(), "prices.0.observed", encodeOne(t, 1))
		wantNoError(t, err)
	}
	files, contents = backUp(t, nc)
	compaction, _, _ = compact(t, compactionOf(files, contents, time.Now().Add(time.Hour)))
	if s := compaction.Streams()[0]; s.Stay != s.All || s.All != 1 {
		t.Errorf("the last message does not stay: %+v", s)
	}
}

// encodeOne encodes the observation of a line.
func encodeOne(t testing.TB, line int64) []byte {
	t.Helper()
	var group events.Group
	wantNoError(t, group.Add(observation(events.FetchID{1}, line)))
	return group.AppendTo(nil)
}

// TestCompactRefuses: what is not a whole back-up of this form is not compacted.
func TestCompactRefuses(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	publishLines(t, log, 1, 10_000)
	files, contents := backUp(t, nc)
	const file = "PRICES_00/stream.arc.s2"
	last := len(contents.Streams) - 1
	packed := files[file].Bytes()
	plain := new(bytes.Buffer)
	_, err := plain.ReadFrom(s2.NewReader(bytes.NewReader(packed)))
	wantNoError(t, err)
	replaced := func(from, to string) []byte {
		if !bytes.Contains(plain.Bytes(), []byte(from)) {
			t.Errorf("there is no %s", from)
		}
		return bytes.Replace(plain.Bytes(), []byte(from), []byte(to), 1)
	}
	count := contents.Streams[last].Messages
	const endBytes = 5
	for name, test := range map[string]struct {
		says  string
		plain []byte // the file, unpacked
		spoil func(filesInMemory, *jetstream.BackedUp)
	}{
		"old form":    {says: "before 2.15", spoil: func(f filesInMemory, _ *jetstream.BackedUp) { delete(f, file) }},
		"no prices":   {says: "does not hold", spoil: func(_ filesInMemory, c *jetstream.BackedUp) { c.Streams = c.Streams[:last] }},
		"other count": {says: "the manifest", spoil: func(_ filesInMemory, c *jetstream.BackedUp) { c.Streams[last].Messages++ }},
		"cut off": {says: "corrupt", spoil: func(f filesInMemory, _ *jetstream.BackedUp) {
			f[file] = bytes.NewBuffer(packed[:len(packed)/2])
		}},
		"a bit": {says: "corrupt", spoil: func(f filesInMemory, _ *jetstream.BackedUp) {
			f[file] = bytes.NewBuffer(bytes.Clone(packed))
			f[file].Bytes()[len(packed)/2] ^= 1
		}},
		"empty":            {says: "breaks off", plain: []byte{}},
		"no end":           {says: "breaks off behind message", plain: plain.Bytes()[:plain.Len()-endBytes]},
		"more":             {says: "something follows", plain: append(bytes.Clone(plain.Bytes()), make([]byte, endBytes)...)},
		"another version":  {says: "invalid archive", plain: replaced("NATSARC1", "NATSARC2")},
		"another entry":    {says: "the state of the stream", plain: replaced("state.json", "stats.json")},
		"consumers":        {says: "consumers", plain: replaced(`"consumer_count":0`, `"consumer_count":1`)},
		"state without it": {says: "its state", plain: replaced(`"messages"`, `"messages:`)},
		"a message less": {
			says: "its state says", plain: replaced(fmt.Sprintf(`"messages":%d`, count), fmt.Sprintf(`"messages":%d`, count+1)),
			spoil: func(_ filesInMemory, c *jetstream.BackedUp) { c.Streams[last].Messages++ },
		},
	} {
		spoilt, about := maps.Clone(files), *contents
		about.Streams = slices.Clone(contents.Streams)
		if test.plain != nil {
			spoilt[file] = new(bytes.Buffer)
			w := s2.NewWriter(spoilt[file])
			_, err := w.Write(test.plain)
			wantNoError(t, errors.Join(err, w.Close()))
		}
		if test.spoil != nil {
			test.spoil(spoilt, &about)
		}
		compaction, err := jetstream.SurveyCompaction(t.Context(), compactionOf(spoilt, &about, time.Now()))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: want %q, got %v, %v", name, test.says, err, compaction)
		}
	}
}

// TestCompactFails: that it cannot be written, or is not to be any more, is said as it is; and so that views would be others.
func TestCompactFails(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	publishLines(t, log, 1, 10)
	publishLines(t, log, 1, 10)
	files, contents := backUp(t, nc)
	config := compactionOf(files, contents, time.Now())
	compaction, err := jetstream.SurveyCompaction(t.Context(), config)
	wantNoError(t, err)
	full := errors.New("no room")
	_, err = compaction.Write(t.Context(), failingArchive{full})
	wantError(t, err, full)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = compaction.Write(ctx, filesInMemory{})
	wantError(t, err, context.Canceled)
	_, err = jetstream.SurveyCompaction(ctx, config)
	wantError(t, err, context.Canceled)

	config.Retention = func() events.Retention { return &firstOfEach{known: map[events.ProductID]bool{}, spare: 1} }
	compaction, err = jetstream.SurveyCompaction(t.Context(), config)
	wantNoError(t, err)
	if _, err = compaction.Write(t.Context(), filesInMemory{}); err == nil || !strings.Contains(err.Error(), "other views") {
		t.Errorf("got %v", err)
	}
}
