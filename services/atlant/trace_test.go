package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/atlant-log/atlant/services/telemetry"
)

func TestTraceText(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_770_000_000, 0)
	span := func(name string, after, took time.Duration, children ...*telemetry.Span) *telemetry.Span {
		return &telemetry.Span{Name: name, TraceID: "0af7", Began: began.Add(after), Took: took, Children: children}
	}
	fetch := span("fetch", 2*time.Millisecond, 1200*time.Millisecond,
		span("queue", 2*time.Millisecond, 3*time.Millisecond),
		span("publish", 50*time.Millisecond, 40*time.Millisecond,
			span("project", 80*time.Millisecond, 2*time.Second)),
		span("visible", 90*time.Millisecond, 0))
	fetch.Attributes = map[string]string{"atlant.fetch.id": "01a2", "atlant.source": "shop\x1b[31m", "rpc.method": "x"}
	fetch.Error = "the log is away"
	fetch.Children[1].Children[0].Shared = 3
	got := traceText([]*telemetry.Span{span("atlant.v1.FetchService/Fetch", 0, 1234*time.Microsecond, fetch)})
	want := `trace 0af7 of fetch 01a2: 2.08s
atlant.v1.FetchService/Fetch        +0s     1.23ms
└─ fetch                           +2ms       1.2s  source shop[31m, failed: the log is away
   ├─ queue                        +2ms        3ms
   ├─ publish                     +50ms       40ms
   │  └─ project                  +80ms         2s  for 3 fetches at once
   └─ visible                     +90ms         0s
`
	if got != strings.ReplaceAll(want, "shop[31m", "shop"+printable("\x1b")+"[31m") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTraceRefused(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("PRODUCT NAME;PRICE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no file":       {[]string{filepath.Join(t.TempDir(), "none")}, "cannot read traces"},
		"no traces":     {[]string{list}, "line 1 is no OTLP"},
		"nothing":       {[]string{empty}, "there is no trace of a fetch in"},
		"another fetch": {[]string{empty, "--fetch", "01a2"}, "there is no trace of fetch 01a2 in"},
	} {
		var out, errOut strings.Builder
		code := run(t.Context(), append([]string{"trace"}, test.arguments...), strings.NewReader(""), &out, &errOut)
		if code != exitFailure || !strings.Contains(errOut.String(), test.want) || out.Len() > 0 {
			t.Errorf("%s: %d, %s%s", name, code, out.String(), errOut.String())
		}
	}
}
