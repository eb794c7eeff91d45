package ftp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/ftp"
	"github.com/atlant-log/atlant/services/fetch/remote/remotetest"
)

const list = "Oat Milk;1.99\nRye Bread;3.50\n"

// shelf is a folder with a list that changed long ago.
func shelf(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	path := filepath.Join(dir, "in", "list 1.csv")
	err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(list), 0o600), os.Chtimes(path, longAgo, longAgo))
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

var longAgo = time.Date(2020, 2, 29, 12, 0, 1, 0, time.UTC)

func login(user, password string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{
		Basic: &atlantv1.BasicCredentials{User: user, Password: password},
	}}
}

func open(tb testing.TB, o *ftp.Opener, text string, credentials *atlantv1.Credentials) (remote.File, error) {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	o.Dialer = &remote.Dialer{Timeout: time.Minute}
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
	mine := login(remotetest.User, remotetest.Password)
	for name, test := range map[string]struct {
		scheme      string
		options     remotetest.FTPOptions
		path        string
		credentials *atlantv1.Credentials
	}{
		"in the clear":  {"ftp", remotetest.FTPOptions{}, "/in/list%201.csv", mine},
		"from the root": {"ftp", remotetest.FTPOptions{}, "/%2Fin/list%201.csv", mine},
		"by anybody":    {"ftp", remotetest.FTPOptions{Anonymous: true}, "/in/list%201.csv", nil},
		"implicit TLS":  {"ftps", remotetest.FTPOptions{Security: remotetest.Implicit}, "/in/list%201.csv", mine},
		"explicit TLS":  {"ftpes", remotetest.FTPOptions{Security: remotetest.Explicit}, "/in/list%201.csv", mine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Folder = shelf(t)
			server := remotetest.ServeFTP(t, test.options)
			for offset := range int64(len(list) + 1) {
				if offset > 2 && offset < int64(len(list))-2 {
					continue
				}
				file, err := open(t, &ftp.Opener{RootCAs: server.RootCAs}, test.scheme+"://"+server.Addr+test.path, test.credentials)
				if err != nil {
					t.Fatal(err)
				}
				if got := file.Info(); got.Size != int64(len(list)) || !got.Modified.Equal(longAgo) || got.Tag != "" {
					t.Errorf("got %+v", got)
				}
				if text, err := read(t, file, offset); err != nil || text != list[offset:] {
					t.Errorf("from %d got %q, %v", offset, text, err)
				}
			}
		})
	}
}

// Whatever is wrong with a request is said, is for good, and holds neither what is secret nor what the server says.
func TestFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := shelf(t)
	inTheClear := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: dir})
	safe := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: dir, Security: remotetest.Explicit})
	mine := login(remotetest.User, remotetest.Password)
	for name, test := range map[string]struct {
		url         string
		credentials *atlantv1.Credentials
		want        string
	}{
		"wrong password":      {"ftp://" + inTheClear.Addr + "/in/list%201.csv", login(remotetest.User, "hidden-typo"), "did not let the user in"},
		"nobody":              {"ftp://" + inTheClear.Addr + "/in/list%201.csv", nil, "did not let the user in"},
		"no such file":        {"ftp://" + inTheClear.Addr + "/in/list%202.csv", mine, "has no such file"},
		"no TLS at first":     {"ftps://" + safe.Addr + "/in/list%201.csv", mine, "ftpes:// asks for it first"},
		"no TLS at all":       {"ftpes://" + inTheClear.Addr + "/in/list%201.csv", mine, "the server answered 5"},
		"TLS is demanded":     {"ftp://" + safe.Addr + "/in/list%201.csv", mine, "the server "},
		"a command in a user": {"ftp://" + inTheClear.Addr + "/in/list%201.csv", login("x\r\nDELE y", ""), "line break"},
	} {
		file, err := open(t, &ftp.Opener{RootCAs: safe.RootCAs}, test.url, test.credentials)
		if err == nil {
			_, err = read(t, file, 0)
		}
		_, refused := errors.AsType[*remote.RefusedError](err)
		if !refused || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v (%T)", name, err, err)
		}
	}
}

// A certificate that nobody vouches for keeps the password with us.
func TestStrangersGetNoPassword(t *testing.T) {
	t.Parallel()
	server := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: shelf(t), Security: remotetest.Explicit})
	_, err := open(t, &ftp.Opener{}, "ftpes://"+server.Addr+"/in/list%201.csv", login(remotetest.User, remotetest.Password))
	if err == nil || !strings.Contains(err.Error(), "failed to verify certificate") {
		t.Errorf("got %v", err)
	}
}

// What a server breaks off is no end of the list, even if all that shows it is what it says afterwards.
func TestBrokenTransferIsNoEnd(t *testing.T) {
	t.Parallel()
	server := remotetest.ServeFTP(t, remotetest.FTPOptions{Folder: shelf(t), BreakAfter: 14})
	file, err := open(t, &ftp.Opener{}, "ftp://"+server.Addr+"/in/list%201.csv", login(remotetest.User, remotetest.Password))
	if err != nil {
		t.Fatal(err)
	}
	text, err := read(t, file, 0)
	if _, refused := errors.AsType[*remote.RefusedError](err); text != list[:14] || err == nil || refused {
		t.Errorf("got %q, %v", text, err)
	}
}

// script is a server that says what it is told to, by the first word of what it is asked.
func script(tb testing.TB, answers map[string]string) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, answers[""]+"\r\n")
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				word, _, _ := strings.Cut(lines.Text(), " ")
				answer := answers[word]
				if answer == "" {
					answer = "502 no"
				}
				_, _ = io.WriteString(conn, answer+"\r\n")
			}
			_ = conn.Close()
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return listener.Addr().String()
}

// A server cannot send us elsewhere: data comes from where it is itself.
func TestDataConnectionsGoNowhereElse(t *testing.T) {
	t.Parallel()
	victim, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this machine has one loopback address only")
	}
	defer func() { _ = victim.Close() }()
	port := victim.Addr().(*net.TCPAddr).Port
	called := make(chan struct{})
	go func() {
		if conn, err := victim.Accept(); err == nil {
			_ = conn.Close()
			close(called)
		}
	}()
	server := script(t, map[string]string{
		"": "220 hello", "USER": "230 in", "TYPE": "200 ok", "SIZE": "213 5", "RETR": "150 here it comes",
		"PASV": fmt.Sprintf("227 Entering Passive Mode (127,0,0,2,%d,%d)", port/256, port%256),
		"EPSV": "502 no",
	})
	file, err := open(t, &ftp.Opener{}, "ftp://"+server+"/list.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := read(t, file, 0); err == nil {
		t.Errorf("got %q", text)
	}
	select {
	case <-called:
		t.Error("another address was called")
	case <-time.After(100 * time.Millisecond):
	}
}

// A server that cannot do all is fine, and one that talks nonsense is not quoted.
func TestServersOfAllKinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  map[string]string
		want    string
		refused bool
	}{
		"busy":                {map[string]string{"": "421 secret"}, "the server answered 421", false},
		"no server of FTP":    {map[string]string{"": "HTTP/1.1 400 secret"}, "something that is not FTP", false},
		"a login it refuses":  {map[string]string{"USER": "550 secret"}, "did not let the user in", true},
		"a password, refused": {map[string]string{"USER": "331 go on", "PASS": "530 secret"}, "did not let the user in (530)", true},
		"nonsense as a size":  {map[string]string{"SIZE": "213 secret", "PASV": "227 secret"}, "something that is not FTP", false},
		"no passive mode":     {map[string]string{"PASV": "502 secret"}, "the server answered 502 Command not implemented", true},
	} {
		answers := map[string]string{"": "220 hello", "USER": "230 in", "TYPE": "200 ok"}
		maps.Copy(answers, test.change)
		file, err := open(t, &ftp.Opener{}, "ftp://"+script(t, answers)+"/list.csv", nil)
		if err == nil {
			if file.Info().Size != -1 {
				t.Errorf("%s: got %+v", name, file.Info())
			}
			_, err = read(t, file, 0)
		}
		_, refused := errors.AsType[*remote.RefusedError](err)
		if err == nil || refused != test.refused || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A server cannot fill our memory with words.
func TestServerThatTalksWithoutEnd(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	said := make(chan int, 1)
	go func() {
		conn, err := listener.Accept()
		n := 0
		for line := "220-" + strings.Repeat("x", 1000) + "\r\n"; err == nil && n < 100<<20; n += len(line) {
			_, err = io.WriteString(conn, line)
		}
		said <- n
	}()
	_, err = open(t, &ftp.Opener{}, "ftp://"+listener.Addr().String()+"/list.csv", nil)
	if err == nil || !strings.Contains(err.Error(), "does not stop talking") {
		t.Errorf("got %v", err)
	}
	if n := <-said; n > 50<<20 {
		t.Errorf("%d bytes were listened to", n)
	}
}

// A server that does not go on from the middle says so, and is asked from the start then.
func TestServerThatCannotResume(t *testing.T) {
	t.Parallel()
	data, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = data.Close() }()
	port := data.Addr().(*net.TCPAddr).Port
	server := script(t, map[string]string{
		"": "220 hello", "USER": "230 in", "TYPE": "200 ok", "REST": "502 no", "EPSV": fmt.Sprintf("229 (|||%d|)", port),
	})
	file, err := open(t, &ftp.Opener{}, "ftp://"+server+"/list.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, file, 5); !errors.Is(err, remote.ErrCannotResume) {
		t.Errorf("got %v", err)
	}
}
