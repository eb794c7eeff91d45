package fetch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/ftp"
	"github.com/atlant-log/atlant/services/fetch/remote/remotetest"
	"github.com/atlant-log/atlant/services/fetch/remote/sftp"
	"github.com/atlant-log/atlant/services/outbound"
)

// stand is a place with a list.
type stand struct {
	url    string
	opener remote.Opener // nil: as the configuration has it
	config Config
	put    func(text string, modified time.Time)
}

// onShelf makes a folder for a list.
func onShelf(tb testing.TB) (dir string, put func(string, time.Time)) {
	tb.Helper()
	dir = tb.TempDir()
	return dir, func(text string, modified time.Time) {
		tb.Helper()
		path := filepath.Join(dir, "list.csv")
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, modified, modified)); err != nil {
			tb.Fatal(err)
		}
	}
}

const userInURL = remotetest.User + ":" + remotetest.Password + "@"

func ftpStand(tb testing.TB) stand {
	tb.Helper()
	dir, put := onShelf(tb)
	return stand{url: "ftp://" + userInURL + remotetest.ServeFTP(tb, remotetest.FTPOptions{Folder: dir}).Addr + "/list.csv", put: put}
}

func ftpsStand(tb testing.TB) stand {
	tb.Helper()
	dir, put := onShelf(tb)
	server := remotetest.ServeFTP(tb, remotetest.FTPOptions{Folder: dir, Security: remotetest.Implicit})
	opener := &ftp.Opener{Dialer: &remote.Dialer{}, RootCAs: server.RootCAs}
	return stand{url: "ftps://" + userInURL + server.Addr + "/list.csv", opener: opener, put: put}
}

func sftpStand(tb testing.TB) stand {
	tb.Helper()
	dir, put := onShelf(tb)
	server := remotetest.ServeSFTP(tb, remotetest.SFTPOptions{Folder: dir})
	config := Config{KnownHosts: server.KnownHosts(tb, server.HostKey)}
	return stand{url: "sftp://" + userInURL + server.Addr + "/list.csv", config: config, put: put}
}

func folderStand(tb testing.TB) stand {
	tb.Helper()
	dir, put := onShelf(tb)
	return stand{url: "file:///list.csv", config: Config{ListsFolder: dir}, put: put}
}

func bucketStand(tb testing.TB) stand {
	tb.Helper()
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	tb.Cleanup(server.Close)
	if err := backend.CreateBucket("prices"); err != nil {
		tb.Fatal(err)
	}
	allowed := "s3://prices?anonymous=true&region=x&use_path_style=true&endpoint=" + url.QueryEscape(server.URL)
	return stand{url: "s3://prices/list.csv", config: Config{Buckets: []string{allowed}}, put: func(text string, _ time.Time) {
		if _, err := backend.PutObject("prices", "list.csv", nil, strings.NewReader(text), int64(len(text)), nil); err != nil {
			tb.Error(err)
		}
	}}
}

func (s *stand) fetcher(tb testing.TB, p *plant) *Fetcher {
	tb.Helper()
	config := s.config
	config.SpoolDir, config.Version, config.AllowPrivate = tb.TempDir(), "v1", true
	f, err := NewFetcher(p.log, p.views, config, quiet)
	if err != nil {
		tb.Fatal(err)
	}
	if s.opener != nil {
		u, err := url.Parse(s.url)
		if err != nil {
			tb.Fatal(err)
		}
		f.downloader.transports[u.Scheme] = &files{opener: s.opener}
	}
	f.viewPatience = whole
	return f
}

var mayDay = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// counting counts what is read of files.
type counting struct {
	remote.Opener
	reads *int
}

func (c counting) Open(ctx context.Context, u *url.URL, credentials *atlantv1.Credentials) (remote.File, error) {
	file, err := c.Opener.Open(ctx, u, credentials)
	if err != nil {
		return nil, err
	}
	return countingFile{file, c.reads}, nil
}

type countingFile struct {
	remote.File
	reads *int
}

func (c countingFile) From(offset int64) (io.ReadCloser, error) {
	*c.reads++
	return c.File.From(offset)
}

// A list is fetched from everywhere, and once more: it is read only if it can have changed, and published only if it has.
func TestFilesFromEverywhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		new   func(testing.TB) stand
		cheap bool // tells without being read that nothing changed
	}{
		"ftp": {ftpStand, true}, "ftps": {ftpsStand, true}, "sftp": {sftpStand, true}, "s3": {bucketStand, true},
		"file": {folderStand, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := test.new(t), newPlant(t)
			f := s.fetcher(t, p)
			reads := 0
			via := f.downloader.transports[name].(*files)
			via.opener = counting{via.opener, &reads}
			expect := func(want atlantv1.FetchState, read bool) {
				t.Helper()
				reads = 0
				got := p.fetch(t, f, &atlantv1.FetchRequest{Url: s.url})
				if got.GetState() != want || (reads > 0) != read {
					t.Fatalf("got %v after %d reads", got, reads)
				}
			}
			s.put("Oat Milk;1.99\n", mayDay)
			expect(completed, true)
			expect(notModified, !test.cheap)
			s.put("Oat Milk;2.09\n", mayDay.Add(time.Second))
			expect(completed, true)
			expect(notModified, !test.cheap)
			if name != "s3" {
				s.put("Oat Milk;2.09\n", mayDay.Add(time.Hour))
				expect(notModified, true)
			}
			expect(notModified, !test.cheap)
			if got := p.fetch(t, f, &atlantv1.FetchRequest{Url: strings.Replace(s.url, "list", "none", 1)}); got.GetState() != failed || !strings.Contains(got.GetError(), "no such") {
				t.Errorf("got %v", got)
			}
		})
	}
}

// Another user may see another list under the same path.
func TestFilesBelongToUsers(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("ftp://shop.example/list.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, key := newSSHKey(t, "b")
	info := remote.Info{Size: 1, Modified: mayDay}
	a := fileValidators(u, basic("a", "x"), info)
	for name, test := range map[string]struct {
		other *atlantv1.ListValidators
		want  bool
	}{
		"the same":         {fileValidators(u, basic("a", "y"), info), true},
		"another user":     {fileValidators(u, basic("b", "x"), info), false},
		"another with key": {fileValidators(u, key, info), false},
		"nobody":           {fileValidators(u, nil, info), false},
		"another size":     {fileValidators(u, basic("a", "x"), remote.Info{Size: 2, Modified: mayDay}), false},
		"another time":     {fileValidators(u, basic("a", "x"), remote.Info{Size: 1, Modified: mayDay.Add(time.Second)}), false},
		"no time":          {fileValidators(u, basic("a", "x"), remote.Info{Size: 1}), false},
		"no size":          {fileValidators(u, basic("a", "x"), remote.Info{Size: -1, Modified: mayDay}), false},
		"a tag":            {fileValidators(u, basic("a", "x"), remote.Info{Size: 1, Modified: mayDay, Tag: `"x"`}), false},
		"nothing":          {nil, false},
	} {
		if got := sameFile(a, test.other); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	for tag, want := range map[string]string{`"a"`: `"a"`, "0x8D": `"0x8D"`, `W/"a"`: "", "a b": "", strings.Repeat("x", maxETag): ""} {
		if got := fileValidators(u, nil, remote.Info{Tag: tag}).GetEtag(); got != want {
			t.Errorf("%s: got %s", tag, got)
		}
	}
}

// A file that has just changed may change in the same second again: it is left alone until that is over.
func TestFileSettlesBeforeItIsRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age  time.Duration
		wait bool
	}{"now": {0, true}, "an hour": {time.Hour, true}, "in the future": {-time.Hour, true}, "long ago": {2 * settledAge, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ftpStand(t)
			s.put("Oat Milk;1.99\n", time.Now().Add(-test.age))
			d := newFilesDownloader(t, nil, 100)
			started := time.Now()
			err := d.attempt(t.Context(), s.transfer(t))
			if took := time.Since(started); err != nil || (took >= settlePause) != test.wait {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

// newFilesDownloader returns a downloader of files that are kept on servers.
func newFilesDownloader(tb testing.TB, guard outbound.DialControl, limit int64) *downloader {
	tb.Helper()
	openers, err := newOpeners(guard, &Config{}, quiet)
	if err != nil {
		tb.Fatal(err)
	}
	d := newDownloader(guard, limit, "atlant/test", openers)
	tb.Cleanup(closeIdle(d))
	return d
}

func (s *stand) transfer(tb testing.TB) *transfer {
	tb.Helper()
	requested, err := newRequest(&atlantv1.FetchRequest{Url: s.url}, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	list := newTransfer(tb, requested.GetUrl())
	list.credentials = requested.GetCredentials()
	return list
}

// brokenStand is a server of FTP that breaks each transfer off after a quarter of longList.
func brokenStand(tb testing.TB) (stand, *remotetest.FTP) {
	tb.Helper()
	dir, put := onShelf(tb)
	server := remotetest.ServeFTP(tb, remotetest.FTPOptions{Folder: dir, BreakAfter: int64(len(longList) / 4)})
	return stand{url: "ftp://" + userInURL + server.Addr + "/list.csv", put: put}, server
}

func TestFileGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	s, server := brokenStand(t)
	s.put(longList, mayDay)
	list := s.transfer(t)
	tried, err := tryAll(t, newFilesDownloader(t, nil, 1<<20), list)
	if err != nil || written(t, list) != longList || tried.all != 5 { // after the last quarter the server still breaks off
		t.Errorf("%d bytes after %d attempts, %v", list.to.size, tried.all, err)
	}
	if got := server.Offsets(); !slices.Equal(got, []int64{0, 13000, 26000, 39000, 52000}) {
		t.Errorf("asked from %d", got)
	}
}

func TestSFTPGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	dir, put := onShelf(t)
	text := strings.Repeat(longList, 20)
	put(text, mayDay)
	server := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: dir, BreakAfter: 400_000})
	s := stand{url: "sftp://" + userInURL + server.Addr + "/list.csv", config: Config{KnownHosts: server.KnownHosts(t, server.HostKey)}}
	list, d := s.transfer(t), newFilesDownloader(t, nil, 2<<20)
	d.transports["sftp"].(*files).opener.(*sftp.Opener).KnownHosts = s.config.KnownHosts
	tried, err := tryAll(t, d, list)
	if err != nil || written(t, list) != text || tried.all < 2 {
		t.Errorf("%d bytes after %d attempts, %v", list.to.size, tried.all, err)
	}
}

// What comes out is the new list, whole.
func TestFileThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	changed := strings.Repeat("product;9.99\n", 4000)
	for name, test := range map[string]struct {
		text     string
		modified time.Time
	}{
		"same size": {changed, mayDay.Add(time.Second)}, "longer": {changed + changed, mayDay}, "shorter": {changed[:26], mayDay},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := brokenStand(t)
			s.put(longList, mayDay)
			d, list := newFilesDownloader(t, nil, 1<<20), s.transfer(t)
			if err := d.attempt(t.Context(), list); !isTransient(err) || list.to.size == 0 {
				t.Fatal(list.to.size, err)
			}
			s.put(test.text, test.modified)
			if _, err := tryAll(t, d, list); err != nil || written(t, list) != test.text {
				t.Errorf("%d bytes, %v", list.to.size, err)
			}
		})
	}
}

func TestFileLimit(t *testing.T) {
	t.Parallel()
	s := ftpStand(t)
	s.put(strings.Repeat("x", 100), mayDay)
	for limit, ok := range map[int64]bool{99: false, 100: true} {
		err := newFilesDownloader(t, nil, limit).attempt(t.Context(), s.transfer(t))
		if (err == nil) != ok || (!ok && (!strings.Contains(err.Error(), "larger than 99 bytes") || isTransient(err))) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestFilesAreGuarded(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			t.Error("the server was called all the same")
			_ = conn.Close()
		}
	}()
	d := newFilesDownloader(t, outbound.NewGuard(false), 100)
	for _, scheme := range []string{"ftp", "ftps", "ftpes", "sftp"} {
		s := stand{url: scheme + "://" + userInURL + listener.Addr().String() + "/list.csv"}
		for range 2 * hostFailures { // which is no failure of the host
			err := d.attempt(t.Context(), s.transfer(t))
			if err == nil || !strings.Contains(err.Error(), "the address is not a public one") || isTransient(err) {
				t.Errorf("%s: got %v", scheme, err)
			}
		}
	}
}

// A server that is down is left alone, one that does not let us in is not.
func TestBreakerOfFiles(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := stand{url: "ftp://" + userInURL + listener.Addr().String() + "/list.csv"}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	shut := ftpStand(t)
	shut.url = strings.Replace(shut.url, remotetest.Password, "x", 1)
	d := newFilesDownloader(t, nil, 100)
	for n := range hostFailures + 1 {
		err := d.attempt(t.Context(), down.transfer(t))
		_, left := errors.AsType[*hostDownError](err)
		if left != (n == hostFailures) || !isTransient(err) || (left && !strings.Contains(err.Error(), "the server ftp://127.0.0.1")) {
			t.Errorf("got %v", err)
		}
		if err := d.attempt(t.Context(), shut.transfer(t)); err == nil || isTransient(err) {
			t.Errorf("got %v", err)
		}
	}
}

// A server that says nothing is waited for until the context ends, and no longer.
func TestSilentServersOfFiles(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	d := newFilesDownloader(t, nil, 100)
	for _, scheme := range []string{"ftp", "ftps", "ftpes", "sftp"} {
		s := stand{url: scheme + "://" + userInURL + listener.Addr().String() + "/list.csv"}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errSilent)
		err := d.attempt(ctx, s.transfer(t))
		cancel()
		if !isTransient(err) || err.Error() != errSilent.Error() {
			t.Errorf("%s: got %v", scheme, err)
		}
	}
}

// The files of the other tests' secrets: see TestCredentialsAreKeptToThemselves.
func TestCredentialsOfFilesAreKeptToThemselves(t *testing.T) {
	t.Parallel()
	dir, put := onShelf(t)
	put("a;1\nb;?\n", mayDay)
	public, key := newSSHKey(t, secretUser)
	overFTP := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: dir})
	broken := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: dir, BreakAfter: 2})
	overSFTP := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: dir, Key: public})
	strange := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: dir})
	const login = secretUser + ":" + secretPassword
	searchForSecrets(t, Config{AllowPrivate: true, KnownHosts: overSFTP.KnownHosts(t, overSFTP.HostKey)}, []*atlantv1.FetchRequest{
		{Url: "ftp://" + login + "@" + overFTP.Addr + "/list.csv", RequestId: "key"},
		{Url: "ftp://" + login + "@" + overFTP.Addr + "/list.csv"},
		{Url: "sftp://" + login + "@" + overSFTP.Addr + "/list.csv"},
		{Url: "sftp://" + secretUser + "@" + overSFTP.Addr + "/list.csv", Credentials: key},
		{Url: "ftp://" + login + "@" + broken.Addr + "/list.csv"},
		{Url: "ftp://" + login + "x@" + overFTP.Addr + "/list.csv"},
		{Url: "ftp://" + login + "@" + overFTP.Addr + "/none.csv"},
		{Url: "ftps://" + login + "@" + overFTP.Addr + "/list.csv"},
		{Url: "sftp://" + login + "x@" + overSFTP.Addr + "/list.csv"},
		{Url: "sftp://" + secretUser + "x@" + overSFTP.Addr + "/list.csv", Credentials: withKeyOf(key, "")},
		{Url: "sftp://" + login + "@" + strange.Addr + "/list.csv"},
	}, map[atlantv1.FetchState]int{completed: 3, notModified: 2, failed: 6})
}
