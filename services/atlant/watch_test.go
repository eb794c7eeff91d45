package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func watchedChange(id, name, clock string, previous, price int64) *atlantv1.WatchedChange {
	return &atlantv1.WatchedChange{
		Change:  &atlantv1.Change{ProductId: id, ObservedAt: at(clock), PreviousPrice: eur(previous), Price: eur(price)},
		Product: &atlantv1.Product{Id: id, Name: name, Source: "shop", Price: eur(price)},
	}
}

// watched runs a watch against a server that tells of two changes in as many streams, and interrupts it then.
func watched(t *testing.T, args ...string) (r result, requests []*atlantv1.WatchRequest) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	s := milk()
	s.watchPrices = func(request *atlantv1.WatchRequest, send func(*atlantv1.WatchResponse) error) error {
		requests = append(requests, request)
		switch len(requests) {
		case 1:
			_ = send(&atlantv1.WatchResponse{Position: "p1"})
			_ = send(&atlantv1.WatchResponse{Position: "p2", Changes: []*atlantv1.WatchedChange{watchedChange("m", "Milk", "09:30:15", 1_000_000, 1_100_000)}})
			return connect.NewError(connect.CodeUnavailable, errors.New("shutting down"))
		case 2:
			_ = send(&atlantv1.WatchResponse{Position: "p3", Changes: []*atlantv1.WatchedChange{watchedChange("b", "Bread", "09:30:16", 2_000_000, 1_500_000)}})
			return nil // ended too early, without an error
		}
		interrupt()
		return nil
	}
	r = atlantIn(ctx, append([]string{"--addr", s.start(t), "watch"}, args...)...)
	return r, requests
}

func TestWatch(t *testing.T) {
	t.Parallel()
	r, requests := watched(t)
	second := func(clock string) string { return formatTime(at(clock), toTheSecond) }
	r.expect(t, exitOK, ""+
		"when                 name  new price  previous  move     source\n"+
		second("09:30:15")+"  Milk   1.10 EUR  1.00 EUR  ▲ 10.0%  shop\n"+
		second("09:30:16")+"  Bread   1.50 EUR  2.00 EUR  ▼ 25.0%  shop\n",
		"watching; Ctrl-C ends it\nconnection lost, trying again: nothing will be missed\n")
	var positions []string
	for _, request := range requests {
		positions = append(positions, request.GetPosition())
	}
	if want := []string{"", "p2", "p3"}; !cmp.Equal(positions, want) {
		t.Errorf("asked for %q, want %q", positions, want)
	}
}

func TestWatchJSON(t *testing.T) {
	t.Parallel()
	r, _ := watched(t, "--json")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.code != exitOK || r.errOut != "" || len(lines) != 2 || !strings.Contains(lines[0], `"name":"Milk"`) || !strings.Contains(lines[1], `"amountMicros":"1500000"`) {
		t.Errorf("got %+v", r)
	}
}

func TestWatchRequest(t *testing.T) {
	t.Parallel()
	_, requests := watched(t, "--source", "shop", "--product", "Milk 1l", "--product", productID, "--query", "mil", "--min-price", "1",
		"--max-price", "2.50", "--position", "p0")
	want := &atlantv1.WatchRequest{
		Source: "shop", ProductIds: []string{productID, productID}, Query: "mil", MinPriceMicros: new(int64(1_000_000)),
		MaxPriceMicros: new(int64(2_500_000)), Position: "p0",
	}
	if diff := cmp.Diff(want, requests[0], protocmp.Transform()); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
}

func TestWatchFails(t *testing.T) {
	t.Parallel()
	s := milk()
	s.watchPrices = func(*atlantv1.WatchRequest, func(*atlantv1.WatchResponse) error) error {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("position: not one of this log"))
	}
	s.run(t, "watch", "--position", "x").expect(t, exitFailure, "", "atlant: position: not one of this log\n")
	s.run(t, "watch", "--product", "Butter").expect(t, exitFailure, "",
		"atlant: there is no such product\n  `atlant list` shows the names; --source says in which list to look\n")
	if r := atlant(t, "watch", "--addr", "127.0.0.1:1"); r.code != exitFailure || !strings.Contains(r.errOut, "no Atlant answers") {
		t.Errorf("got %+v", r)
	}
}

// On a terminal the products that changed last are kept in sight, each once, and nothing scrolls.
func TestWatchTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := &watchTable{console: &console{out: &out, width: 80, height: 7}}
	w.say("watching")
	for i, names := range []string{"a", "bcd", "ae", "a", "fghijkl"} {
		var changes []*atlantv1.WatchedChange
		for name := range strings.SplitSeq(names, "") {
			changes = append(changes, watchedChange(name, "product "+name, fmt.Sprintf("09:00:%02d", i), 1_000_000, 2_000_000))
		}
		if err := w.show(changes); err != nil {
			t.Fatal(err)
		}
	}
	w.say("lost")
	frames := strings.Split(out.String(), clearFromHere)
	last := strings.TrimSuffix(strings.TrimPrefix(frames[len(frames)-1], noWrapping), wrapping)
	lines := strings.Split(strings.TrimSuffix(last, "\n"), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "when") || lines[5] != "14 changes seen; lost" {
		t.Fatalf("the table is\n%s", last)
	}
	for i, want := range []string{"l", "k", "j", "i"} {
		if !strings.Contains(lines[1+i], "product "+want+" ") {
			t.Errorf("line %d is %q, want product %s", i, lines[1+i], want)
		}
	}
	// Each frame goes up as many lines as the one before had.
	for i := 1; i < len(frames)-1; i++ {
		if up, before := strings.Count(frames[i], oneLineUp), strings.Count(frames[i], "\n"); up != before {
			t.Errorf("frame %d goes up %d lines of %d", i, up, before)
		}
	}
	if err := w.show(nil); err != nil || len(strings.Split(out.String(), clearFromHere)) != len(frames) {
		t.Errorf("a heartbeat is drawn, %v", err)
	}
}
