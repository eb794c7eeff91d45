package access

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// Config says who may call.
type Config struct {
	// KeysFile holds API keys; it is read again when it changes. Empty: there are none.
	KeysFile string
	// OIDC says whose tokens are taken.
	OIDC OIDC
	// Certificates tells that TLS verifies client certificates, which then are as good as keys.
	Certificates bool
	// CertificateScope is for those that the keys file does not name; SCOPE_UNSPECIFIED: they are of no use then.
	CertificateScope atlantv1.Scope
	// AnonymousRead lets everybody read.
	AnonymousRead bool
	// RequestsPerSecond is the limit of each caller for whom the keys file has no other, 0 for none.
	RequestsPerSecond int
}

// Check returns what is wrong with the configuration by itself.
func (c *Config) Check() error {
	if c.RequestsPerSecond < 0 {
		return errors.New("the rate limit cannot be negative")
	}
	return c.OIDC.check()
}

// AsksWho tells whether callers have to say who they are. Otherwise everybody may do everything.
func (c *Config) AsksWho() bool {
	return c.KeysFile != "" || c.OIDC.Issuer != "" || c.Certificates || c.AnonymousRead
}

// Guard lets callers in, or not.
type Guard struct {
	config Config
	needs  needs
	keys   *files[*keys] // nil: none
	tokens *tokens       // nil: none are taken
	meters meters
	logger *slog.Logger
	now    func() time.Time
	writer *connect.ErrorWriter
}

// NewGuard returns a guard. It returns an error where the keys file cannot be read, or a method of the contract does not say what
// a caller needs.
func NewGuard(config Config, logger *slog.Logger) (*Guard, error) {
	all, err := readNeeds()
	if err != nil {
		return nil, err
	}
	g := &Guard{config: config, needs: all, logger: logger, now: time.Now, writer: connect.NewErrorWriter()}
	if config.OIDC.Issuer != "" {
		g.tokens = newTokens(config.OIDC, time.Now)
	}
	if config.KeysFile != "" {
		read := func() (*keys, error) { return readKeys(logger, config.KeysFile) }
		if g.keys, err = readFiles(logger, read, config.KeysFile); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Protect lets requests through to a handler, with their rpc.Caller in the context, if they may pass. The others it answers
// before anything of their body is read.
func (g *Guard) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.config.AsksWho() {
			g.serveNeighbours(w, r, next)
			return
		}
		w.Header().Add("Vary", "Authorization") // else a browser shows one caller what another one got
		need := g.needs.of(r.URL.Path)
		if need == open {
			next.ServeHTTP(w, r)
			return
		}
		caller, err := g.admit(w.Header(), r, need)
		if err != nil {
			g.refuse(w, r, err)
			return
		}
		if need == atlantv1.Scope_SCOPE_ADMIN {
			g.logger.InfoContext(r.Context(), "an admin calls", slog.String(logCaller, caller.ID), slog.String(logProcedure, r.URL.Path))
		}
		next.ServeHTTP(w, r.WithContext(rpc.WithCaller(r.Context(), caller)))
	})
}

// serveNeighbours is for listeners that only this machine reaches: all who do may do everything. But a page of the internet
// whose name is made to lead to this machine is no neighbour, though the browser it runs in is.
func (g *Guard) serveNeighbours(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if !isNeighbour(r.Host) {
		g.refuse(w, r, rpc.PermissionDenied("without API keys Atlant answers as localhost or by its address only, not as %q", r.Host))
		return
	}
	next.ServeHTTP(w, r)
}

// admit returns who makes a request, if that may be made. It adds to the headers of the answer what a refusal needs.
func (g *Guard) admit(header http.Header, r *http.Request, need atlantv1.Scope) (rpc.Caller, error) {
	who, err := g.identify(r)
	if err != nil {
		return rpc.Caller{}, g.failed(header, r, err)
	}
	of := who.limits
	if of.perSecond == 0 {
		of.perSecond = g.config.RequestsPerSecond
	}
	if wait := g.meters.take(g.meterOf(who, r), of, g.now()); wait > 0 {
		return rpc.Caller{}, tooMany(header, wait, "%s makes too many requests", who.caller.ID)
	}
	switch {
	case !allows(who.caller.Scope, need):
		return rpc.Caller{}, rpc.PermissionDenied("this needs the scope %s, %s has %s", scopeName(need), who.caller.ID,
			scopeName(who.caller.Scope))
	case who.caller.Confined() && (need == atlantv1.Scope_SCOPE_ADMIN || slices.Contains(unconfinedPaths, r.URL.Path)):
		return rpc.Caller{}, rpc.PermissionDenied("this is about all sources, and %s is confined to some", who.caller.ID)
	}
	return who.caller, nil
}

// meterOf names what counts the requests of a caller: those whom nobody knows are told apart by their addresses.
func (g *Guard) meterOf(who *known, r *http.Request) string {
	if who.caller.ID == anonymous {
		return anonymous + " " + network(r.RemoteAddr)
	}
	return who.caller.ID
}

// failed counts a failed login, and returns how it is answered.
func (g *Guard) failed(header http.Header, r *http.Request, err error) error {
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		return err
	}
	if r.Header.Get("Authorization") != "" {
		if wait := g.meters.take(failures(r), failedLogins, g.now()); wait > 0 {
			return tooMany(header, wait, "too many attempts to log in have failed")
		}
		g.logger.WarnContext(r.Context(), "a login has failed", slog.String(logRemote, network(r.RemoteAddr)), slog.Any(logError, err))
	}
	header.Set("WWW-Authenticate", `Bearer realm="atlant"`)
	return err
}

func failures(r *http.Request) string { return "failed " + network(r.RemoteAddr) }

func tooMany(header http.Header, wait time.Duration, format string, args ...any) error {
	header.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	return connect.NewError(connect.CodeResourceExhausted,
		fmt.Errorf("%s: try again in %s", fmt.Sprintf(format, args...), wait.Round(time.Millisecond)))
}

// refuse answers in the protocol that the client speaks.
func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Cache-Control", "no-store")
	err = rpc.LogError(r.Context(), g.logger, r.URL.Path, err)
	_, isKnown := g.needs[r.URL.Path]
	if _, isBeside := besidesMethods[r.URL.Path]; isKnown && !isBeside && g.writer.IsSupported(r) {
		_ = g.writer.Write(w, r, err) // the client is gone if this fails
		return
	}
	rpc.WriteError(r.Context(), w, g.logger, r.URL.Path, err)
}

// anonymous is the id of those who say nothing of themselves.
const anonymous = "an anonymous caller"

// identify returns who makes a request; unauthenticated if it does not say so, or what it says is not true.
func (g *Guard) identify(r *http.Request) (*known, error) {
	switch said := r.Header.Values("Authorization"); {
	case len(said) > 1:
		return nil, unauthenticated("there is more than one Authorization")
	case len(said) == 1:
		return g.bearer(r, said[0])
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		if who := g.certified(r.TLS.VerifiedChains[0][0]); who != nil {
			return who, nil
		}
	}
	if g.config.AnonymousRead {
		return &known{caller: rpc.Caller{ID: anonymous, Scope: atlantv1.Scope_SCOPE_READ}}, nil
	}
	return nil, unauthenticated("a key is needed, as Authorization: Bearer KEY")
}

func (g *Guard) bearer(r *http.Request, said string) (*known, error) {
	scheme, credential, _ := strings.Cut(said, " ")
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return nil, unauthenticated("Authorization must be Bearer, and a key")
	}
	if strings.HasPrefix(credential, keyPrefix) || g.tokens == nil {
		return g.keyed(credential)
	}
	// To verify a signature takes much longer than to look up a hash.
	if g.meters.exhausted(failures(r), g.now()) {
		return nil, unauthenticated("too many attempts to log in have failed")
	}
	return g.tokens.verify(r.Context(), credential)
}

// keyed returns who has a key. How long it takes tells nothing of other keys: what is looked up is a hash, whose digits nobody
// chooses.
func (g *Guard) keyed(key string) (*known, error) {
	if g.keys != nil {
		who := g.keys.get().bySum[sumOf(key)]
		switch {
		case who == nil:
		case who.expired(g.now()):
			return nil, unauthenticated("the key %s has expired", who.caller.ID)
		default:
			return who, nil
		}
	}
	return nil, unauthenticated("the key is not known")
}

// certified returns who has a certificate, nil if that is of no use.
func (g *Guard) certified(certificate *x509.Certificate) *known {
	names := append([]string{certificate.Subject.CommonName}, certificate.DNSNames...)
	for _, u := range certificate.URIs {
		names = append(names, u.String())
	}
	if g.keys != nil {
		all := g.keys.get().byCertificate
		for _, name := range names {
			switch who := all[name]; {
			case who == nil:
			case who.expired(g.now()):
				return nil
			default:
				return who
			}
		}
	}
	if g.config.CertificateScope == atlantv1.Scope_SCOPE_UNSPECIFIED {
		return nil
	}
	return &known{caller: rpc.Caller{ID: "certificate:" + names[0], Scope: g.config.CertificateScope}}
}

// isNeighbour tells whether a Host header is one that a program on this machine sends: an address, or localhost.
func isNeighbour(host string) bool {
	name := strings.TrimSuffix(hostName(host), ".")
	return isAddress(name) || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func isAddress(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}
