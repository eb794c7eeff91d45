package rpc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// cross sends what a browser sends for a script of another origin.
func cross(t testing.TB, client *http.Client, method, url, origin string, header ...string) http.Header {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", origin)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.Header
}

func TestAllowOrigins(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allowed []string
		origin  string
		want    string
	}{
		"none":           {nil, "https://shop.example", ""},
		"this":           {[]string{"https://shop.example"}, "https://shop.example", "https://shop.example"},
		"one of two":     {[]string{"https://a.example", "https://shop.example"}, "https://shop.example", "https://shop.example"},
		"another":        {[]string{"https://a.example"}, "https://shop.example", ""},
		"another scheme": {[]string{"https://shop.example"}, "http://shop.example", ""},
		"another port":   {[]string{"https://shop.example"}, "https://shop.example:8443", ""},
		"begins like it": {[]string{"https://shop.example"}, "https://shop.example.evil", ""},
		"all":            {[]string{"*"}, "https://shop.example", "*"},
		"below":          {[]string{"https://*.example"}, "https://shop.example", "https://shop.example"},
		"not below":      {[]string{"https://*.example"}, "https://shop.evil", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, client, _ := serve(t, rpc.AllowOrigins(test.allowed, handler(func(context.Context) error { return nil })))
			procedure := url + atlantv1connect.FetchServiceGetFetchProcedure
			for _, headers := range []string{
				"connect-protocol-version,connect-timeout-ms,content-type",            // Connect
				"content-type,grpc-timeout,x-grpc-web,x-user-agent", "if-none-match,", // gRPC-web; a cache
			} {
				headers = strings.TrimSuffix(headers, ",")
				preflight := cross(t, client, http.MethodOptions, procedure, test.origin,
					"Access-Control-Request-Method", http.MethodPost, "Access-Control-Request-Headers", headers)
				if got := preflight.Get("Access-Control-Allow-Origin"); got != test.want {
					t.Errorf("preflight with %s: allows %q, want %q", headers, got, test.want)
				}
				allowed := preflight.Get("Access-Control-Allow-Headers")
				if test.want != "" && (allowed != headers || preflight.Get("Access-Control-Max-Age") != "7200") {
					t.Errorf("preflight with %s: %v", headers, preflight)
				}
			}
			other := cross(t, client, http.MethodOptions, procedure, test.origin,
				"Access-Control-Request-Method", http.MethodDelete)
			if got := other.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("DELETE is allowed to %s", got)
			}
			call := cross(t, client, http.MethodPost, procedure, test.origin, "Content-Type", "application/json")
			exposed := strings.ToLower(call.Get("Access-Control-Expose-Headers"))
			if got := call.Get("Access-Control-Allow-Origin"); got != test.want ||
				(test.want != "") != (strings.Contains(exposed, "grpc-status") && strings.Contains(exposed, "etag")) {
				t.Errorf("call: %v", call)
			}
			if call.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
			if len(test.allowed) > 0 && test.want != "*" && !strings.Contains(strings.Join(call.Values("Vary"), ","), "Origin") {
				t.Errorf("it does not vary by origin: %v", call)
			}
		})
	}
}

func TestCheckOrigins(t *testing.T) {
	t.Parallel()
	good := []string{"*", "https://shop.example", "http://localhost:5173", "https://*.shop.example", "http://[::1]:8080", "http://127.0.0.1:*"}
	if err := rpc.CheckOrigins(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"", "shop.example", "https://", "https://shop.example/", "https://shop.example/path", "https://a@shop.example", "ftp://shop.example",
		"null", "https://*.*.example", "https://shop.example?x", "https://shop.example#x", "http*://shop.example", "**",
	} {
		if err := rpc.CheckOrigins([]string{"https://ok.example", bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
