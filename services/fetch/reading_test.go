package fetch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// The rows of rejects are kept up to a bound, and spread over events that the log takes.
func TestRowsOfRejectsAreBounded(t *testing.T) {
	t.Parallel()
	const rows, size = 30, 200 << 10
	path := filepath.Join(t.TempDir(), "list.csv")
	text := "a;1\n" + strings.Repeat("b;"+strings.Repeat("x", size)+"\n", rows) + "c;x\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // it was only read
	found, err := Inspect(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, bytes := 0, 0
	for i, r := range found.Rejects {
		if _, ok := pricelist.Whole(r); ok {
			whole++
		} else if i == rows {
			t.Error("a short row takes no room")
		}
		bytes += len(r.GetRow())
	}
	if want := maxRowBytes / size; whole != want+1 || bytes > maxRowBytes {
		t.Errorf("%d rows of %d bytes are kept, want %d", whole, bytes, want+1)
	}
	events, kept := (&work{}).rejectEvents(&reading{rejects: found.Rejects}), 0
	for _, event := range events {
		if n := proto.Size(event); n > 512<<10 {
			t.Errorf("an event has %d bytes", n)
		}
		kept += len(event.GetRowsRejected().GetRejects())
	}
	if kept != rows+1 {
		t.Errorf("%d rejects are in the events, want %d", kept, rows+1)
	}
}
