// Package web serves Atlant's pages. They are one document that a browser's script fills, so every page that there is gets
// the same one; what they show they ask the services for.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// contentSecurityPolicy allows the pages their own files and this server, and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const (
	// A file under assets has a hash of its content in its name.
	cacheForever = "public, max-age=31536000, immutable"
	// The others are asked for again each time, and mostly not sent.
	cacheChecked = "no-cache"
)

const (
	document    = "index.html"
	assetFolder = "assets/"
)

// routes are the pages; ui/src/router/routes.ts has the same.
var routes = []string{"/{$}", "/products/{id}", "/fetches", "/fetches/{id}", "/sources", "/alerts", "/alerts/{name}", "/status"}

// contentTypes are those of all files that there are; a machine's own table may say otherwise.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one file, ready to be sent.
type file struct {
	plain, gzipped []byte // gzipped is nil where that would not be smaller
	contentType    string
	etag           string // of the content, without the encoding
	cache          string
}

// NewHandler serves the pages and their files at the root, with GET and HEAD. Whatever else is asked for is 404, for people
// with a page that says so.
func NewHandler() (http.Handler, error) {
	root, err := pages()
	if err != nil {
		return nil, err
	}
	files, err := load(root)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for name, f := range files {
		if name != document {
			mux.Handle("GET /"+name, f)
		}
	}
	shell := files[document]
	if shell == nil {
		return nil, fmt.Errorf("there is no %s", document)
	}
	for _, route := range routes {
		mux.Handle("GET "+route, shell)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w, r, shell) })
	return mux, nil
}

// load reads and packs all files.
func load(root fs.FS) (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		files[name], err = newFile(name, content)
		return err
	})
	return files, err
}

func newFile(name string, content []byte) (*file, error) {
	hash := sha256.Sum256(content)
	f := &file{
		plain: content, contentType: contentTypes[path.Ext(name)], etag: hex.EncodeToString(hash[:12]), cache: cacheChecked,
	}
	if strings.HasPrefix(name, assetFolder) {
		f.cache = cacheForever
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if packed.Len() < len(content) {
		f.gzipped = packed.Bytes()
	}
	return f, nil
}

// ServeHTTP implements http.Handler.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, etag := f.encoded(w, r)
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", f.cache)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// encoded sets the headers of a body, and returns it with its entity tag.
func (f *file) encoded(w http.ResponseWriter, r *http.Request) (body []byte, etag string) {
	header := w.Header()
	secure(header)
	header.Set("Content-Type", f.contentType)
	header.Add("Vary", "Accept-Encoding")
	if f.gzipped == nil || !acceptsGzip(r) {
		return f.plain, strconv.Quote(f.etag)
	}
	header.Set("Content-Encoding", "gzip")
	return f.gzipped, strconv.Quote(f.etag + "-gzip")
}

// secure says what a browser may do with what it gets.
func secure(header http.Header) {
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
}

// notFound answers people with the document, which says that there is no such page, and programs with a line of text.
func notFound(w http.ResponseWriter, r *http.Request, shell *file) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.NotFound(w, r)
		return
	}
	body, _ := shell.encoded(w, r)
	w.Header().Set("Cache-Control", cacheChecked)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(body) // the client is gone if this fails
}

// acceptsGzip reads Accept-Encoding; gzip;q=0 is a no.
func acceptsGzip(r *http.Request) bool {
	for _, header := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(header, ",") {
			name, parameters, _ := strings.Cut(strings.TrimSpace(coding), ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			weight := strings.Trim(strings.TrimPrefix(strings.ReplaceAll(parameters, " ", ""), "q="), "0.")
			return parameters == "" || weight != ""
		}
	}
	return false
}
