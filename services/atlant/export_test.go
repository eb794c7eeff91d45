package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exportServer answers downloads with a text, of which it sends as much as it is told, and notes what was asked for.
func exportServer(t *testing.T, text string, whole bool) (url string, asked *string) {
	t.Helper()
	asked = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = r.URL.RequestURI()
		_, _ = w.Write([]byte(text))
		if !whole {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestExport(t *testing.T) {
	t.Parallel()
	url, asked := exportServer(t, "name;price\nMilk;1.00\n", true)
	file := filepath.Join(t.TempDir(), "out.csv")
	for arguments, want := range map[string]string{
		"export":                                        "/export/products.csv?",
		"export --format parquet --changes":             "/export/changes.parquet?",
		"export --query caf --source shop":              "/export/products.csv?query=caf&source=shop",
		"export --min-price 0 --max-price 12.5":         "/export/products.csv?max_price_micros=12500000&min_price_micros=0",
		"export --changed-since 2026-01-31T12:00:00Z":   "/export/products.csv?changed_since=2026-01-31T12%3A00%3A00Z",
		"export --as-of 2026-01-31T12:00:00Z":           "/export/products.csv?as_of=2026-01-31T12%3A00%3A00Z",
		"export -o -":                                   "/export/products.csv?",
		"export --format jsonl -o " + file:              "/export/products.jsonl?",
		"export --format jsonl --changes --out " + file: "/export/changes.jsonl?",
	} {
		r := atlant(t, append(strings.Fields(arguments), "--addr", url)...)
		out := r.out
		if strings.Contains(arguments, file) {
			data, err := os.ReadFile(file)
			if err != nil || out != "" {
				t.Errorf("%s: printed %q, error %v", arguments, out, err)
			}
			out = string(data)
		}
		if r.code != exitOK || r.errOut != "" || out != "name;price\nMilk;1.00\n" || *asked != want {
			t.Errorf("%s: %+v, asked for %s, want %s", arguments, r, *asked, want)
		}
	}
}

// What broke off takes the place of nothing, and leaves nothing.
func TestExportBrokenOff(t *testing.T) {
	t.Parallel()
	url, _ := exportServer(t, "name;price\n", false)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.csv")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := atlant(t, "export", "-o", file, "--addr", url)
	if r.code != exitFailure || !strings.Contains(r.errOut, "broke off") {
		t.Errorf("%+v", r)
	}
	data, err := os.ReadFile(file)
	left, _ := os.ReadDir(dir)
	if err != nil || string(data) != "before" || len(left) != 1 {
		t.Errorf("the file holds %q, error %v; there are %v", data, err, left)
	}
	if r := atlant(t, "export", "--addr", url); r.code != exitFailure {
		t.Errorf("to standard output: %+v", r)
	}
}

func TestExportRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "query: holds no letter and no digit", http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	atlant(t, "export", "--query", "?", "--addr", server.URL).expect(t, exitFailure, "", "atlant: query: holds no letter and no digit\n")
	if r := atlant(t, "export", "--addr", startOld(t)); r.code != exitFailure || !strings.Contains(r.errOut, "no Atlant") {
		t.Errorf("%+v", r)
	}
}

// The name says what to write into it, unless the format does.
func TestExportFormat(t *testing.T) {
	t.Parallel()
	url, asked := exportServer(t, "x", true)
	dir := t.TempDir()
	for arguments, want := range map[string]string{
		"-o " + filepath.Join(dir, "a.parquet"):              "/export/products.parquet?",
		"-o " + filepath.Join(dir, "a.JSONL"):                "/export/products.jsonl?",
		"-o " + filepath.Join(dir, "a.txt"):                  "/export/products.csv?",
		"--format csv -o " + filepath.Join(dir, "b.parquet"): "/export/products.csv?",
	} {
		if r := atlant(t, append([]string{"export", "--addr", url}, strings.Fields(arguments)...)...); r.code != exitOK || *asked != want {
			t.Errorf("%s: %+v, asked for %s, want %s", arguments, r, *asked, want)
		}
	}
}
