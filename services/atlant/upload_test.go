package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch"
)

// shelf is a server that keeps what is uploaded, and takes any fetch.
type shelf struct {
	*fakeServer
	fileName string
	list     []byte
	uploads  int
	fetched  *atlantv1.FetchRequest
}

func newShelf() *shelf {
	s := &shelf{fakeServer: fetchServer(completedFetch())}
	s.upload = func(fileName string, list []byte) (*atlantv1.UploadResponse, error) {
		s.fileName, s.list = fileName, list
		s.uploads++
		sum := events.ListSum(sha256.Sum256(list))
		return &atlantv1.UploadResponse{Url: fetch.UploadURL(sum, fileName), Bytes: int64(len(list)), Sha256: sum.String()}, nil
	}
	s.fetch = func(r *atlantv1.FetchRequest) (*atlantv1.Fetch, error) {
		s.fetched = r
		return &atlantv1.Fetch{Id: fetchID, Url: r.GetUrl(), State: atlantv1.FetchState_FETCH_STATE_QUEUED}, nil
	}
	return s
}

// wantUpload checks what was uploaded under which name, and that it was fetched, with an entry or without.
func (s *shelf) wantUpload(tb testing.TB, r result, fileName string, list []byte, entry string) {
	tb.Helper()
	if r.code != exitOK {
		tb.Errorf("got %+v", r)
	}
	if s.fileName != fileName || !bytes.Equal(s.list, list) || s.uploads != 1 {
		tb.Errorf("%q was uploaded with %d bytes, %d times; want %q with %d", s.fileName, len(s.list), s.uploads, fileName, len(list))
	}
	if want := fetch.UploadURL(sha256.Sum256(list), fileName) + entry; s.fetched.GetUrl() != want {
		tb.Errorf("%s was fetched, want %s", s.fetched.GetUrl(), want)
	}
}

func write(tb testing.TB, dir, name string, list []byte) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, list, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestFetchOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		list     []byte
		add      string // to the path
		flags    []string
		fileName string
		entry    string
	}{
		"prices.csv":  {list: []byte("Tea;1.50\n"), fileName: "prices.csv"},
		"März 20%":    {list: []byte("Tea;1.50\n"), fileName: "März 20%"},
		"a#b.csv":     {list: []byte("Tea;1.50\n"), fileName: "a#b.csv"},
		"lists.zip":   {list: []byte("PK"), add: "#prices/march 1.csv", fileName: "lists.zip", entry: "#prices/march%201.csv"},
		"large.csv":   {list: bytes.Repeat([]byte("Tea;1.50\n"), 500_000), fileName: "large.csv"},
		"a piece.csv": {list: bytes.Repeat([]byte{'\n'}, uploadPiece), fileName: "a piece.csv"},
		"named.csv":   {list: []byte("Tea;1.50\n"), flags: []string{"--file-name", "other.csv", "--bearer-token-file", writeSecret(t, "t")}, fileName: "other.csv"},
	} {
		s, path := newShelf(), write(t, dir, name, test.list)
		r := s.run(t, append([]string{"fetch", path + test.add}, test.flags...)...)
		s.wantUpload(t, r, test.fileName, test.list, test.entry)
		if s.fetched.GetCredentials() != nil {
			t.Errorf("%s: with %v", name, s.fetched.GetCredentials())
		}
	}
}

func TestFetchOfStandardInput(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"stdin": nil, "prices.csv": {"--file-name", "prices.csv"}} {
		s := newShelf()
		list := bytes.Repeat([]byte("Tea;1.50\n"), 200_000)
		args := append([]string{"--addr", s.start(t), "fetch", "-"}, flags...)
		s.wantUpload(t, atlantReading(t.Context(), iotest.OneByteReader(bytes.NewReader(list)), args...), name, list, "")
	}
}

// What cannot be a list is refused before a server is asked: there is none here.
func TestFetchOfWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := write(t, dir, "empty.csv", nil)
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere.csv"):       "cannot read " + filepath.Join(dir, "nowhere.csv") + ": ",
		filepath.Join(dir, "nowhere.zip#a.csv"): "cannot read " + filepath.Join(dir, "nowhere.zip#a.csv") + ": ",
		"shop.example/list.csv":                 "http:// or https:// in front",
		"http:/shop.example/list.csv":           "http:// or https:// in front",
		`C:\lists\nowhere.csv`:                  "cannot read",
		dir:                                     "is a folder",
		empty:                                   "empty.csv is empty",
	} {
		r := atlant(t, "--addr", "http://127.0.0.1:1", "fetch", path)
		if r.code != exitFailure || !strings.Contains(r.errOut, want) || strings.Contains(r.errOut, "answers at") {
			t.Errorf("%s: got %+v, want %q", path, r, want)
		}
	}
	r := atlant(t, "--addr", "http://127.0.0.1:1", "fetch", "--file-name", "a.csv", listURL)
	r.expect(t, exitUsage, "", "atlant: fetch: --file-name goes with a file or standard input, not with a URL\n  see `atlant fetch --help`\n")
}

func TestFetchOfAFileWithoutServer(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "prices.csv", bytes.Repeat([]byte("Tea;1.50\n"), 500_000))
	r := atlant(t, "--addr", "http://127.0.0.1:1", "fetch", path)
	if r.code != exitFailure || !strings.Contains(r.errOut, "no Atlant answers at http://127.0.0.1:1") {
		t.Errorf("got %+v", r)
	}
}

// The server's reason is shown, also where it does not want the rest.
func TestUploadIsRefused(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "prices.csv", bytes.Repeat([]byte("Tea;1.50\n"), 500_000))
	s := newShelf()
	s.upload = func(string, []byte) (*atlantv1.UploadResponse, error) {
		return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("data: the list is too large"))
	}
	s.run(t, "fetch", path).expect(t, exitFailure, "", "atlant: data: the list is too large\n")
	if r := atlant(t, "--addr", startOld(t), "fetch", path); r.code != exitFailure || !strings.Contains(r.errOut, "another version") {
		t.Errorf("got %+v", r)
	}
}

func TestUploadThatIsDamagedOnItsWay(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.upload = func(string, []byte) (*atlantv1.UploadResponse, error) {
		return &atlantv1.UploadResponse{Url: fetch.UploadURL(events.ListSum{}, "stdin"), Sha256: events.ListSum{}.String()}, nil
	}
	r := atlantReading(t.Context(), strings.NewReader("Tea;1.50\n"), "--addr", s.start(t), "fetch", "-")
	if r.code != exitFailure || !strings.Contains(r.errOut, "something else than was sent") || s.fetched != nil {
		t.Errorf("got %+v", r)
	}
}

// A list that cannot be read to its end, or that somebody interrupts, does not arrive as a shorter one.
func TestUploadThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rest  io.Reader
		flags []string
		code  int
		want  string
	}{
		"cannot be read": {iotest.ErrReader(errors.New("bad sector")), nil, exitFailure, "cannot read stdin: bad sector"},
		"takes too long": {&silent{}, []string{"--timeout", "300ms"}, exitFailure, "stdin was not uploaded in time"},
		"is interrupted": {&silent{}, nil, exitInterrupted, ""},
	} {
		s := newShelf()
		ctx, interrupt := context.WithCancel(t.Context())
		if name == "is interrupted" {
			time.AfterFunc(300*time.Millisecond, interrupt)
		}
		in := io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{'a'}, 2*uploadPiece)), test.rest)
		r := atlantReading(ctx, in, append([]string{"--addr", s.start(t), "fetch", "-"}, test.flags...)...)
		interrupt()
		if r.code != test.code || !strings.Contains(r.errOut, test.want) || r.out != "" || s.uploads != 0 || s.fetched != nil {
			t.Errorf("%s: got %+v, %d uploads", name, r, s.uploads)
		}
	}
}

// silent is a terminal at which nobody types.
type silent struct{}

func (silent) Read([]byte) (int, error) { select {} }

func TestReceiptOfAnUpload(t *testing.T) {
	t.Parallel()
	end := completedFetch()
	end.Url = fetch.UploadURL(events.ListSum{0xab, 0xcd, 0xef, 0x12}, "März 20%.zip") + "#lists/1%20a.csv"
	s := fetchServer(end)
	s.getFetch = func(string) (*atlantv1.Fetch, error) { return end, nil }
	s.listFetches = func(*atlantv1.ListFetchesRequest) (*atlantv1.ListFetchesResponse, error) {
		return &atlantv1.ListFetchesResponse{Fetches: []*atlantv1.Fetch{end}}, nil
	}
	const want = "upload:abcdef12…/März 20%.zip#lists/1 a.csv\n"
	for _, args := range [][]string{{"fetches"}, {"fetches", fetchID}} {
		if r := s.run(t, args...); r.code != exitOK || !strings.Contains(r.out, want) {
			t.Errorf("%v: got %+v", args, r)
		}
	}
	if r := s.run(t, "fetches", fetchID, "--json"); field(t, r.out, "url") != end.GetUrl() {
		t.Errorf("got %+v", r)
	}
}

func TestFileNameOf(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("such names cannot be there")
	}
	for path, want := range map[string]string{
		"/lists/prices.csv": "prices.csv", "a\nb.csv": "a_b.csv", `a\b.csv`: "a_b.csv", "a\xff\xfe.csv": "a_.csv", "./März.csv": "März.csv",
	} {
		if got := fileNameOf(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
