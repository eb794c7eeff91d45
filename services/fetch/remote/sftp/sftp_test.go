package sftp_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/remotetest"
	"github.com/atlant-log/atlant/services/fetch/remote/sftp"
)

const list = "Oat Milk;1.99\nRye Bread;3.50\n"

var longAgo = time.Date(2020, 2, 29, 12, 0, 1, 0, time.UTC)

// shelf is a folder with a list that changed long ago.
func shelf(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	path := filepath.Join(dir, "home", "list 1.csv")
	err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(list), 0o600), os.Chtimes(path, longAgo, longAgo))
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

func password(word string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{
		Basic: &atlantv1.BasicCredentials{User: remotetest.User, Password: word},
	}}
}

// newKey makes a private key, encrypted if there is a passphrase.
func newKey(tb testing.TB, passphrase string) (ssh.PublicKey, *atlantv1.SshPrivateKey) {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return signer.PublicKey(), &atlantv1.SshPrivateKey{
		User: remotetest.User, Key: string(pem.EncodeToMemory(block)), Passphrase: passphrase,
	}
}

func keyed(key *atlantv1.SshPrivateKey) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{SshPrivateKey: key}}
}

func open(tb testing.TB, knownHosts, text string, credentials *atlantv1.Credentials) (remote.File, error) {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	o := &sftp.Opener{Dialer: &remote.Dialer{Timeout: time.Minute}, KnownHosts: knownHosts}
	if err := o.Check(); err != nil {
		tb.Fatal(err)
	}
	file, err := o.Open(tb.Context(), u, credentials)
	if err == nil {
		tb.Cleanup(func() { _ = file.Close() })
	}
	return file, err
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

func TestFileIsRead(t *testing.T) {
	t.Parallel()
	public, private := newKey(t, "")
	lockedPublic, locked := newKey(t, "hidden-passphrase")
	mine := password(remotetest.Password)
	for name, test := range map[string]struct {
		options     remotetest.SFTPOptions
		path        string
		credentials *atlantv1.Credentials
	}{
		"by password":             {remotetest.SFTPOptions{}, "/home/list%201.csv", mine},
		"by password, when asked": {remotetest.SFTPOptions{Interactive: true}, "/home/list%201.csv", mine},
		"by key":                  {remotetest.SFTPOptions{Key: public}, "/home/list%201.csv", keyed(private)},
		"by encrypted key":        {remotetest.SFTPOptions{Key: lockedPublic}, "/home/list%201.csv", keyed(locked)},
		"from home":               {remotetest.SFTPOptions{}, "/~/list%201.csv", mine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Folder = shelf(t)
			server := remotetest.ServeSFTP(t, test.options)
			file, err := open(t, server.KnownHosts(t, server.HostKey), "sftp://"+server.Addr+test.path, test.credentials)
			if err != nil {
				t.Fatal(err)
			}
			if got := file.Info(); got.Size != int64(len(list)) || !got.Modified.Equal(longAgo) || got.Tag != "" {
				t.Errorf("got %+v", got)
			}
			for _, offset := range []int64{0, 1, 14, int64(len(list))} {
				if text, err := read(t, file, offset); err != nil || text != list[offset:] {
					t.Errorf("from %d got %q, %v", offset, text, err)
				}
			}
		})
	}
}

func TestFileIsRefused(t *testing.T) {
	t.Parallel()
	server := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: shelf(t)})
	_, key := newKey(t, "")
	_, locked := newKey(t, "hidden-passphrase")
	locked.Passphrase = "hidden-typo"
	mine := password(remotetest.Password)
	for name, test := range map[string]struct {
		path        string
		credentials *atlantv1.Credentials
		want        string
	}{
		"wrong password":   {"/home/list%201.csv", password("hidden-typo"), "did not let the user in"},
		"wrong key":        {"/home/list%201.csv", keyed(key), "did not let the user in"},
		"wrong passphrase": {"/home/list%201.csv", keyed(locked), "the private key cannot be opened with this passphrase"},
		"nobody":           {"/home/list%201.csv", nil, "sftp needs a user"},
		"no such file":     {"/home/none.csv", mine, "has no such file"},
		"a folder":         {"/home", mine, "is no file"},
		"another's home":   {"/~x/list%201.csv", mine, "has no such file"},
	} {
		_, err := open(t, server.KnownHosts(t, server.HostKey), "sftp://"+server.Addr+test.path, test.credentials)
		_, refused := errors.AsType[*remote.RefusedError](err)
		if !refused || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v (%T)", name, err, err)
		}
	}
}

// A server that nobody vouches for gets no password; the operator is told how to vouch for it.
func TestStrangersGetNoPassword(t *testing.T) {
	t.Parallel()
	server := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: shelf(t)})
	address := "sftp://" + server.Addr + "/home/list%201.csv"
	mine := password(remotetest.Password)
	other, _ := newKey(t, "")
	revoked := server.KnownHosts(t, server.HostKey)
	text, err := os.ReadFile(revoked)
	if err := errors.Join(err, os.WriteFile(revoked, append([]byte("@revoked "), text...), 0o600)); err != nil {
		t.Fatal(err)
	}
	fingerprint := ssh.FingerprintSHA256(server.HostKey)
	for name, test := range map[string]struct {
		knownHosts string
		want       string
	}{
		"nobody is known": {"", "that is --ssh-known-hosts with a file that holds the line: ["},
		"it is not known": {server.KnownHosts(t), "which nobody vouches for"},
		"it has changed":  {server.KnownHosts(t, other), "and not the one in the file"},
		"it is revoked":   {revoked, "revokes"},
	} {
		_, err := open(t, test.knownHosts, address, mine)
		_, refused := errors.AsType[*remote.RefusedError](err)
		if !refused || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), fingerprint) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// The line of the message is the one to add.
	_, err = open(t, "", address, mine)
	_, line, _ := strings.Cut(err.Error(), "holds the line: ")
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, file, address, mine); err != nil {
		t.Error(err)
	}
}

// A key of another kind that the server has as well is no reason to refuse it.
func TestServerWithKeysOfSeveralKinds(t *testing.T) {
	t.Parallel()
	server := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: shelf(t), HasOtherKeys: true})
	mine := password(remotetest.Password)
	for _, key := range server.HostKeys {
		if _, err := open(t, server.KnownHosts(t, key), "sftp://"+server.Addr+"/home/list%201.csv", mine); err != nil {
			t.Errorf("%s: %v", key.Type(), err)
		}
	}
}

func TestBrokenConnectionIsNoEnd(t *testing.T) {
	t.Parallel()
	dir, long := shelf(t), strings.Repeat(list, 10_000)
	if err := os.WriteFile(filepath.Join(dir, "long.csv"), []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	server := remotetest.ServeSFTP(t, remotetest.SFTPOptions{Folder: dir, BreakAfter: 150_000})
	mine := password(remotetest.Password)
	got := ""
	for tries := 0; len(got) < len(long); tries++ {
		file, err := open(t, server.KnownHosts(t, server.HostKey), "sftp://"+server.Addr+"/long.csv", mine)
		if err != nil || tries == 10 {
			t.Fatal(tries, err)
		}
		text, err := read(t, file, int64(len(got)))
		if got += text; err == nil && got != long {
			t.Fatal("a part passes for the whole")
		}
		if _, refused := errors.AsType[*remote.RefusedError](err); refused {
			t.Error(err)
		}
	}
	if got != long {
		t.Error("the list is another one")
	}
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	_, good := newKey(t, "")
	_, locked := newKey(t, "hidden-passphrase")
	for name, test := range map[string]struct {
		key  *atlantv1.SshPrivateKey
		want error
	}{
		"plain":            {good, nil},
		"with blanks":      {&atlantv1.SshPrivateKey{Key: "\r\n" + good.GetKey() + "\n\n"}, nil},
		"encrypted":        {locked, nil},
		"no passphrase":    {&atlantv1.SshPrivateKey{Key: locked.GetKey()}, sftp.ErrPassphraseMissing},
		"wrong passphrase": {&atlantv1.SshPrivateKey{Key: locked.GetKey(), Passphrase: "x"}, sftp.ErrPassphrase},
		"no key":           {&atlantv1.SshPrivateKey{Key: "hidden"}, sftp.ErrKey},
		"a public one":     {&atlantv1.SshPrivateKey{Key: "ssh-ed25519 AAAA"}, sftp.ErrKey},
	} {
		if err := sftp.CheckKey(test.key); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
