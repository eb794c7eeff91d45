package fetch

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestValidatorsOf(t *testing.T) {
	t.Parallel()
	const second, next = "Tue, 15 Nov 1994 12:45:26 GMT", "Tue, 15 Nov 1994 12:45:27 GMT"
	for name, test := range map[string]struct {
		etag, modified, date string
		want                 *atlantv1.ListValidators // but for the URL
		ifRange              string
	}{
		"nothing":        {"", "", second, &atlantv1.ListValidators{}, ""},
		"strong":         {`"v1"`, "", "", &atlantv1.ListValidators{Etag: `"v1"`}, `"v1"`},
		"empty":          {`""`, "", "", &atlantv1.ListValidators{Etag: `""`}, `""`},
		"weak":           {`W/"v1"`, "", "", &atlantv1.ListValidators{Etag: `W/"v1"`}, ""},
		"weak with time": {`W/"v1"`, second, next, &atlantv1.ListValidators{Etag: `W/"v1"`, LastModified: second}, second},
		"without quotes": {"v1", "", "", &atlantv1.ListValidators{}, ""},
		"half a quote":   {`"`, "", "", &atlantv1.ListValidators{}, ""},
		"no text":        {"\"\xff\"", "", "", &atlantv1.ListValidators{}, ""},
		"too long":       {`"` + strings.Repeat("x", maxETag) + `"`, "", "", &atlantv1.ListValidators{}, ""},
		"time":           {"", second, next, &atlantv1.ListValidators{LastModified: second}, second},
		"same second":    {"", second, second, &atlantv1.ListValidators{}, ""},
		"future":         {"", next, second, &atlantv1.ListValidators{}, ""},
		"no date":        {"", second, "", &atlantv1.ListValidators{}, ""},
		"no time":        {"", "yesterday", next, &atlantv1.ListValidators{}, ""},
	} {
		header := http.Header{}
		header.Set("ETag", test.etag)
		header.Set("Last-Modified", test.modified)
		header.Set("Date", test.date)
		got := validatorsOf(&http.Response{Header: header, Request: httptest.NewRequest(http.MethodGet, "http://shop.example/", nil)})
		if len(got.GetUrlSha256()) != 32 || got.GetEtag() != test.want.GetEtag() || got.GetLastModified() != test.want.GetLastModified() {
			t.Errorf("%s: got %v", name, got)
		}
		if ifRange(got) != test.ifRange {
			t.Errorf("%s: If-Range: %s", name, ifRange(got))
		}
	}
}

// Whatever was requested before all those that are looked at was observed a little after it was requested at the latest.
func TestIsAfterAllBefore(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]bool{0: false, clockTolerance: false, clockTolerance + time.Microsecond: true} {
		oldest := &atlantv1.Fetch{RequestedAt: timestamppb.New(noon)}
		if got := isAfterAllBefore(&atlantv1.Fetch{ObservedAt: timestamppb.New(noon.Add(after))}, oldest); got != want {
			t.Errorf("%s after: %t", after, got)
		}
	}
}
