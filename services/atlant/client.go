package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	dialTimeout = 5 * time.Second
	callTimeout = 40 * time.Second // of one call; the server lets a list wait 30 s for a position, and then says why
)

// clients are the services of one Atlant.
type clients struct {
	fetch      atlantv1connect.FetchServiceClient
	source     atlantv1connect.SourceServiceClient
	product    atlantv1connect.ProductServiceClient
	alert      atlantv1connect.AlertServiceClient
	projection atlantv1connect.ProjectionServiceClient

	http *http.Client // for what is no call
	base string       // URL
}

// newClients returns clients of the Atlant at an address; the scheme may be left out.
func newClients(addr string, flags *clientFlags) (*clients, error) {
	base, err := baseURL(addr)
	if err != nil {
		return nil, err
	}
	identity, err := flags.tls()
	if err != nil {
		return nil, err
	}
	token, err := flags.token()
	if err != nil {
		return nil, err
	}
	// No timeout on the whole: WatchFetch lasts as long as the fetch does.
	client := &http.Client{CheckRedirect: stay, Transport: &bearerTransport{token: token, next: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		TLSClientConfig:     identity,
		ForceAttemptHTTP2:   true,
	}}}
	limit := connect.WithInterceptors(rpc.LimitCalls(callTimeout))
	return &clients{
		fetch:      atlantv1connect.NewFetchServiceClient(client, base, limit),
		source:     atlantv1connect.NewSourceServiceClient(client, base, limit),
		product:    atlantv1connect.NewProductServiceClient(client, base, limit),
		alert:      atlantv1connect.NewAlertServiceClient(client, base, limit),
		projection: atlantv1connect.NewProjectionServiceClient(client, base, limit),
		http:       client,
		base:       base,
	}, nil
}

func baseURL(addr string) (string, error) {
	base := addr
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", &failure{
			text: fmt.Sprintf("--addr is not a URL that Atlant could answer at: %q", addr),
			hint: "it looks like http://127.0.0.1:8080",
			code: exitUsage,
		}
	}
	return strings.TrimRight(base, "/"), nil
}
