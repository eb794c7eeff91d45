package product_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// rowNamer says of each row which one was asked for.
type rowNamer struct{}

func (rowNamer) RawRow(_ context.Context, fetch *atlantv1.Fetch, line int64) (string, error) {
	return fmt.Sprintf("%s:%d", fetch.GetUrl(), line), nil
}

// observeInFetch publishes a list with the product x somewhere in it, and takes it into the views.
func observeInFetch(t *testing.T, log *jetstream.Log, views projections.Views, number int, price, line int64) events.FetchID {
	t.Helper()
	var all []events.Observation
	for i := range int64(600) {
		name := fmt.Sprintf("other %d", i)
		if i+2 == line {
			name = "x"
		}
		all = append(all, events.Observation{
			Name: name, Price: events.Price{Micros: price}, Line: i + 2, Position: events.Position{ObservedAt: day + events.Micros(number)},
		})
	}
	fetch := publish(t, log, all)
	project(t, views, uint64(number)+1, all...)
	return fetch
}

func TestExplain(t *testing.T) {
	t.Parallel()
	log, views := newLog(t), newViews(t)
	all := clientsOn(t, views, log, rowNamer{})
	for number, step := range []struct {
		price, line         int64 // of the product in this fetch
		from, seen          int   // the fetch that brought the price, and the last one
		lineFrom, lineOfEnd int64
	}{{1, 5, 0, 0, 5, 5}, {1, 7, 0, 1, 5, 7}, {2, 500, 2, 2, 500, 500}, {2, 3, 2, 3, 500, 3}} {
		fetch := observeInFetch(t, log, views, number, step.price, step.line)
		for protocol, client := range all {
			response, err := client.Explain(t.Context(), connect.NewRequest(&atlantv1.ExplainRequest{Source: shopSource, Name: "x"}))
			if err != nil {
				t.Fatalf("%s: %v", protocol, err)
			}
			from, seen := response.Msg.GetPriceFrom(), response.Msg.GetSeenLast()
			if from.GetLine() != step.lineFrom || seen.GetLine() != step.lineOfEnd || seen.GetFetch().GetId() != fetch.String() ||
				response.Msg.GetProduct().GetPrice().GetAmountMicros() != step.price {
				t.Fatalf("%s, fetch %d: %v", protocol, number, response.Msg)
			}
			if proto.Equal(from, seen) != (step.from == step.seen) {
				t.Fatalf("%s, fetch %d: the price is from %v, it was last seen in %v", protocol, number, from, seen)
			}
			if want := fmt.Sprintf("https://example.com/list.csv:%d", step.lineFrom); from.GetRawRow() != want {
				t.Errorf("%s: row %q, want %q", protocol, from.GetRawRow(), want)
			}
			if from.GetSha256() != strings.Repeat("ab", 32) || from.GetFetch().GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED {
				t.Errorf("%s: %v", protocol, from)
			}
		}
	}
}

// What was observed by a fetch of which nothing else is known is explained as far as possible.
func TestExplainWithoutFetch(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	o := observe("default", "x", 1, 0)
	project(t, views, 1, o)
	client := clientsOn(t, views, newLog(t), rowNamer{})["connect"]
	response, err := client.Explain(t.Context(), connect.NewRequest(&atlantv1.ExplainRequest{Id: o.ProductID().String()}))
	if err != nil {
		t.Fatal(err)
	}
	want := &atlantv1.Evidence{Fetch: &atlantv1.Fetch{Id: o.Position.Fetch.String()}}
	if !proto.Equal(response.Msg.GetPriceFrom(), want) || !proto.Equal(response.Msg.GetSeenLast(), want) {
		t.Errorf("%v", response.Msg)
	}
}

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	for protocol, client := range clients(t, newViews(t)) {
		for name, test := range map[string]struct {
			request *atlantv1.ExplainRequest
			code    connect.Code
			says    string
		}{
			"unknown name": {&atlantv1.ExplainRequest{Name: "y"}, connect.CodeNotFound, `"y"`},
			"nothing":      {&atlantv1.ExplainRequest{}, connect.CodeInvalidArgument, "id"},
			"no id":        {&atlantv1.ExplainRequest{Id: "x"}, connect.CodeInvalidArgument, "id"},
			"blank name":   {&atlantv1.ExplainRequest{Name: " "}, connect.CodeInvalidArgument, "name"},
		} {
			_, err := client.Explain(t.Context(), connect.NewRequest(test.request))
			if connect.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %s: %v", protocol, name, err)
			}
		}
	}
}
