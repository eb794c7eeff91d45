package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/atlant-log/atlant/services/rpc"
)

// issuer is an OpenID Connect issuer on loopback.
type issuer struct {
	*httptest.Server
	key  *ecdsa.PrivateKey
	down bool
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if i.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// claims are those of a good token, but for some.
func (i *issuer) claims(but map[string]any) map[string]any {
	all := map[string]any{
		"iss": i.URL, "aud": "atlant", "sub": "somebody", "exp": time.Now().Add(time.Hour).Unix(), "scope": "openid atlant:read",
	}
	for name, value := range but {
		if value == nil {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	return all
}

// sign returns a token with such claims.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// unsigned returns a token that says it needs no signature.
func unsigned(t testing.TB, header string, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

func TestTokens(t *testing.T) {
	t.Parallel()
	i, other := newIssuer(t), newIssuer(t)
	g := newTestGuard(t, Config{OIDC: OIDC{Issuer: i.URL, Audience: "atlant", ScopeClaim: "scope", SourcesClaim: "atlant_sources"}})
	good := func(but map[string]any) string { return sign(t, jose.ES256, i.key, i.claims(but)) }
	public, err := json.Marshal(jose.JSONWebKey{Key: i.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	token := good(nil)
	for name, test := range map[string]struct {
		token string
		code  int
		says  string
	}{
		"good":                      {token, 200, ""},
		"audience among others":     {good(map[string]any{"aud": []string{"x", "atlant"}}), 200, ""},
		"expired":                   {good(map[string]any{"exp": time.Now().Add(-time.Second).Unix()}), 401, "expired"},
		"never expires":             {good(map[string]any{"exp": nil}), 401, "expired"},
		"not yet":                   {good(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), 401, ""},
		"another audience":          {good(map[string]any{"aud": "others"}), 401, ""},
		"no audience":               {good(map[string]any{"aud": nil}), 401, ""},
		"another issuer's name":     {good(map[string]any{"iss": other.URL}), 401, ""},
		"another issuer":            {sign(t, jose.ES256, other.key, other.claims(nil)), 401, ""},
		"signed by another issuer":  {sign(t, jose.ES256, other.key, i.claims(nil)), 401, ""},
		"signed by the public key":  {sign(t, jose.HS256, public, i.claims(nil)), 401, ""},
		"alg none":                  {unsigned(t, `{"alg":"none"}`, i.claims(nil)), 401, ""},
		"alg None":                  {unsigned(t, `{"alg":"None","kid":"1"}`, i.claims(nil)), 401, ""},
		"without its signature":     {token[:strings.LastIndex(token, ".")+1], 401, ""},
		"with another signature":    {token[:len(token)-8] + "AAAAAAAA", 401, ""},
		"without any":               {unsigned(t, `{"alg":"ES256","kid":"1"}`, i.claims(nil)), 401, ""},
		"not a token":               {"a.b.c", 401, ""},
		"empty":                     {"", 401, ""},
		"says nothing of Atlant":    {good(map[string]any{"scope": "openid"}), 403, "atlant:read"},
		"no scope at all":           {good(map[string]any{"scope": nil}), 403, "atlant:read"},
		"an unknown scope":          {good(map[string]any{"scope": "atlant:all"}), 403, "atlant:read"},
		"sources that are none":     {good(map[string]any{"atlant_sources": []string{}}), 403, "no source"},
		"sources that are no list":  {good(map[string]any{"atlant_sources": map[string]any{}}), 403, "no source"},
		"sources that are no names": {good(map[string]any{"atlant_sources": []any{"a", 1}}), 403, "no source"},
	} {
		g.meters = meters{} // of failed logins
		w, let := ask(g, http.MethodPost, readPath, "Bearer "+test.token)
		if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if (let != nil) != (test.code == 200) {
			t.Errorf("%s: let in %v", name, let)
		}
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	for name, test := range map[string]struct {
		config OIDC
		but    map[string]any
		want   rpc.Caller
	}{
		"text":      {OIDC{ScopeClaim: "scope"}, map[string]any{"scope": "atlant:fetch openid"}, rpc.Caller{Scope: scopeNames["fetch"]}},
		"greatest":  {OIDC{ScopeClaim: "scp"}, map[string]any{"scp": []string{"atlant:admin", "atlant:read"}}, rpc.Caller{Scope: scopeNames["admin"]}},
		"nested":    {OIDC{ScopeClaim: "realm_access.roles"}, map[string]any{"realm_access": map[string]any{"roles": []string{"atlant:read"}}}, rpc.Caller{Scope: scopeNames["read"]}},
		"with dots": {OIDC{ScopeClaim: "https://shop.example/roles"}, map[string]any{"https://shop.example/roles": []string{"atlant:read"}}, rpc.Caller{Scope: scopeNames["read"]}},
		"sources":   {OIDC{ScopeClaim: "scope", SourcesClaim: "s"}, map[string]any{"s": []string{"b", "a", "b"}}, rpc.Caller{Scope: scopeNames["read"], Sources: []string{"a", "b"}}},
	} {
		test.config.Issuer, test.config.Audience = i.URL, "atlant"
		g := newTestGuard(t, Config{OIDC: test.config})
		w, let := ask(g, http.MethodPost, readPath, "Bearer "+sign(t, jose.ES256, i.key, i.claims(test.but)))
		test.want.ID = "oidc:somebody"
		if let == nil || fmt.Sprint(*let) != fmt.Sprint(test.want) {
			t.Errorf("%s: %d %s, %v, want %v", name, w.Code, w.Body, let, test.want)
		}
	}
}

// Atlant starts while the issuer is down, and takes tokens once it is up.
func TestIssuerComesBack(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.down = true
	g := newTestGuard(t, Config{OIDC: OIDC{Issuer: i.URL, Audience: "atlant", ScopeClaim: "scope"}})
	now := time.Now()
	g.tokens.now = func() time.Time { return now }
	token := "Bearer " + sign(t, jose.ES256, i.key, i.claims(nil))
	if w, _ := ask(g, http.MethodPost, readPath, token); w.Code != http.StatusServiceUnavailable {
		t.Errorf("down: %d %s", w.Code, w.Body)
	}
	i.down = false
	if w, _ := ask(g, http.MethodPost, readPath, token); w.Code != http.StatusServiceUnavailable {
		t.Errorf("it is asked again at once: %d", w.Code)
	}
	now = now.Add(issuerPause)
	if w, _ := ask(g, http.MethodPost, readPath, token); w.Code != http.StatusOK {
		t.Errorf("up: %d %s", w.Code, w.Body)
	}
}

func TestOIDCFaults(t *testing.T) {
	t.Parallel()
	good := OIDC{Issuer: "https://login.example", Audience: "atlant"}
	for name, test := range map[string]struct {
		change func(*OIDC)
		want   string
	}{
		"good":        {func(*OIDC) {}, ""},
		"none":        {func(o *OIDC) { *o = OIDC{} }, ""},
		"loopback":    {func(o *OIDC) { o.Issuer = "http://127.0.0.1:8000" }, ""},
		"clear text":  {func(o *OIDC) { o.Issuer = "http://login.example" }, "https"},
		"no URL":      {func(o *OIDC) { o.Issuer = "login" }, "must be a URL"},
		"no audience": {func(o *OIDC) { o.Audience = "" }, "audience"},
	} {
		config := Config{OIDC: good}
		test.change(&config.OIDC)
		err := config.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
