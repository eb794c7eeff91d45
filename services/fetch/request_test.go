package fetch

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func TestNewRequestRefuses(t *testing.T) {
	t.Parallel()
	const good = "https://shop.example/list.csv"
	for name, test := range map[string]struct {
		request *atlantv1.FetchRequest
		want    string
	}{
		"another scheme":   {&atlantv1.FetchRequest{Url: "ftp://shop.example/list.csv"}, "url: must begin with http"},
		"a file":           {&atlantv1.FetchRequest{Url: "file:///etc/passwd"}, "url: must begin with http"},
		"no scheme":        {&atlantv1.FetchRequest{Url: "shop.example/list.csv"}, "url: must begin with http"},
		"no host":          {&atlantv1.FetchRequest{Url: "http:///list.csv"}, "url: has no host"},
		"a password":       {&atlantv1.FetchRequest{Url: "https://me:secret@shop.example/"}, "url: must not hold a user or password"},
		"no URL at all":    {&atlantv1.FetchRequest{Url: "http://[::1"}, "url: "},
		"the future":       {&atlantv1.FetchRequest{Url: good, ObservedAt: timestamppb.New(noon.Add(time.Hour))}, "observed_at: lies in the future"},
		"before 1970":      {&atlantv1.FetchRequest{Url: good, ObservedAt: timestamppb.New(time.Unix(-1, 0))}, "observed_at: lies before 1970"},
		"a time out of it": {&atlantv1.FetchRequest{Url: good, ObservedAt: &timestamppb.Timestamp{Nanos: -1}}, "observed_at: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newRequest(test.request, noon)
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestNewRequestFillsIn(t *testing.T) {
	t.Parallel()
	got, err := newRequest(&atlantv1.FetchRequest{Url: "http://shop.example/"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSource() != "default" {
		t.Errorf("source is %q", got.GetSource())
	}
	if want := noon.Truncate(time.Microsecond); !got.GetObservedAt().AsTime().Equal(want) || !got.GetRequestedAt().AsTime().Equal(want) {
		t.Errorf("observed at %s, requested at %s, want %s", got.GetObservedAt().AsTime(), got.GetRequestedAt().AsTime(), want)
	}
}
