package bucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/bucket"
)

// What the libraries of the clouds are let in with, in the environment where an operator puts it.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "hidden-id", "AWS_SECRET_ACCESS_KEY": "hidden-key", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "aGlkZGVuLWtleQ==",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

const list = "Oat Milk;1.99\nRye Bread;3.50\n"

func open(tb testing.TB, o *bucket.Opener, text string) (remote.File, error) {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	file, err := o.Open(tb.Context(), u, nil)
	if err == nil {
		tb.Cleanup(func() { _ = file.Close() })
	}
	return file, err
}

func newOpener(tb testing.TB, logged io.Writer, urls ...string) *bucket.Opener {
	tb.Helper()
	o, err := bucket.NewOpener(urls, slog.New(slog.NewTextHandler(logged, nil)))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func read(tb testing.TB, file remote.File, offset int64) (string, error) {
	tb.Helper()
	body, err := file.From(offset)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	return string(text), errors.Join(err, body.Close())
}

// store is a cloud with one bucket, named prices.
type store struct {
	url string // as an operator allows it
	put func(key, text string)
}

// conditions adds to a fake S3 what it lacks: If-Match.
type conditions struct{ http.Handler }

func (c conditions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if match := r.Header.Get("If-Match"); match != "" {
		answer := httptest.NewRecorder()
		c.Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodHead, r.URL.String(), nil))
		if answer.Header().Get("ETag") != match {
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = io.WriteString(w, "<Error><Code>PreconditionFailed</Code></Error>")
			return
		}
	}
	c.Handler.ServeHTTP(w, r)
}

func newAmazon(tb testing.TB) store {
	tb.Helper()
	backend := s3mem.New()
	server := httptest.NewServer(conditions{gofakes3.New(backend).Server()})
	tb.Cleanup(server.Close)
	if err := backend.CreateBucket("prices"); err != nil {
		tb.Fatal(err)
	}
	return store{
		url: "s3://prices/in?region=eu-central-1&use_path_style=true&endpoint=" + url.QueryEscape(server.URL),
		put: func(key, text string) {
			meta := map[string]string{"Content-Type": "text/csv; charset=windows-1251"}
			if _, err := backend.PutObject("prices", key, meta, strings.NewReader(text), int64(len(text)), nil); err != nil {
				tb.Error(err)
			}
		},
	}
}

// shelves hold objects as Azure serves them.
type shelves struct {
	mu      sync.Mutex
	texts   map[string]string // by path
	version int
}

func (s *shelves) put(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[path] = text
	s.version++
}

func (s *shelves) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.texts[r.URL.Path]
	w.Header().Set("ETag", fmt.Sprintf(`"0x%d"`, s.version))
	if !ok {
		w.Header().Set("X-Ms-Error-Code", "BlobNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && match != w.Header().Get("ETag") {
		w.Header().Set("X-Ms-Error-Code", "ConditionNotMet")
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	w.Header().Set("X-Ms-Blob-Type", "BlockBlob")
	w.Header().Set("X-Ms-Creation-Time", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "text/csv; charset=windows-1251")
	if from := r.Header.Get("X-Ms-Range"); from != "" {
		r.Header.Set("Range", from)
	}
	http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(text))
}

func newAzure(tb testing.TB) store {
	tb.Helper()
	s := &shelves{texts: map[string]string{}}
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	return store{
		url: "azblob://prices/in?protocol=http&localemu=true&domain=" + url.QueryEscape(host),
		put: func(key, text string) { s.put("/account/prices/"+key, text) },
	}
}

func TestListIsRead(t *testing.T) {
	t.Parallel()
	for name, newStore := range map[string]func(testing.TB) store{"s3": newAmazon, "azblob": newAzure} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			o := newOpener(t, io.Discard, s.url)
			s.put("in/list 1.csv", list)
			file, err := open(t, o, name+"://prices/in/list%201.csv")
			if err != nil {
				t.Fatal(err)
			}
			first := file.Info()
			if first.Size != int64(len(list)) || first.Tag == "" || first.ContentType != "text/csv; charset=windows-1251" {
				t.Errorf("got %+v", first)
			}
			for _, offset := range []int64{0, 1, 14, int64(len(list)) - 1, int64(len(list))} {
				if text, err := read(t, file, offset); err != nil || text != list[offset:] {
					t.Errorf("from %d got %q, %v", offset, text, err)
				}
			}
			same, err := open(t, o, name+"://prices/in/list%201.csv")
			if err != nil || same.Info() != first {
				t.Errorf("got %+v, %v", same, err)
			}
			s.put("in/list 1.csv", strings.ReplaceAll(list, "3.50", "3.75"))
			if text, err := read(t, file, 14); err == nil || !strings.Contains(err.Error(), "is being replaced") {
				t.Errorf("of another version came %q, %v", text, err)
			}
			other, err := open(t, o, name+"://prices/in/list%201.csv")
			if err != nil || other.Info().Tag == first.Tag {
				t.Errorf("got %+v, %v", other, err)
			}
			s.put("in/empty.csv", "")
			empty, err := open(t, o, name+"://prices/in/empty.csv")
			if err != nil {
				t.Fatal(err)
			}
			if text, err := read(t, empty, 0); err != nil || text != "" {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

func TestListIsRefused(t *testing.T) {
	t.Parallel()
	amazon, azure := newAmazon(t), newAzure(t)
	amazon.put("in/list.csv", list)
	amazon.put("out/list.csv", list)
	forbidden := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(forbidden.Close)
	var logged bytes.Buffer
	o := newOpener(t, &logged, amazon.url, azure.url, "s3://shut?region=x&use_path_style=true&endpoint="+url.QueryEscape(forbidden.URL),
		"s3://wrong?no_such_parameter=1")
	for text, want := range map[string]string{
		"s3://prices/in/none.csv":        "there is no such list in the bucket",
		"azblob://prices/in/none.csv":    "there is no such list in the bucket",
		"s3://prices/out/list.csv":       "lists are not taken from s3://prices, or not with that key; whoever runs Atlant can allow a bucket with --allow-bucket",
		"s3://prices/in/../out/list.csv": "holds . or ..",
		"s3://prices/in/%2E%2E/list.csv": "holds . or ..",
		"s3://other/in/list.csv":         "lists are not taken from s3://other",
		"gs://prices/in/list.csv":        "lists are not taken from gs://prices",
		"s3://shut/list.csv":             "Atlant may not read that list in the bucket",
		"s3://wrong/list.csv":            "the bucket cannot be opened; the log of Atlant says why",
	} {
		_, err := open(t, o, text)
		_, refused := errors.AsType[*remote.RefusedError](err)
		if !refused || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for _, want := range []string{"s3://shut", "s3://wrong", "no_such_parameter"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log does not say %s: %s", want, &logged)
		}
	}
	if strings.Contains(logged.String(), "hidden-key") {
		t.Error("a key is logged")
	}
}

// Where a request says how to reach a bucket, nobody listens: only the operator does.
func TestRequestCannotSayWhereABucketIs(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(elsewhere.Close)
	amazon := newAmazon(t)
	amazon.put("in/list.csv", list)
	if _, err := open(t, newOpener(t, io.Discard, amazon.url), "s3://prices/in/list.csv?endpoint="+url.QueryEscape(elsewhere.URL)); err != nil {
		t.Error(err)
	}
	if len(asked) > 0 {
		t.Error("it was asked elsewhere")
	}
}

// google serves one object as Google does, whose library is told in the environment where it is.
type google struct {
	mu         sync.Mutex
	text       string
	generation int
}

func (g *google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch r.URL.Path {
	case "/b/prices/o/in/list 1.csv", "/storage/v1/b/prices/o/in/list 1.csv":
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"bucket": "prices", "name": "in/list 1.csv", "contentType": "text/csv", "size": "%d",
			"generation": "%d", "metageneration": "1", "etag": "C%d="}`, len(g.text), g.generation, g.generation)
	case "/prices/in/list 1.csv":
		if want := r.Header.Get("X-Goog-If-Generation-Match"); want != strconv.Itoa(g.generation) {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		w.Header().Set("X-Goog-Generation", strconv.Itoa(g.generation))
		http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(g.text))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestListIsReadFromGoogle(t *testing.T) {
	g := &google{text: list, generation: 1}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	o := newOpener(t, io.Discard, "gs://prices/in?anonymous=true")
	file, err := open(t, o, "gs://prices/in/list%201.csv")
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Info(); got.Size != int64(len(list)) || got.Tag != `"C1="` || got.ContentType != "text/csv" {
		t.Errorf("got %+v", got)
	}
	for _, offset := range []int64{0, 14, int64(len(list))} {
		if text, err := read(t, file, offset); err != nil || text != list[offset:] {
			t.Errorf("from %d got %q, %v", offset, text, err)
		}
	}
	g.mu.Lock()
	g.generation = 2
	g.mu.Unlock()
	if text, err := read(t, file, 14); err == nil || !strings.Contains(err.Error(), "is being replaced") {
		t.Errorf("of another version came %q, %v", text, err)
	}
	_, err = open(t, o, "gs://prices/in/none.csv")
	if _, refused := errors.AsType[*remote.RefusedError](err); !refused {
		t.Errorf("got %v", err)
	}
}
