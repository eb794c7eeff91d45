package blackbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote/remotetest"
)

// TestListsFromServersAndFolders: lists come over FTP, over SFTP and from a folder as they do over HTTP, and only from where
// the operator lets them come.
func TestListsFromServersAndFolders(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	shelf := filepath.Join(base, "lists")
	write := func(path, text string, modified time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, modified, modified)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(shelf, 0o700); err != nil {
		t.Fatal(err)
	}
	longAgo := time.Now().AddDate(-1, 0, 0)
	write(filepath.Join(base, "secret.csv"), header+"Secret;1\n", longAgo)
	write(filepath.Join(shelf, "list.csv"), header+"Milk;1.50\nBread;2.25\n", longAgo)
	overFTP := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: shelf})
	overSFTP := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: shelf})
	a := start(t, t.TempDir(), allowPrivate, "--lists-folder", shelf, "--ssh-known-hosts", overSFTP.KnownHosts(t, overSFTP.HostKey))

	const login = remotetest.User + ":" + remotetest.Password + "@"
	for source, url := range map[string]string{
		"ftp": "ftp://" + login + overFTP.Addr + "/list.csv", "sftp": "sftp://" + login + overSFTP.Addr + "/list.csv", "file": "file:///list.csv",
	} {
		a.cli(t, 0, append([]string{"fetch", "--wait", "--source", source}, withoutPassword(t, url)...)...).holds(t, "2 read = 2 accepted", "published  2")
		getAgain(t, a, &atlantv1.FetchRequest{Url: url, Source: source})
	}
	if got := overFTP.Offsets(); len(got) != 1 {
		t.Errorf("an unchanged list was read %d times over FTP", len(got))
	}
	write(filepath.Join(shelf, "list.csv"), header+"Milk;1.75\nBread;2.25\n", longAgo.Add(time.Second))
	a.cli(t, 0, append([]string{"fetch", "--wait", "--source", "ftp"}, withoutPassword(t, "ftp://"+login+overFTP.Addr+"/list.csv")...)...).holds(t, "published  2")
	a.cli(t, 0, "changes", "--source", "ftp", "Milk").holds(t, "1.75", "1.50", "+0.25")

	for url, want := range map[string]string{
		"ftp://" + login + overFTP.Addr + "/none.csv":                   "no such file",
		"ftp://" + remotetest.User + ":x@" + overFTP.Addr + "/list.csv": "did not let the user in",
		"file:///../secret.csv":                                         "path escapes",
		"file:///secret.csv":                                            "no such file in the folder of lists",
		"s3://prices/list.csv":                                          "--allow-bucket",
	} {
		result := run(t, append([]string{"fetch", "--addr", a.url, "--wait"}, withoutPassword(t, url)...)...)
		if result.code != 1 || !strings.Contains(result.out+result.errOut, want) {
			t.Errorf("%s: got %+v", url, result)
		}
	}
	for _, fetch := range a.allFetches(t, largestPage, "") {
		if strings.Contains(fetch.String(), "hidden") || strings.Contains(fetch.GetError(), base) {
			t.Errorf("what is secret is shown: %v", fetch)
		}
	}
	if strings.Contains(a.stderr.String(), "hidden") {
		t.Error("a password is logged")
	}
}

// TestOperatorIsToldOfWrongPlaces: what cannot be right is said at the start.
func TestOperatorIsToldOfWrongPlaces(t *testing.T) {
	t.Parallel()
	for want, flags := range map[string][]string{
		"open folder of lists":                              {"--lists-folder", "/none/such"},
		"read known hosts":                                  {"--ssh-known-hosts", "/none/such"},
		"--allow-bucket: prices must begin with s3://":      {"--allow-bucket", "prices"},
		"--allow-bucket: s3://a@b holds more than a bucket": {"--allow-bucket", "s3://ok", "--allow-bucket", "s3://a@b"},
	} {
		result := run(t, append([]string{"up", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, flags...)...)
		if result.code == 0 || !strings.Contains(result.errOut, want) {
			t.Errorf("%q: got %+v", flags, result)
		}
	}
}
