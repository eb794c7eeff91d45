package fetch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// serveTea serves a list whose only name reads differently in every Cyrillic encoding, as the type.
func serveTea(contentType string) http.HandlerFunc {
	tea, _ := charmap.KOI8R.NewEncoder().String("Чай;1.50\n") // these it can encode
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, tea)
	}
}

func finished(t *testing.T, f *Fetcher, log Log, id events.FetchID, requested *atlantv1.FetchRequested) *atlantv1.Fetch {
	t.Helper()
	if err := f.finish(t.Context(), id, requested, newHold()); err != nil {
		t.Fatal(err)
	}
	view, err := currentView(t.Context(), log, id)
	if err != nil {
		t.Fatal(err)
	}
	return view.Fetch
}

// What the server said of a list is kept with it: a process that finds it in the spool reads it as the one did that died.
func TestSpooledListKeepsItsType(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler()) // all that there is, is in the spool
	t.Cleanup(server.Close)
	log := newTestLog(t)
	f := newTestFetcher(t, log)
	id, requested := newTestRequest(t, server.URL)
	file, err := f.spool.write(id, func(w *part) error {
		w.contentType = "text/csv; charset=koi8-r"
		_, err := io.WriteString(w, "\xFE\xC1\xCA;1.50\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	got := finished(t, f, log, id, requested)
	if got.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED || got.GetDialect().GetEncoding() != "koi8-r" || got.GetBytes() != 12 {
		t.Errorf("got %v", got)
	}
	if n := filesIn(t, f.spool); n != 2 { // the list and its type; whoever asked for the work removes them
		t.Errorf("%d files in the spool", n)
	}
}

// A list that is downloaded again after some of it was published is read in the encoding in which it was read before, even if
// the server now says another one.
func TestEncodingIsSettledOnce(t *testing.T) {
	t.Parallel()
	log := newTestLog(t)
	id, requested := newTestRequest(t, "http://example.com/")
	for i, contentType := range []string{"text/csv; charset=koi8-r", "text/csv; charset=windows-1251"} {
		server := httptest.NewServer(serveTea(contentType))
		t.Cleanup(server.Close)
		requested.Url = server.URL
		f := newTestFetcher(t, log)
		w := &work{Fetcher: f, id: id, request: requested}
		file, err := w.list(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var before *atlantv1.FetchParsed
		if i > 0 {
			before = &atlantv1.FetchParsed{Dialect: &atlantv1.Dialect{Encoding: "koi8-r"}}
			if _, before.Sha256, err = hash(file); err != nil {
				t.Fatal(err)
			}
		}
		l, err := w.toRead(file, before)
		if err != nil {
			t.Fatal(err)
		}
		r, err := read(t.Context(), l)
		if err != nil || r.dialect().GetEncoding() != "koi8-r" || r.counts.GetBytes() != 12 {
			t.Errorf("%s: %v, %v", contentType, r.dialect(), err)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Text that an earlier attempt left is written anew, and goes with the list.
func TestTextOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	s, id := newTestSpool(t), events.FetchID{1}
	for _, text := range []string{"a longer text", "short"} {
		file, err := s.createText(id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(file, text); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(file, 0, 100))
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
		if err := file.Reset(); err != nil {
			t.Fatal(err)
		}
		if info, err := file.Stat(); err != nil || info.Size() != 0 {
			t.Errorf("%v, %v", info, err)
		}
		if err := file.Close(); err != nil { // as a process does that dies
			t.Fatal(err)
		}
	}
	if err := s.remove(id); err != nil || filesIn(t, s) != 0 {
		t.Errorf("%d files are left, %v", filesIn(t, s), err)
	}
}

func TestRequestWithUnknownEncoding(t *testing.T) {
	t.Parallel()
	for encoding, ok := range map[string]bool{"": true, "utf-8": true, "Windows-1251": true, "ebcdic": false, strings.Repeat("x", 60): false} {
		_, err := newRequest(&atlantv1.FetchRequest{Url: "http://example.com/", Csv: &atlantv1.CsvOptions{Encoding: encoding}}, time.Now())
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "csv.encoding") {
			t.Errorf("%q: %v", encoding, err)
		}
	}
}
