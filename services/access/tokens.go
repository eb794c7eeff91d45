package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/coreos/go-oidc/v3/oidc"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// OIDC says whose tokens are taken, and what in them counts.
type OIDC struct {
	// Issuer is the URL of the OpenID Connect issuer, empty if no tokens are taken.
	Issuer string
	// Audience that the tokens must be for.
	Audience string
	// ScopeClaim names the claim that holds atlant:read, atlant:fetch or atlant:admin, in a list or in a text with spaces. Dots lead
	// into objects, unless a claim has them in its name.
	ScopeClaim string
	// SourcesClaim names the claim that lists the sources that the caller is confined to; a token without it is not confined.
	SourcesClaim string
}

const (
	// tokenScope begins what a token says about Atlant.
	tokenScope = "atlant:"
	// issuerTimeout bounds each request to the issuer, and issuerPause is how long it is left alone after it did not answer.
	issuerTimeout = 10 * time.Second
	issuerPause   = 5 * time.Second
)

func (o *OIDC) check() error {
	u, err := url.Parse(o.Issuer)
	switch {
	case o.Issuer == "":
		return nil
	case err != nil || u.Host == "":
		return errors.New("the issuer must be a URL like https://login.example.com")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errors.New("the issuer must be reached over https: whoever sits between could hand out keys to sign tokens with")
	case o.Audience == "":
		return errors.New("the audience must be given: without it any token of the issuer would do, whatever it is for")
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// tokens verifies the tokens of an issuer. It asks the issuer for its keys when the first token comes, so that Atlant starts
// while the issuer is down.
type tokens struct {
	config OIDC
	now    func() time.Time
	client *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	failed   time.Time
}

func newTokens(config OIDC, now func() time.Time) *tokens {
	return &tokens{config: config, now: now, client: &http.Client{Timeout: issuerTimeout}}
}

// verify returns who has a token. Its errors are unauthenticated, permission_denied where the token is good for something else,
// and unavailable while the issuer does not answer.
func (t *tokens) verify(ctx context.Context, raw string) (*known, error) {
	verifier, err := t.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := verifier.Verify(oidc.ClientContext(ctx, t.client), raw)
	if err != nil {
		if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
			return nil, unauthenticated("the token has expired")
		}
		return nil, unauthenticated("the token is not one that %s has made for %s", t.config.Issuer, t.config.Audience)
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return nil, unauthenticated("the claims of the token cannot be read")
	}
	caller := rpc.Caller{ID: "oidc:" + token.Subject}
	if caller.Scope, err = t.scope(claims); err != nil {
		return nil, err
	}
	if caller.Sources, err = t.sources(claims); err != nil {
		return nil, err
	}
	return &known{caller: caller}, nil
}

// discover asks the issuer what it signs with, until it has answered once.
func (t *tokens) discover(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verifier != nil {
		return t.verifier, nil
	}
	unavailable := connect.NewError(connect.CodeUnavailable, errors.New("the issuer of tokens does not answer"))
	if t.now().Sub(t.failed) < issuerPause {
		return nil, unavailable
	}
	// Its keys are asked for again later, so the context must not end with this call.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), t.client), t.config.Issuer)
	if err != nil {
		t.failed = t.now()
		return nil, errors.Join(unavailable, err)
	}
	t.verifier = provider.Verifier(&oidc.Config{ClientID: t.config.Audience, Now: t.now})
	return t.verifier, nil
}

// scope returns the greatest scope that the claims give.
func (t *tokens) scope(claims map[string]any) (atlantv1.Scope, error) {
	var greatest atlantv1.Scope
	for _, text := range words(claim(claims, t.config.ScopeClaim)) {
		if name, ok := strings.CutPrefix(text, tokenScope); ok {
			greatest = max(greatest, scopeNames[name])
		}
	}
	if greatest == atlantv1.Scope_SCOPE_UNSPECIFIED {
		return 0, rpc.PermissionDenied("the token says nothing of Atlant: its claim %s must hold atlant:read, atlant:fetch or atlant:admin",
			t.config.ScopeClaim)
	}
	return greatest, nil
}

// sources returns the sources that the claims confine their caller to, none if they do not.
func (t *tokens) sources(claims map[string]any) ([]string, error) {
	value := claim(claims, t.config.SourcesClaim)
	if value == nil {
		return nil, nil
	}
	names := words(value)
	if len(names) == 0 { // no source at all, or what is no list of names: not to be taken for all
		return nil, rpc.PermissionDenied("the claim %s of the token names no source", t.config.SourcesClaim)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// claim returns a claim by its name, or by the names of the objects that lead to it with dots between.
func claim(claims map[string]any, name string) any {
	if value, ok := claims[name]; ok {
		return value
	}
	first, rest, found := strings.Cut(name, ".")
	if !found {
		return nil
	}
	inner, _ := claims[first].(map[string]any)
	return claim(inner, rest)
}

// words returns the texts of a list, or those between the spaces of one text; none for anything else.
func words(value any) []string {
	switch value := value.(type) {
	case string:
		return strings.Fields(value)
	case []any:
		var all []string
		for _, one := range value {
			text, ok := one.(string)
			if !ok {
				return nil
			}
			all = append(all, text)
		}
		return all
	}
	return nil
}

func unauthenticated(format string, args ...any) error {
	return connect.NewError(connect.CodeUnauthenticated, fmt.Errorf(format, args...))
}
