package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const listURL = "http://shop.example/list.csv"

func completedFetch() *atlantv1.Fetch {
	return &atlantv1.Fetch{
		Id: fetchID, Url: listURL, Source: "shop", State: atlantv1.FetchState_FETCH_STATE_COMPLETED,
		RequestedAt: at("12:00:00"), ObservedAt: at("12:00:00"), EndedAt: at("12:00:02"),
		Bytes: 65_432, RowsRead: 1_010, Accepted: 1_000, Rejected: 7, Duplicates: 3, Published: 1_000,
		Dialect: &atlantv1.Dialect{
			Delimiter: ";", Encoding: "utf-8", DecimalMark: ",", Quote: `"`, HasHeader: true,
			NameColumns: []int32{1, 2}, PriceColumn: 4, CurrencyCode: "EUR", Evidence: []string{"the header says so"},
		},
		Position: "p1",
	}
}

const completedReceipt = `fetch      0199d3a0-0000-7000-8000-000000000001
state      completed
url        http://shop.example/list.csv
source     shop
observed   LOCAL
rows       1,010 read = 1,000 accepted + 7 rejected + 3 duplicates
published  1,000
bytes      65,432
dialect    utf-8, columns split by semicolon, quotes ", decimal mark comma, a header, name in column 1+2, price in column 4, in EUR
duration   2s
`

func receiptText() string {
	return strings.ReplaceAll(completedReceipt, "LOCAL", formatTime(at("12:00:00"), toTheSecond))
}

const rejectLine = "reject     line 12, column 2: no number: Milk;abc\n"

func oneReject(*atlantv1.ListRejectsRequest) (*atlantv1.ListRejectsResponse, error) {
	return &atlantv1.ListRejectsResponse{Rejects: []*atlantv1.Reject{{
		Line: 12, Column: 2, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER, Message: "no number", Raw: "Milk;abc",
	}}}, nil
}

// fetchServer takes any fetch and watches it to the end given.
func fetchServer(end *atlantv1.Fetch) *fakeServer {
	return &fakeServer{
		fetch: func(*atlantv1.FetchRequest) (*atlantv1.Fetch, error) {
			return &atlantv1.Fetch{Id: fetchID, Url: listURL, State: atlantv1.FetchState_FETCH_STATE_QUEUED}, nil
		},
		watch: func(send func(*atlantv1.Fetch) error) error {
			if err := send(&atlantv1.Fetch{Id: fetchID, State: atlantv1.FetchState_FETCH_STATE_RUNNING}); err != nil {
				return err
			}
			return send(end)
		},
		list:        func(*atlantv1.ListRequest) (*atlantv1.ListResponse, error) { return &atlantv1.ListResponse{}, nil },
		listRejects: oneReject,
	}
}

func TestFetchAnswersAtOnce(t *testing.T) {
	t.Parallel()
	s := fetchServer(nil)
	s.run(t, "fetch", listURL).expect(t, exitOK,
		"fetch "+fetchID+" is queued\nsee how it goes with `atlant fetches "+fetchID+"`; next time, --wait waits for the end\n", "")
	r := s.run(t, "fetch", listURL, "--json")
	if r.code != exitOK || field(t, r.out, "state") != "FETCH_STATE_QUEUED" || field(t, r.out, "rowsRead") != "0" {
		t.Errorf("got %+v", r)
	}
}

// field returns a field of a JSON object.
func field(tb testing.TB, line, name string) any {
	tb.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		tb.Fatalf("%v: %s", err, line)
	}
	return object[name]
}

func TestFetchRequest(t *testing.T) {
	t.Parallel()
	var got *atlantv1.FetchRequest
	s := fetchServer(nil)
	s.fetch = func(r *atlantv1.FetchRequest) (*atlantv1.Fetch, error) {
		got = r
		return &atlantv1.Fetch{}, nil
	}
	s.run(t, "fetch", listURL, "--source", "shop", "--observed-at", "2026-01-31T12:00:00Z", "--request-id", "r1", "--force", "--bearer-token-file", writeSecret(t, "t1"),
		"--delimiter", "tab", "--encoding", "utf-8", "--decimal-mark", ",", "--quote", "none", "--no-header",
		"--name-columns", "Brand,Code", "--price-column", "4", "--currency", "EUR", "--skip-lines", "2")
	want := &atlantv1.FetchRequest{
		Url: listURL, Source: "shop", ObservedAt: at("12:00:00"), RequestId: "r1", Force: true,
		Credentials: &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: "t1"}},
		Csv: &atlantv1.CsvOptions{
			Delimiter: "\t", Encoding: "utf-8", DecimalMark: ",", Quote: "none", NoHeader: true,
			NameColumns: []string{"Brand", "Code"}, PriceColumn: "4", CurrencyCode: "EUR", SkipLines: 2,
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	key := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(key, []byte("the key"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, "fetch", "sftp://me@shop.example/list.csv", "--ssh-private-key", key, "--ssh-passphrase-file", writeSecret(t, "open"))
	want = &atlantv1.FetchRequest{Url: "sftp://me@shop.example/list.csv", Credentials: &atlantv1.Credentials{
		Credentials: &atlantv1.Credentials_SshPrivateKey{SshPrivateKey: &atlantv1.SshPrivateKey{Key: "the key", Passphrase: "open"}},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	for _, arguments := range [][]string{
		{"--ssh-private-key", key, "--bearer-token-file", key},
		{"--ssh-passphrase-file", key},
		{"--ssh-private-key", key + "x"},
		{"--password-file", key},
		{"--password-file", key + "x"},
		{"--bearer-token-file", key + "x"},
		{"--bearer-token", "t1"},
	} {
		if r := s.run(t, append([]string{"fetch", listURL}, arguments...)...); r.code == exitOK || r.errOut == "" {
			t.Errorf("%q: got %+v", arguments, r)
		}
	}
	s.run(t, "fetch", "https://me%40x@shop.example/list.csv?a=b@c", "--password-file", writeSecret(t, "se:same"))
	want = &atlantv1.FetchRequest{Url: "https://shop.example/list.csv?a=b@c", Credentials: &atlantv1.Credentials{
		Credentials: &atlantv1.Credentials_Basic{Basic: &atlantv1.BasicCredentials{User: "me@x", Password: "se:same"}},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	s.run(t, "fetch", listURL)
	if diff := cmp.Diff(&atlantv1.FetchRequest{Url: listURL}, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestFetchWait(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	s := fetchServer(completedFetch())
	s.list = func(r *atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
		if r.GetPosition() != "p1" || r.GetPageSize() != 1 {
			t.Errorf("got %v", r)
		}
		if lists.Add(1) == 1 { // the views are slow: ask again
			return nil, connect.NewError(connect.CodeDeadlineExceeded, errors.New("not yet"))
		}
		return &atlantv1.ListResponse{}, nil
	}
	r := s.run(t, "fetch", listURL, "--wait")
	out, visible, _ := strings.Cut(r.out, "visible after ")
	if r.code != exitOK || out != receiptText() || !strings.HasSuffix(visible, "ms\n"+rejectLine) || lists.Load() != 2 {
		t.Errorf("got %d, %d lists, %s\n%s", r.code, lists.Load(), r.out, r.errOut)
	}
	if want := "all 7 rejects: `atlant rejects " + fetchID + "`\n"; r.errOut != want {
		t.Errorf("got %q, want %q", r.errOut, want)
	}
}

func TestFetchWaitJSON(t *testing.T) {
	t.Parallel()
	r := fetchServer(completedFetch()).run(t, "fetch", listURL, "--wait", "--json")
	if r.code != exitOK || strings.Count(r.out, "\n") != 1 || r.errOut != "" || field(t, r.out, "accepted") != "1000" {
		t.Errorf("got %+v", r)
	}
}

func TestFetchWaitEnds(t *testing.T) {
	t.Parallel()
	for state, want := range map[atlantv1.FetchState]struct {
		code   int
		errOut string
	}{
		atlantv1.FetchState_FETCH_STATE_COMPLETED:    {exitOK, ""},
		atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED: {exitOK, ""},
		atlantv1.FetchState_FETCH_STATE_FAILED:       {exitFailure, "atlant: fetch " + fetchID + " failed: no such host\n"},
		atlantv1.FetchState_FETCH_STATE_CANCELLED:    {exitFailure, "atlant: fetch " + fetchID + " was cancelled\n"},
	} {
		s := fetchServer(&atlantv1.Fetch{Id: fetchID, State: state, Error: "no such host"})
		for _, format := range []string{"--json=false", "--json"} {
			r := s.run(t, "fetch", listURL, "--wait", format)
			if r.code != want.code || r.errOut != want.errOut || r.out == "" {
				t.Errorf("%v: got %+v", state, r)
			}
		}
	}
}

func TestFetchWaitReconnects(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	s := fetchServer(nil)
	s.watch = func(send func(*atlantv1.Fetch) error) error {
		switch streams.Add(1) {
		case 1:
			_ = send(&atlantv1.Fetch{State: atlantv1.FetchState_FETCH_STATE_RUNNING})
			return connect.NewError(connect.CodeUnavailable, errors.New("shutting down"))
		case 2:
			return nil // ended too early, without an error
		}
		return send(completedFetch())
	}
	if r := s.run(t, "fetch", listURL, "--wait"); r.code != exitOK || streams.Load() != 3 {
		t.Errorf("got %+v after %d streams", r, streams.Load())
	}
}

func TestFetchWaitSurvivesBrokenConnection(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	s := fetchServer(nil)
	s.watch = func(send func(*atlantv1.Fetch) error) error {
		if streams.Add(1) == 1 {
			_ = send(&atlantv1.Fetch{State: atlantv1.FetchState_FETCH_STATE_RUNNING})
			panic(http.ErrAbortHandler) // cuts the connection, as a killed server does
		}
		return send(completedFetch())
	}
	if r := s.run(t, "fetch", listURL, "--wait"); r.code != exitOK || streams.Load() != 2 {
		t.Errorf("got %+v after %d streams", r, streams.Load())
	}
}

func TestFetchWaitGivesUpOnFinalErrors(t *testing.T) {
	t.Parallel()
	s := fetchServer(nil)
	s.watch = func(func(*atlantv1.Fetch) error) error {
		return connect.NewError(connect.CodeNotFound, errors.New("no such fetch"))
	}
	s.run(t, "fetch", listURL, "--wait").expect(t, exitFailure, "", "atlant: no such fetch\n")
}

func TestFetchWaitTimesOut(t *testing.T) {
	t.Parallel()
	s := fetchServer(nil)
	s.watch = func(func(*atlantv1.Fetch) error) error {
		return connect.NewError(connect.CodeUnavailable, errors.New("starting"))
	}
	r := s.run(t, "fetch", listURL, "--wait", "--timeout", "300ms")
	if r.code != exitFailure || !strings.HasPrefix(r.errOut, "atlant: fetch "+fetchID+" has not ended yet; it goes on\n") {
		t.Errorf("got %+v", r)
	}
}
