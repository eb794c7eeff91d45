package fetch

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const date = "Tue, 15 Nov 1994 12:45:26 GMT"
	soon := time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)
	for name, test := range map[string]struct {
		header, date string
		least, most  time.Duration
	}{
		"nothing":            {"", "", 0, 0},
		"seconds":            {"7", "", 7 * time.Second, 7 * time.Second},
		"no seconds":         {"0", "", 0, 0},
		"spaces":             {" 7 ", "", 7 * time.Second, 7 * time.Second},
		"too long":           {"3600", "", maxRetryAfter, maxRetryAfter},
		"longer than counts": {"99999999999999999999", "", maxRetryAfter, maxRetryAfter},
		"negative":           {"-1", "", 0, 0},
		"rubbish":            {"soon", "", 0, 0},
		"a date":             {"Tue, 15 Nov 1994 12:45:30 GMT", date, 4 * time.Second, 4 * time.Second},
		"a past date":        {"Tue, 15 Nov 1994 12:45:20 GMT", date, 0, 0},
		"a far date":         {"Tue, 15 Nov 1999 12:45:20 GMT", date, maxRetryAfter, maxRetryAfter},
		"by our clock":       {soon, "", 20 * time.Second, 30 * time.Second},
	} {
		header := http.Header{}
		header.Set("Retry-After", test.header)
		header.Set("Date", test.date)
		if got := retryAfter(header); got < test.least || got > test.most {
			t.Errorf("%s: got %s, want %s to %s", name, got, test.least, test.most)
		}
	}
}

func TestRetryAfterIsTakenFromAnswersThatComeBack(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]time.Duration{
		http.StatusTooManyRequests: 7 * time.Second, http.StatusServiceUnavailable: 7 * time.Second, http.StatusNotFound: 0,
	} {
		_, err := fetchFrom(t, 100, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
		})
		failed, ok := errors.AsType[*downloadError](err)
		if !ok || failed.wait != want || failed.transient != (want > 0) {
			t.Errorf("%d: got %+v", code, failed)
		}
	}
}
