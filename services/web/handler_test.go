package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/atlant-log/atlant/services/web"
)

func handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := web.NewHandler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask answers a request, with headers in pairs.
func ask(t testing.TB, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

// built returns the paths of all files, without the document.
func built(t testing.TB) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS("dist"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && name != "index.html" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 3 {
		t.Fatalf("there are but %d files in dist", len(names))
	}
	return names
}

func TestEveryPageIsTheDocument(t *testing.T) {
	h := handler(t)
	document, err := os.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{
		"/", "/?q=oat", "/products/9e47474e", "/fetches", "/fetches?new", "/fetches/01a2", "/sources", "/alerts", "/alerts/cheap-coffee",
		"/status",
	}
	for _, path := range paths {
		response := ask(t, h, http.MethodGet, path)
		if body := response.Body.Bytes(); response.Code != http.StatusOK || !bytes.Equal(body, document) {
			t.Errorf("%s: %d, %d bytes", path, response.Code, len(body))
		}
		if got := response.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
}

func TestWhatIsNowhereIsNotFound(t *testing.T) {
	h := handler(t)
	paths := []string{
		"/products", "/products/", "/products/a/b", "/fetches/a/b", "/status/", "/index.html", "/assets", "/assets/",
		"/assets/index-gone.js", "/atlant.v1.NoService/Get", "/favicon.ico", "/..%2f..%2fgo.mod",
	}
	for _, path := range paths {
		response := ask(t, h, http.MethodGet, path, "Accept", "*/*")
		if body := response.Body.Bytes(); response.Code != http.StatusNotFound || bytes.Contains(body, []byte("<html")) {
			t.Errorf("%s: %d, %.40q", path, response.Code, body)
		}
		response = ask(t, h, http.MethodGet, path, "Accept", "text/html,application/xhtml+xml")
		if body := response.Body.Bytes(); response.Code != http.StatusNotFound || !bytes.Contains(body, []byte("<html")) {
			t.Errorf("%s for people: %d, %.40q", path, response.Code, body)
		}
		if response.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no policy", path)
		}
	}
	if response := ask(t, h, http.MethodPost, "/", "Accept", "text/html"); response.Code != http.StatusNotFound {
		t.Errorf("POST /: %d", response.Code)
	}
}

func TestFilesAreCachedByTheirName(t *testing.T) {
	h := handler(t)
	hashed := regexp.MustCompile(`^assets/[\w-]+-[\w-]{8}\.(js|css)$`)
	for _, name := range built(t) {
		response := ask(t, h, http.MethodGet, "/"+name)
		want := "no-cache"
		if hashed.MatchString(name) {
			want = "public, max-age=31536000, immutable"
		} else if strings.HasPrefix(name, "assets/") {
			t.Errorf("%s has no hash in its name", name)
		}
		if got := response.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control is %q", name, got)
		}
		if response.Header().Get("Content-Type") == "" || response.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, response.Header())
		}
		etag := response.Header().Get("ETag")
		if again := ask(t, h, http.MethodGet, "/"+name, "If-None-Match", etag); again.Code != http.StatusNotModified {
			t.Errorf("%s is sent again: %d", name, again.Code)
		}
	}
}

func TestPackedFilesAreTheFiles(t *testing.T) {
	h := handler(t)
	for _, name := range built(t) {
		plain := ask(t, h, http.MethodGet, "/"+name)
		content := plain.Body.Bytes()
		packed := ask(t, h, http.MethodGet, "/"+name, "Accept-Encoding", "br, gzip;q=0.8")
		if packed.Header().Get("Content-Encoding") != "gzip" {
			if len(content) > 500 {
				t.Errorf("%s is not packed", name)
			}
			continue
		}
		reader, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(name, err)
		}
		if unpacked, err := io.ReadAll(reader); err != nil || !bytes.Equal(unpacked, content) {
			t.Errorf("%s unpacks to something else: %v", name, err)
		}
		if packed.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Errorf("%s has one tag for two bodies", name)
		}
		if !slices.Contains(packed.Header().Values("Vary"), "Accept-Encoding") || !slices.Contains(plain.Header().Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s may be cached for clients that cannot read it", name)
		}
	}
}

func TestWhoRefusesGzipGetsNone(t *testing.T) {
	h := handler(t)
	for _, accept := range []string{"", "br", "identity", "gzip;q=0", "gzip; q=0.000", "xgzip"} {
		if got := ask(t, h, http.MethodGet, "/", "Accept-Encoding", accept).Header().Get("Content-Encoding"); got != "" {
			t.Errorf("%q gets %s", accept, got)
		}
	}
	for _, accept := range []string{"gzip", "GZIP", "deflate,gzip", "gzip;q=0.001"} {
		if got := ask(t, h, http.MethodGet, "/", "Accept-Encoding", accept).Header().Get("Content-Encoding"); got != "gzip" {
			t.Errorf("%q gets %q", accept, got)
		}
	}
}

func TestPolicyAllowsNothingFromElsewhere(t *testing.T) {
	policy := ask(t, handler(t), http.MethodGet, "/").Header().Get("Content-Security-Policy")
	for part := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(part, " ")
		if !slices.Contains([]string{"'self'", "'none'", "'script'"}, sources) {
			t.Errorf("%s is %s", name, sources)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("what is not named is allowed: %s", policy)
	}
}

// Inline code would not run under the policy, and files of other hosts would not load.
func TestDocumentKeepsToThePolicy(t *testing.T) {
	document, err := os.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`<style`, `\sstyle=`, `\son\w+=`, `<script[^>]*>[^<]`, `(src|href)="[^/]`, `(src|href)="//`} {
		if found := regexp.MustCompile(bad).Find(document); found != nil {
			t.Errorf("the document has %q", found)
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	response := ask(t, handler(t), http.MethodHead, "/")
	if body := response.Body.Bytes(); response.Code != http.StatusOK || len(body) != 0 || response.Header().Get("ETag") == "" {
		t.Errorf("%d, %d bytes", response.Code, len(body))
	}
}
