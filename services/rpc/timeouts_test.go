package rpc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

const (
	shortSilence = 100 * time.Millisecond
	longTime     = time.Minute
)

// serveLimited serves a handler that silence is limited for, and returns a client for each version of HTTP.
func serveLimited(t *testing.T, silence, message time.Duration, handler http.HandlerFunc) (url string, clients map[string]*http.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(limitSilence(handler, silence, message))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	clients = map[string]*http.Client{}
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		transport := &http.Transport{Protocols: &http.Protocols{}}
		transport.Protocols.SetHTTP1(!http2)
		transport.Protocols.SetUnencryptedHTTP2(http2)
		t.Cleanup(transport.CloseIdleConnections)
		clients[name] = &http.Client{Transport: transport}
	}
	return server.URL, clients
}

// A client that stops in the middle of its request is not waited for.
func TestSilentSender(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string][2]time.Duration{"silence": {shortSilence, longTime}, "the whole message": {longTime, shortSilence}} {
		read := make(chan error, 1)
		url, clients := serveLimited(t, limits[0], limits[1], func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		})
		for protocol, client := range clients {
			body, write := io.Pipe()
			go func() { _, _ = io.WriteString(write, "half of it") }()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if response, err := client.Do(request); err == nil {
					response.Body.Close()
				}
			}()
			if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s over %s: %v", name, protocol, err)
			}
			write.Close()
		}
	}
}

// An upload may take as long as it likes, if it goes on.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	read := make(chan error, 1)
	url, clients := serveLimited(t, longTime, shortSilence, func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err == nil && string(text) != "abc" {
			err = fmt.Errorf("read %q", text)
		}
		read <- err
	})
	for protocol, client := range clients {
		body, write := io.Pipe()
		go func() {
			for _, piece := range []string{"a", "b", "c"} {
				_, _ = io.WriteString(write, piece)
				time.Sleep(shortSilence)
			}
			write.Close()
		}()
		response, err := client.Post(url+atlantv1connect.FetchServiceUploadProcedure, "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if err := <-read; err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}

// A stream without news goes on, and so does a connection between two requests.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	url, clients := serveLimited(t, shortSilence, longTime, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(3 * shortSilence):
			_, _ = io.WriteString(w, "b")
		}
	})
	for protocol, client := range clients {
		for range 2 {
			response, err := client.Post(url, "text/plain", strings.NewReader("question"))
			if err != nil {
				t.Fatalf("%s: %v", protocol, err)
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || string(text) != "ab" {
				t.Errorf("%s: %q, %v", protocol, text, err)
			}
			time.Sleep(2 * shortSilence)
		}
	}
}

// A client that does not take its answer is cut off.
func TestSilentReader(t *testing.T) {
	t.Parallel()
	wrote := make(chan error, 1)
	url, clients := serveLimited(t, shortSilence, longTime, func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 1<<20)
		for {
			if _, err := w.Write(piece); err != nil {
				wrote <- err
				return
			}
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil { // the answer begins
		t.Fatal(err)
	}
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("HTTP/1.1: %v", err)
	}
	response, err := clients["HTTP/2"].Get(url)
	if err != nil {
		t.Fatal(err)
	}
	<-wrote // the error is one of HTTP/2
	response.Body.Close()
}
