package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// lockedBuffer is written to by the spinner as well.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out lockedBuffer
	running := atlantv1.FetchState_FETCH_STATE_RUNNING
	p := newProgress(&console{err: &out, errTerm: true}, &atlantv1.Fetch{Id: fetchID, State: atlantv1.FetchState_FETCH_STATE_QUEUED})
	p.show(&atlantv1.Fetch{State: running, Bytes: 12_000_000, RowsRead: 1_000})
	p.show(&atlantv1.Fetch{State: running, Accepted: 4_000, Published: 1_000})
	p.show(&atlantv1.Fetch{State: running, Accepted: 4_000, Published: 3_000})
	p.done()
	for _, want := range []string{fetchID, "waiting for a fetcher", "reading 12 MB, 1,000 rows", "publishing 4,000 prices", "25%", "75%"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

func TestProgressIsQuietInPipes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&console{err: &out}, &atlantv1.Fetch{})
	p.show(&atlantv1.Fetch{Accepted: 4, Published: 1})
	p.say("connection lost")
	p.done()
	if out.Len() > 0 {
		t.Errorf("got %q", out.String())
	}
}

func TestUploadBar(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64][]string{
		4_000_000: {"uploading prices.csv", "25%", "(1.0/4.0 MB"},
		-1:        {"uploading prices.csv", "uploading prices.csv, 1.0 MB"},
	} {
		var out lockedBuffer
		bar := newUploadBar(&console{err: &out, errTerm: true}, &localList{fileName: "prices.csv", size: size})
		if n, err := bar.Write(make([]byte, 1_000_000)); n != 1_000_000 || err != nil {
			t.Error(n, err)
		}
		bar.done()
		for _, words := range want {
			if !strings.Contains(out.String(), words) {
				t.Errorf("%d: no %q in %q", size, words, out.String())
			}
		}
	}
}
