package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/encoding/protojson"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/outbound"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	dialTimeout = 5 * time.Second
	// postTimeout is for all of a post: to connect, to send, and to be answered.
	postTimeout = 15 * time.Second
	// maxAnswerBytes is how much of an answer is read, so that the connection can be used again. Nobody looks at it.
	maxAnswerBytes = 64 << 10
)

// checkURL returns the host and port of a webhook's URL. Its error is an invalid_argument, and does not hold the URL.
func checkURL(field, text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", rpc.InvalidArgument(field, "cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", rpc.InvalidArgument(field, "must begin with http:// or https://")
	case u.Hostname() == "":
		return "", rpc.InvalidArgument(field, "has no host")
	case u.User != nil:
		return "", rpc.InvalidArgument(field,
			"must not hold a user: receivers know Atlant by the signature, or by a token in the path or the query")
	case u.Fragment != "":
		return "", rpc.InvalidArgument(field, "must not have a fragment, which no server gets to see")
	}
	return strings.ToLower(u.Host), nil
}

// bodyOf returns the body of a webhook, the same for each attempt.
func bodyOf(notification *atlantv1.AlertNotification) ([]byte, error) {
	loose, err := protojson.Marshal(notification)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer // protojson puts blanks where it likes, another build other ones
	if err := json.Compact(&body, loose); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

// poster posts webhooks.
type poster struct {
	client  *http.Client
	keys    Keys
	version string
}

func newPoster(config *DelivererConfig) *poster {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: config.Guard}
	return &poster{keys: config.Keys, version: config.Version, client: &http.Client{
		Timeout: postTimeout,
		// What is posted is for the one who was named: a redirect is an answer like others.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy: it would make the connections in our place, and the guard would see only the proxy's address.
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: dialTimeout,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     30 * time.Second,
		},
	}}
}

// post posts a body, signed, and returns the status of the answer, 0 if there was none. Without an error it was delivered. The
// error is in words for the user, and holds neither the URL nor what the receiver said.
func (p *poster) post(ctx context.Context, to, id string, body []byte) (int, error) {
	now := time.Now()
	signature, err := p.keys.sign(id, now, body)
	if err != nil {
		return 0, errors.New("the webhook cannot be signed")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the URL cannot be posted to")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "atlant/"+p.version)
	request.Header.Set(webhooks.HeaderWebhookID, id)
	request.Header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(webhooks.HeaderWebhookSignature, signature)
	response, err := p.client.Do(request)
	if err != nil {
		return 0, postError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()                              // the status is all that matters
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswerBytes)) // likewise
	if code := response.StatusCode; code < 200 || code > 299 {
		return code, fmt.Errorf("the receiver answered %s", strings.TrimSpace(fmt.Sprint(code, " ", http.StatusText(code))))
	}
	return response.StatusCode, nil
}

// postError says why there was no answer.
func postError(ctx context.Context, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL
	}
	var dns *net.DNSError
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case outbound.IsGuarded(err):
		return fmt.Errorf("the address is not a public one, and only those are posted to: %w. "+
			"Whoever runs Atlant can allow others with --allow-private-urls", err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host %s", dns.Name)
	case ctx.Err() == nil && errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the receiver did not answer within %s", postTimeout)
	case errors.As(err, &network), errors.As(err, &certificate):
		return fmt.Errorf("the receiver cannot be reached: %w", err)
	default: // which may hold what the receiver said
		return errors.New("the receiver did not answer as a web server does")
	}
}
