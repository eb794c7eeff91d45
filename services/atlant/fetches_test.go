package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func noSuch(string) (*atlantv1.Fetch, error) {
	return nil, connect.NewError(connect.CodeNotFound, errors.New("there is no fetch with that id"))
}

func twoFetches(r *atlantv1.ListFetchesRequest) (*atlantv1.ListFetchesResponse, error) {
	done := completedFetch()
	done.RequestedAt = timestamppb.New(time.Now().Add(-3 * time.Hour))
	failed := &atlantv1.Fetch{
		Id: strings.Replace(fetchID, "0001", "0002", 1), Url: listURL, Source: "shop", State: atlantv1.FetchState_FETCH_STATE_FAILED,
		RequestedAt: timestamppb.New(time.Now().Add(-49 * time.Hour)),
	}
	return &atlantv1.ListFetchesResponse{Fetches: []*atlantv1.Fetch{done, failed}[:min(2, r.GetPageSize())], NextPageToken: "more"}, nil
}

func TestFetches(t *testing.T) {
	t.Parallel()
	s := &fakeServer{listFetches: twoFetches}
	s.run(t, "fetches", "--limit", "2").expect(t, exitOK, ``+
		`id                                    state      source   rows  accepted  rejected  duplicates  age          url
0199d3a0-0000-7000-8000-000000000001  completed  shop    1,010     1,000         7           3  3 hours ago  http://shop.example/list.csv
0199d3a0-0000-7000-8000-000000000002  failed     shop        0         0         0           0  2 days ago   http://shop.example/list.csv
`, "there are more: --limit 0 shows all\n")
	r := s.run(t, "fetches", "--json", "--limit", "2")
	if lines := strings.Split(r.out, "\n"); r.code != exitOK || len(lines) != 3 || field(t, lines[1], "rejected") != "0" {
		t.Errorf("got %+v", r)
	}
}

func TestNoFetches(t *testing.T) {
	t.Parallel()
	s := &fakeServer{listFetches: func(*atlantv1.ListFetchesRequest) (*atlantv1.ListFetchesResponse, error) {
		return &atlantv1.ListFetchesResponse{}, nil
	}}
	s.run(t, "fetches").expect(t, exitOK, "", "no fetches yet: `atlant fetch FILE` or `atlant fetch URL` makes one\n")
	s.run(t, "fetches", "--json").expect(t, exitOK, "", "")
}

// TestReceiptOfASchedule says when the fetch was due.
func TestReceiptOfASchedule(t *testing.T) {
	t.Parallel()
	s := &fakeServer{listRejects: oneReject, getFetch: func(string) (*atlantv1.Fetch, error) {
		fetch := completedFetch()
		fetch.ScheduledFor = at("06:30:00")
		return fetch, nil
	}}
	want := "due        " + formatTime(at("06:30:00"), toTheSecond) + "\n"
	if r := s.run(t, "fetches", fetchID); r.code != exitOK || !strings.Contains(r.out, want) {
		t.Errorf("got %+v", r)
	}
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	s := &fakeServer{listRejects: oneReject, getFetch: func(string) (*atlantv1.Fetch, error) { return completedFetch(), nil }}
	s.run(t, "fetches", fetchID).expect(t, exitOK, receiptText()+"evidence   the header says so\n"+rejectLine,
		"all 7 rejects: `atlant rejects "+fetchID+"`\n")
	if r := s.run(t, "fetches", fetchID, "--json"); r.code != exitOK || field(t, r.out, "bytes") != "65432" {
		t.Errorf("got %+v", r)
	}
	s.getFetch = noSuch
	s.run(t, "fetches", fetchID).expect(t, exitFailure, "",
		"atlant: there is no fetch with that id\n  `atlant fetches` lists those there are\n")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := &fakeServer{cancel: func(id string) (*atlantv1.Fetch, error) {
		return &atlantv1.Fetch{Id: id, State: atlantv1.FetchState_FETCH_STATE_CANCELLED}, nil
	}}
	s.run(t, "cancel", fetchID).expect(t, exitOK, "fetch "+fetchID+" is cancelled\n", "")
	s.cancel = func(string) (*atlantv1.Fetch, error) {
		return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("it is too late"))
	}
	s.run(t, "cancel", fetchID).expect(t, exitFailure, "", "atlant: it is too late\n")
}

func TestRejects(t *testing.T) {
	t.Parallel()
	s := &fakeServer{listRejects: func(r *atlantv1.ListRejectsRequest) (*atlantv1.ListRejectsResponse, error) {
		first := r.GetPageToken() == ""
		switch {
		case first:
			return &atlantv1.ListRejectsResponse{NextPageToken: "2", Rejects: []*atlantv1.Reject{{
				Line: 12, Column: 2, Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER, Message: "no number", Raw: "Milk;abc",
			}}}, nil
		default:
			return &atlantv1.ListRejectsResponse{Rejects: []*atlantv1.Reject{{
				Line: 13, Reason: atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER, Message: "a NUL", Raw: "a\x00\x1b[2Jb",
			}}}, nil
		}
	}}
	s.run(t, "rejects", fetchID).expect(t, exitOK, ``+
		`line  column  reason              message    raw
  12       2  price not a number  no number  Milk;abc
  13          control character   a NUL      a\x00\x1b[2Jb
`, "")
	r := s.run(t, "rejects", fetchID, "--json")
	want := fmt.Sprintf(`{"line":"12","byteOffset":"0","column":2,"reason":%q,"message":"no number","raw":"Milk;abc","row":""}`, "REJECT_REASON_PRICE_NOT_A_NUMBER")
	if got, _, _ := strings.Cut(r.out, "\n"); r.code != exitOK || got != want {
		t.Errorf("got %+v", r)
	}
}
