package access

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// keyPrefix makes keys known to those who look for secrets where none should be.
const keyPrefix = "atlant_"

// keyBytes is how random a key is: as its bits cannot be guessed, a plain SHA-256 keeps it as safe as a slow hash would, which is
// made for passwords that people choose, and would have to be computed for each request.
const keyBytes = 32

// Entry is what the keys file says of one caller.
type Entry struct {
	// ID names the caller in logs.
	ID string `yaml:"id"`
	// SHA256 of the key, in hexadecimal digits.
	SHA256 string `yaml:"sha256,omitempty"`
	// Certificate is a name in the client certificate that stands for a key: its common name, a DNS name or a URI.
	Certificate string `yaml:"certificate,omitempty"`
	// Scope is read, fetch or admin.
	Scope string `yaml:"scope"`
	// Sources that the caller is confined to; all, if there are none.
	Sources []string `yaml:"sources,omitempty"`
	// RequestsPerSecond is how many requests the caller may make, in the long run; 0 is the server's limit.
	RequestsPerSecond int `yaml:"requests_per_second,omitempty"`
	// RequestsPerDay is how many it may make a day (UTC); 0 is no limit.
	RequestsPerDay int `yaml:"requests_per_day,omitempty"`
	// Expires is when it is no caller any more; never, if that is not said.
	Expires time.Time `yaml:"expires,omitempty"`
}

// NewKey returns a new key, and the SHA-256 that is kept of it.
func NewKey() (key, sum string) {
	random := make([]byte, keyBytes)
	_, _ = rand.Read(random) // never fails
	key = keyPrefix + base64.RawURLEncoding.EncodeToString(random)
	return key, sumOf(key)
}

func sumOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// keys are the callers of a keys file.
type keys struct {
	bySum         map[string]*known
	byCertificate map[string]*known
}

// known is a caller with its limits.
type known struct {
	caller  rpc.Caller
	limits  limits
	expires time.Time // zero: never
}

func (k *known) expired(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// readKeys reads a keys file.
func readKeys(logger *slog.Logger, path string) (*keys, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o022 != 0 {
		logger.Warn("others may write to the keys file, and so give themselves a key: chmod go-w", slog.String(logFile, path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	all, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// parseKeys reads the content of a keys file. Its error names all that is wrong.
func parseKeys(data []byte) (*keys, error) {
	var content struct {
		Keys []Entry `yaml:"keys"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&content); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	all := &keys{bySum: map[string]*known{}, byCertificate: map[string]*known{}}
	ids := map[string]bool{}
	var faults []error
	for i := range content.Keys {
		e := &content.Keys[i]
		if err := e.check(); err != nil {
			faults = append(faults, fmt.Errorf("key %d (%s): %w", i+1, e.ID, err))
			continue
		}
		if ids[e.ID] || all.bySum[e.SHA256] != nil || all.byCertificate[e.Certificate] != nil {
			faults = append(faults, fmt.Errorf("key %d (%s): its id, hash or certificate is there twice", i+1, e.ID))
		}
		ids[e.ID] = true
		if e.SHA256 != "" {
			all.bySum[e.SHA256] = e.known()
		} else {
			all.byCertificate[e.Certificate] = e.known()
		}
	}
	return all, errors.Join(faults...)
}

var (
	idPattern     = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$`)
	sumPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	sourcePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)
)

// check returns all that is wrong with an entry.
func (e *Entry) check() error {
	var all []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	fault(!idPattern.MatchString(e.ID), "id must have letters, digits and . _ @ - only, up to 64")
	fault((e.SHA256 == "") == (e.Certificate == ""), "one of sha256 and certificate must be given")
	fault(e.SHA256 != "" && !sumPattern.MatchString(e.SHA256),
		"sha256 must have 64 hexadecimal digits in lower case: it is not the key itself")
	_, err := ParseScope(e.Scope)
	fault(err != nil, "scope: %w", err)
	for _, source := range e.Sources {
		fault(!sourcePattern.MatchString(source), "sources: %q is not the name of a source", source)
	}
	fault(e.Scope == "admin" && len(e.Sources) > 0, "a key with the scope admin cannot be confined to sources")
	fault(e.RequestsPerSecond < 0 || e.RequestsPerDay < 0, "limits cannot be negative")
	return errors.Join(all...)
}

func (e *Entry) known() *known {
	sources := slices.Clone(e.Sources)
	slices.Sort(sources)
	return &known{
		caller:  rpc.Caller{ID: e.ID, Scope: scopeNames[e.Scope], Sources: slices.Compact(sources)},
		limits:  limits{perSecond: e.RequestsPerSecond, perDay: e.RequestsPerDay},
		expires: e.Expires,
	}
}

// Text returns the entry as a keys file has it.
func (e *Entry) Text() (string, error) {
	if err := e.check(); err != nil {
		return "", err
	}
	text, err := yaml.Marshal([]Entry{*e})
	return indent(string(text)), err
}

func indent(text string) string {
	return "  " + strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n  "), "  ")
}

// CheckKeys returns what is wrong with the content of a keys file.
func CheckKeys(data []byte) error {
	_, err := parseKeys(data)
	return err
}

// allows tells whether a scope is enough for a need: each includes those before it.
func allows(scope, need atlantv1.Scope) bool { return scope >= need }
