package product_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func after(d time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(day.Timestamp().AsTime().Add(d))
}

var filters = map[string]*atlantv1.ListRequest{
	"all":                 {},
	"source":              {Source: "shop"},
	"no such source":      {Source: "nowhere"},
	"at least":            {MinPriceMicros: new(int64(1_000_000))},
	"at most":             {MaxPriceMicros: new(int64(1_000_000))},
	"free":                {MinPriceMicros: new(int64(0)), MaxPriceMicros: new(int64(0))},
	"between":             {MinPriceMicros: new(int64(1_000_000)), MaxPriceMicros: new(int64(2_000_000))},
	"above all":           {MinPriceMicros: new(int64(4_000_000))},
	"ever changed":        {ChangedSince: &timestamppb.Timestamp{}},
	"changed since":       {ChangedSince: after(3 * time.Second)},
	"changed in between":  {ChangedSince: after(3*time.Second + 500*time.Microsecond)},
	"changed in future":   {ChangedSince: after(time.Hour)},
	"everything together": {Source: "default", MinPriceMicros: new(int64(1_000_000)), MaxPriceMicros: new(int64(3_000_000)), ChangedSince: after(2 * time.Second)},
}

func TestList(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	for protocol, client := range clients(t, store) {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			for name, filter := range filters {
				if protocol != "grpc" && name != "all" && name != "everything together" {
					continue // how a request travels does not change what it selects
				}
				for sort := range atlantv1.SortBy_name {
					for _, descending := range []bool{false, true} {
						request := proto.CloneOf(filter)
						request.SortBy, request.Descending, request.PageSize = atlantv1.SortBy(sort), descending, 23
						want := selected(products, request)
						if got := walk(t, client, request); !slices.Equal(got, want) {
							t.Fatalf("%s by %s, descending %t:\ngot  %v\nwant %v", name, request.GetSortBy(), descending, got, want)
						}
					}
				}
			}
		})
	}
}

func TestListPageSizes(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	client := clients(t, store)["connect"]
	for _, size := range []int32{0, 1, 2, 29, 30, 31, 59, 60, 61, 1000} {
		request := &atlantv1.ListRequest{PageSize: size, SortBy: atlantv1.SortBy_SORT_BY_PRICE}
		if got := walk(t, client, request); !slices.Equal(got, selected(products, request)) {
			t.Errorf("page size %d: %v", size, got)
		}
	}
}

func TestListTotal(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	for protocol, client := range clients(t, store) {
		for name, filter := range filters {
			request := proto.CloneOf(filter)
			request.PageSize = 3
			if got := list(t, client, request).GetTotalSize(); got != 0 {
				t.Errorf("%s, %s: %d, though nobody asked", protocol, name, got)
			}
			request.Total = true
			want := int64(len(selected(products, request)))
			page := list(t, client, request)
			if page.GetTotalSize() != want {
				t.Errorf("%s, %s: %d, want %d", protocol, name, page.GetTotalSize(), want)
			}
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() != "" {
				if got := list(t, client, request).GetTotalSize(); got != want {
					t.Errorf("%s, %s: %d on the second page, want %d", protocol, name, got, want)
				}
			}
		}
	}
}

func TestListOfNothing(t *testing.T) {
	t.Parallel()
	for protocol, client := range clients(t, newViews(t)) {
		page := list(t, client, &atlantv1.ListRequest{Total: true})
		if len(page.GetProducts()) != 0 || page.GetNextPageToken() != "" || page.GetTotalSize() != 0 {
			t.Errorf("%s: %v", protocol, page)
		}
	}
}

// A token leads through one list; only what does not select or order products may differ.
func TestListTokens(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	fixture(t, store)
	client := clients(t, store)["connect"]
	base := &atlantv1.ListRequest{
		PageSize: 5, SortBy: atlantv1.SortBy_SORT_BY_NAME, Source: "shop", MinPriceMicros: new(int64(0)),
		MaxPriceMicros: new(int64(9_000_000)), ChangedSince: after(-time.Hour),
	}
	base.PageToken = list(t, client, base).GetNextPageToken()
	if base.GetPageToken() == "" {
		t.Fatal("there is no second page")
	}
	want := list(t, client, base)
	change := func(change func(*atlantv1.ListRequest)) *connect.Request[atlantv1.ListRequest] {
		request := proto.CloneOf(base)
		change(request)
		return connect.NewRequest(request)
	}
	for name, request := range map[string]*connect.Request[atlantv1.ListRequest]{
		"page size":   change(func(r *atlantv1.ListRequest) { r.PageSize = 6 }),
		"total":       change(func(r *atlantv1.ListRequest) { r.Total = true }),
		"position":    change(func(r *atlantv1.ListRequest) { r.Position = events.LogPosition{0: 1}.String() }),
		"unspecified": change(func(r *atlantv1.ListRequest) { r.SortBy = atlantv1.SortBy_SORT_BY_UNSPECIFIED }),
	} {
		got, err := client.List(t.Context(), request)
		if err != nil || got.Msg.GetProducts()[0].GetId() != want.GetProducts()[0].GetId() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, request := range map[string]*connect.Request[atlantv1.ListRequest]{
		"sort":          change(func(r *atlantv1.ListRequest) { r.SortBy = atlantv1.SortBy_SORT_BY_PRICE }),
		"direction":     change(func(r *atlantv1.ListRequest) { r.Descending = true }),
		"source":        change(func(r *atlantv1.ListRequest) { r.Source = "default" }),
		"no source":     change(func(r *atlantv1.ListRequest) { r.Source = "" }),
		"minimum":       change(func(r *atlantv1.ListRequest) { r.MinPriceMicros = new(int64(1)) }),
		"no minimum":    change(func(r *atlantv1.ListRequest) { r.MinPriceMicros = nil }),
		"maximum":       change(func(r *atlantv1.ListRequest) { r.MaxPriceMicros = new(int64(1)) }),
		"no maximum":    change(func(r *atlantv1.ListRequest) { r.MaxPriceMicros = nil }),
		"since":         change(func(r *atlantv1.ListRequest) { r.ChangedSince = after(0) }),
		"always":        change(func(r *atlantv1.ListRequest) { r.ChangedSince = nil }),
		"damaged token": change(func(r *atlantv1.ListRequest) { r.PageToken = r.GetPageToken()[1:] }),
		"of a product":  change(func(r *atlantv1.ListRequest) { r.PageToken = "x" }),
	} {
		_, err := client.List(t.Context(), request)
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No time that can be asked for stands for not asking.
func TestListTokenOfAnyTime(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	fixture(t, store)
	client := clients(t, store)["connect"]
	token := list(t, client, &atlantv1.ListRequest{PageSize: 1}).GetNextPageToken()
	for _, micros := range []events.Micros{-1, 0, 1, -62_135_596_800_000_000} {
		_, err := client.List(t.Context(), connect.NewRequest(&atlantv1.ListRequest{PageToken: token, ChangedSince: micros.Timestamp()}))
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("changed_since %v: %v", micros.Timestamp().AsTime(), err)
		}
	}
}

// A change a fraction of a microsecond before the time is before it.
func TestChangedSinceNanoseconds(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 2, observe("default", "x", 1, 0), observe("default", "x", 2, 1))
	client := clients(t, store)["connect"]
	for nanos, want := range map[time.Duration]int{-1: 1, 0: 1, 1: 0, 999: 0, 1000: 0} {
		request := &atlantv1.ListRequest{ChangedSince: after(time.Second + nanos)}
		if got := len(list(t, client, request).GetProducts()); got != want {
			t.Errorf("changed since the change + %d ns: %d products, want %d", nanos, got, want)
		}
	}
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	all := clients(t, newViews(t))
	for name, request := range map[string]*atlantv1.ListRequest{
		"page_size":        {PageSize: 1001},
		"page_size ":       {PageSize: -1},
		"sort_by":          {SortBy: 99},
		"query":            {Query: "?"},
		"min_price_micros": {MinPriceMicros: new(int64(-1))},
		"max_price_micros": {MaxPriceMicros: new(int64(-1))},
		"is greater than":  {MinPriceMicros: new(int64(2)), MaxPriceMicros: new(int64(1))},
		"changed_since":    {ChangedSince: &timestamppb.Timestamp{Nanos: -1}},
		"position":         {Position: "x"},
		"position ":        {Position: events.LogPosition{shards: 1}.String()},
	} {
		for protocol, client := range all {
			if protocol == "json" && name == "changed_since" {
				continue // JSON cannot write it
			}
			_, err := client.List(t.Context(), connect.NewRequest(request))
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
				t.Errorf("%s, %s: %v", protocol, name, err)
			}
		}
	}
}

func TestListWaitsForPosition(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	all := clients(t, store)
	for i, protocol := range slices.Sorted(maps.Keys(all)) {
		sequence := uint64(10 * (i + 1))
		request := &atlantv1.ListRequest{Position: events.LogPosition{0: sequence}.String(), Source: protocol}
		type result struct {
			response *connect.Response[atlantv1.ListResponse]
			err      error
		}
		got := make(chan result, 1)
		go func() {
			response, err := all[protocol].List(t.Context(), connect.NewRequest(request))
			got <- result{response, err}
		}()
		project(t, store, sequence-1)
		select {
		case r := <-got:
			t.Fatalf("%s: %v, %v before it is there", protocol, r.response, r.err)
		case <-time.After(50 * time.Millisecond):
		}
		project(t, store, sequence, observe(protocol, "x", 1, 0))
		if r := <-got; r.err != nil || len(r.response.Msg.GetProducts()) != 1 {
			t.Fatalf("%s: %v", protocol, r.err)
		}
		list(t, all[protocol], request) // now at once
	}
}

// endedLog is a log that ends at a sequence.
type endedLog struct {
	noLog

	last uint64
}

func (l endedLog) LastSequence(context.Context, events.Stream) (uint64, error) { return l.last, nil }

// What is ahead of the log is no position of it, and is not waited for.
func TestListBeyondTheLog(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	fixture(t, store)
	ahead := list(t, clients(t, store)["connect"], &atlantv1.ListRequest{PageSize: 1}).GetNextPageToken()
	empty := newViews(t)
	for protocol, client := range clientsOn(t, empty, endedLog{last: 1}, noLists{}) {
		for field, request := range map[string]*atlantv1.ListRequest{
			"position: is beyond the end":   {Position: events.LogPosition{0: 2}.String()},
			"page_token: is beyond the end": {PageSize: 1, PageToken: ahead},
		} {
			_, err := client.List(t.Context(), connect.NewRequest(request))
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v, want %s", protocol, err, field)
			}
		}
		stream, err := client.Watch(t.Context(), connect.NewRequest(&atlantv1.WatchRequest{Position: events.LogPosition{0: 2}.String()}))
		wantNoError(t, err)
		for stream.Receive() {
			t.Errorf("%s: watching goes on at %s", protocol, stream.Msg().GetPosition())
		}
		if connect.CodeOf(stream.Err()) != connect.CodeInvalidArgument {
			t.Errorf("%s: watching ends with %v", protocol, stream.Err())
		}
		stream.Close()
	}
}

func TestListPositionDeadline(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 5)
	for protocol, client := range clients(t, store) {
		for _, position := range []events.LogPosition{{0: 6}, {0: 5, 1: 1}} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			_, err := client.List(ctx, connect.NewRequest(&atlantv1.ListRequest{Position: position.String()}))
			cancel()
			if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
				t.Errorf("%s, %v: %v", protocol, position, err)
			}
		}
	}
}
