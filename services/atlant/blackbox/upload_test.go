package blackbox_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// file writes a list into a folder of its own, and returns its path.
func file(tb testing.TB, name, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// reading runs a command against an Atlant that reads standard input.
func (a *atlant) reading(tb testing.TB, in io.Reader, arguments ...string) result {
	tb.Helper()
	var out, errOut bytes.Buffer
	command := exec.CommandContext(within(tb), program, append(arguments, "--addr", a.url)...)
	command.Env, command.Stdin, command.Stdout, command.Stderr = environment(), in, &out, &errOut
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("run %q: %v", arguments, err)
	}
	return result{command.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// TestFilesAreFetched: a file needs no web server, and no leave to fetch from this machine.
func TestFilesAreFetched(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	path := file(t, "my prices.csv", smallList)
	fetch := []string{"fetch", "--wait", "--source", "files", path}
	a.cli(t, 0, fetch...).holds(t, "completed", "3 read = 3 accepted", "…/my prices.csv\n", "visible after")
	eventuallyf(t, func() bool { // on a busy machine a view may be behind, and then the list is read
		return strings.Contains(a.cli(t, 0, fetch...).out, "not modified")
	}, "an unchanged file is always read")
	if err := os.WriteFile(path, []byte(strings.Replace(smallList, "1.50", "1.75", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	a.cli(t, 0, fetch...).holds(t, "completed", "3 read = 3 accepted")
	a.cli(t, 0, "changes", "--source", "files", "Milk").holds(t, "1.75", "1.50")

	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	_, err := io.WriteString(zipped, header+"Salt;0.90\n")
	if err = errors.Join(err, zipped.Close()); err != nil {
		t.Fatal(err)
	}
	got := a.reading(t, &packed, "fetch", "--wait", "--source", "stdin", "-")
	got.holds(t, "completed", "1 read = 1 accepted", "…/stdin\n")
	named := a.reading(t, strings.NewReader(header+"Salt;0.95\n"), "fetch", "--wait", "--source", "stdin", "--file-name", "salt.csv", "-")
	named.holds(t, "completed", "…/salt.csv\n")
	if total := a.total(t, "stdin"); total != 1 {
		t.Errorf("got %d products", total)
	}
	for _, refused := range []string{t.TempDir(), file(t, "empty.csv", ""), filepath.Join(t.TempDir(), "gone.csv")} {
		if r := a.cli(t, 1, "fetch", refused); r.out != "" || !strings.Contains(r.errOut, filepath.Base(refused)) {
			t.Errorf("%s: got %+v", refused, r)
		}
	}
	if r := a.reading(t, strings.NewReader(""), "fetch", "-"); r.code != 1 || !strings.Contains(r.errOut, "empty") {
		t.Errorf("got %+v", r)
	}
}

// TestUploadURLs: an upload is fetched like any list, as often as one likes.
func TestUploadURLs(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), "--max-list-bytes", "5000")
	list := []byte(listOf(5000))
	first := a.upload(t, "list.csv", list)
	if again := a.upload(t, "list.csv", list); again != first {
		t.Errorf("it is %s, and then %s", first, again)
	}
	request := &atlantv1.FetchRequest{Url: first, RequestId: "once"}
	got := a.get(t, request)
	if got.GetUrl() != first || got.GetBytes() != 5000 {
		t.Errorf("got %v", got)
	}
	if same := a.ask(t, request); same.GetId() != got.GetId() {
		t.Errorf("the request id was taken for fetch %s as well", same.GetId())
	}
	counts{2, 2, 0, 0, 2}.expect(t, a.get(t, &atlantv1.FetchRequest{Url: first, Force: true}))
	never := uploadURL([]byte("never uploaded"), "list.csv")
	failure := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: never}).GetId())
	if failure.GetState() != failed || !strings.Contains(failure.GetError(), "upload it again") {
		t.Errorf("got %v", failure)
	}
	if r := a.cli(t, 1, "fetch", file(t, "large.csv", listOf(5001))); !strings.Contains(r.errOut, "larger than 5000 bytes") {
		t.Errorf("got %+v", r)
	}
}

func uploadURL(list []byte, name string) string {
	return fmt.Sprintf("upload:%x/%s", sha256.Sum256(list), name)
}

// upload uploads a list and returns its URL.
func (a *atlant) upload(tb testing.TB, name string, list []byte) string {
	tb.Helper()
	stream := a.fetches.Upload(within(tb))
	for _, message := range []*atlantv1.UploadRequest{{FileName: name}, {Data: list}} {
		if err := stream.Send(message); err != nil {
			tb.Fatal(err)
		}
	}
	response, err := stream.CloseAndReceive()
	if err != nil {
		tb.Fatal(err)
	}
	return response.Msg.GetUrl()
}

// longList writes a list of 100 MB in which 100 products come again and again.
func longList(to io.Writer) (rows int64, err error) {
	padding := strings.Repeat("x", 450)
	for size := 0; size < 100<<20; rows++ {
		n, err := fmt.Fprintf(to, "product %02d %s;%d\n", rows%100, padding, rows)
		if err != nil {
			return rows, err
		}
		size += n
	}
	return rows, nil
}

// TestUploadIsFetchedElsewhere: one process takes a large list, another one fetches it. Neither whoever sends it nor whoever
// takes it has much of it in memory.
func TestUploadIsFetchedElsewhere(t *testing.T) {
	t.Parallel()
	servers := natstest.StartServer(t, &natsd.Options{JetStream: true, SyncAlways: true})
	flags := []string{"--nats", servers.ClientURL(), "--views", "sqlite:" + t.TempDir()}
	serving := launch(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	serving.awaitUp(t)
	working := launch(t, nil, append([]string{"work", "--data", t.TempDir()}, flags...)...)
	working.awaitWorking(t)

	var out, errOut bytes.Buffer
	client := exec.CommandContext(within(t), program, "fetch", "--wait", "--json", "-", "--addr", serving.url)
	client.Env, client.Stdout, client.Stderr = environment(), &out, &errOut
	in, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	rows, err := longList(in)
	expectLittleMemory(t, "client", client) // which waits for the end of the list
	_ = in.Close()
	if err := errors.Join(err, client.Wait()); err != nil {
		t.Fatalf("%v: %s", err, &errOut)
	}
	objects := result{out: out.String()}.objects(t)
	if len(objects) != 1 || objects[0]["state"] != "FETCH_STATE_COMPLETED" ||
		objects[0]["rowsRead"] != strconv.FormatInt(rows, 10) || objects[0]["published"] != "100" {
		t.Fatalf("got %v, %d rows were sent", objects, rows)
	}
	expectLittleMemory(t, "server", serving.cmd)
}

// expectLittleMemory demands that a process that has passed a long list on never held it: that takes twice its size, beside
// the 60 MB and more of the program itself.
func expectLittleMemory(tb testing.TB, who string, running *exec.Cmd) {
	tb.Helper()
	const most = 180 << 20
	memory, known := peakMemory(running.Process.Pid)
	tb.Logf("the %s took %d bytes of memory", who, memory)
	if known && memory > most {
		tb.Errorf("that is more than %d", most)
	}
}

// TestKillInTheMiddleOfAnUpload: whoever dies, what had come by then does not pass for a list, and the next upload works.
func TestKillInTheMiddleOfAnUpload(t *testing.T) {
	t.Parallel()
	const pieces, piece = 8, 512 << 10
	half := []byte(strings.Repeat("Milk;1.50\n", pieces*piece/10+1))[:pieces*piece]
	data := t.TempDir()
	a := start(t, data)
	for _, victim := range []string{"client", "server"} {
		command := exec.CommandContext(within(t), program, "fetch", "-", "--addr", a.url)
		command.Env = environment()
		in, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(half); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // for the server to take the last of it
		if victim == "client" {
			_ = command.Process.Kill()
		} else {
			a.kill(t)
			_ = in.Close()
		}
		if err := command.Wait(); err == nil {
			t.Errorf("the %s was killed: the command ended well", victim)
		}
		if victim == "server" {
			a = start(t, data)
		}
		if fetches := a.allFetches(t, largestPage, ""); len(fetches) != 0 {
			t.Errorf("the %s was killed: fetched %v", victim, fetches)
		}
	}
	for n := 1; n <= pieces; n++ {
		fetch := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: uploadURL(half[:n*piece], "stdin")}).GetId())
		if fetch.GetState() != failed || !strings.Contains(fetch.GetError(), "upload it again") {
			t.Errorf("of %d pieces: got %v", n, fetch)
		}
	}
	a.cli(t, 0, "fetch", "--wait", file(t, "list.csv", smallList)).holds(t, "completed")
}
