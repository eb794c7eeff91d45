package fetch

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
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
		"another scheme": {&atlantv1.FetchRequest{Url: "gopher://shop.example/list.csv"}, "url: must begin with http://, https://, ftp://, "},
		"no upload":      {&atlantv1.FetchRequest{Url: "upload:prices.csv"}, "url: is not that of an upload"},
		"an upload's token": {
			&atlantv1.FetchRequest{Url: UploadURL(events.ListSum{}, "prices.csv"), Credentials: bearer("secret")},
			"credentials: are of no use with an upload",
		},
		"no scheme":        {&atlantv1.FetchRequest{Url: "shop.example/list.csv"}, "url: must begin with http"},
		"no host":          {&atlantv1.FetchRequest{Url: "http:///list.csv"}, "url: has no host"},
		"a part of a URL":  {&atlantv1.FetchRequest{Url: "https://me:secret/more@shop.example/"}, "url: cannot be read"},
		"a colon":          {&atlantv1.FetchRequest{Url: "https://secret%3Ame:secret@shop.example/"}, "url: the user must not hold a colon"},
		"two passwords":    {&atlantv1.FetchRequest{Url: "https://me:secret@shop.example/", Credentials: bearer("secret")}, "credentials: are given in the url as well"},
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

func bearer(token string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: token}}
}

func basic(user, password string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{
		Basic: &atlantv1.BasicCredentials{User: user, Password: password},
	}}
}

func TestNewRequestTakesCredentialsOutOfTheURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		request *atlantv1.FetchRequest
		url     string
		want    *atlantv1.Credentials
	}{
		{&atlantv1.FetchRequest{Url: "http://shop.example/a|b?q#f"}, "http://shop.example/a|b?q#f", nil},
		{&atlantv1.FetchRequest{Url: "http://shop.example/", Credentials: &atlantv1.Credentials{}}, "http://shop.example/", nil},
		{&atlantv1.FetchRequest{Url: "http://shop.example/", Credentials: bearer("t")}, "http://shop.example/", bearer("t")},
		{&atlantv1.FetchRequest{Url: "http://shop.example/", Credentials: basic("u", "p")}, "http://shop.example/", basic("u", "p")},
		{&atlantv1.FetchRequest{Url: "http://u:p@shop.example:81/a?q=1"}, "http://shop.example:81/a?q=1", basic("u", "p")},
		{&atlantv1.FetchRequest{Url: "http://u%40x:%3A%2F@shop.example/a%2Fb"}, "http://shop.example/a%2Fb", basic("u@x", ":/")},
		{&atlantv1.FetchRequest{Url: "http://u@shop.example/"}, "http://shop.example/", basic("u", "")},
	} {
		got, err := newRequest(test.request, noon)
		if err != nil || got.GetUrl() != test.url || !proto.Equal(got.GetCredentials(), test.want) {
			t.Errorf("%v: got %v, %v", test.request, got, err)
		}
		if logged := loggable(got); logged.GetCredentials() != nil || logged.GetUrl() != test.url {
			t.Errorf("%v: the log gets %v", test.request, logged)
		}
	}
}

func TestSameRequest(t *testing.T) {
	t.Parallel()
	first := &atlantv1.FetchRequest{Url: "https://me:old@shop.example/", Csv: &atlantv1.CsvOptions{Delimiter: ";"}}
	for name, test := range map[string]struct {
		change func(*atlantv1.FetchRequest)
		same   bool
	}{
		"nothing":          {func(*atlantv1.FetchRequest) {}, true},
		"another password": {func(r *atlantv1.FetchRequest) { r.Url = "https://me:new@shop.example/" }, true},
		"another URL":      {func(r *atlantv1.FetchRequest) { r.Url = "https://shop.example/other" }, false},
		"another source":   {func(r *atlantv1.FetchRequest) { r.Source = "other" }, false},
		"other options":    {func(r *atlantv1.FetchRequest) { r.Csv = &atlantv1.CsvOptions{Delimiter: ","} }, false},
		"force":            {func(r *atlantv1.FetchRequest) { r.Force = true }, false},
		"another time":     {func(r *atlantv1.FetchRequest) { r.ObservedAt = timestamppb.New(noon.Add(-time.Hour)) }, false},
	} {
		second := proto.CloneOf(first)
		test.change(second)
		a, err1 := newRequest(first, noon)
		b, err2 := newRequest(second, noon.Add(time.Minute))
		if err1 != nil || err2 != nil || sameRequest(a, b, second.GetObservedAt()) != test.same {
			t.Errorf("%s: %v and %v: %v, %v", name, a, b, err1, err2)
		}
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
