package fetch

import (
	"net/url"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote/sftp"
	"github.com/atlant-log/atlant/services/rpc"
)

// scheme is a way to say where a list is. What can be refused without looking there is refused by what is said here.
type scheme struct {
	name string
	web  bool // a server of the web: queries mean something, and a path need not be
	at   place

	basic, bearer, sshKey bool // credentials that it takes
	loginNeeded           bool
}

// place is what the authority of a URL names.
type place int

const (
	onServer place = iota
	inBucket
	inFolder
)

// The schemes of the web.
const (
	overHTTP  = "http"
	overHTTPS = "https"
)

// schemes are all that a URL can begin with.
var schemes = []scheme{
	{name: overHTTP, web: true, basic: true, bearer: true},
	{name: overHTTPS, web: true, basic: true, bearer: true},
	{name: "ftp", basic: true},
	{name: "ftps", basic: true},
	{name: "ftpes", basic: true},
	{name: "sftp", basic: true, sshKey: true, loginNeeded: true},
	{name: "s3", at: inBucket},
	{name: "gs", at: inBucket},
	{name: "azblob", at: inBucket},
	{name: "file", at: inFolder},
}

// schemeOf returns the scheme of a URL, nil if it has none of ours.
func schemeOf(u *url.URL) *scheme {
	for i := range schemes {
		if schemes[i].name == u.Scheme {
			return &schemes[i]
		}
	}
	return nil
}

// schemesInWords is for whoever used another one.
func schemesInWords() string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.name + "://"
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// check tells what is wrong with a URL of this scheme.
func (s *scheme) check(u *url.URL) error {
	switch {
	case s.at == onServer && u.Hostname() == "":
		return rpc.InvalidArgument("url", "has no host")
	case s.web:
		return nil
	case s.at == inBucket && u.Host == "":
		return rpc.InvalidArgument("url", "has no bucket")
	case s.at == inFolder && u.Host != "" && u.Host != "localhost":
		return rpc.InvalidArgument("url", "must begin with file:/// and go on with the path in the folder of lists")
	case u.RawQuery != "" || u.ForceQuery:
		return rpc.InvalidArgument("url", "must not have a query; percent-encode a ? in a name as %%3F")
	}
	return checkPath(u.Path)
}

// checkPath tells what is wrong with a path at whose end is a file.
func checkPath(path string) error {
	switch {
	case strings.Trim(path, "/") == "" || strings.HasSuffix(path, "/"):
		return rpc.InvalidArgument("url", "names no file")
	case strings.ContainsFunc(path, isControl):
		return rpc.InvalidArgument("url", "must not hold control characters")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == '\x7f' }

// checkCredentials tells what is wrong with credentials for a URL of this scheme; nil are none.
func (s *scheme) checkCredentials(credentials *atlantv1.Credentials) error {
	if credentials == nil {
		if s.loginNeeded {
			return rpc.InvalidArgument("credentials", "are needed for %s, by %[1]s://USER:PASSWORD@… or with a private key", s.name)
		}
		return nil
	}
	takes := false
	switch c := credentials.GetCredentials().(type) {
	case *atlantv1.Credentials_Basic:
		takes = s.basic
		if takes && !s.web && strings.ContainsFunc(c.Basic.GetUser()+c.Basic.GetPassword(), isControl) {
			return rpc.InvalidArgument("credentials", "must not hold control characters in a user or a password")
		}
	case *atlantv1.Credentials_BearerToken:
		takes = s.bearer
	case *atlantv1.Credentials_SshPrivateKey:
		if takes = s.sshKey; takes {
			return checkKey(c.SshPrivateKey)
		}
	}
	switch {
	case takes:
		return nil
	case s.at == onServer:
		return rpc.InvalidArgument("credentials", "of this kind are not for %s", s.name)
	default:
		return rpc.InvalidArgument("credentials", "are not for %s: whoever runs Atlant says what is read there", s.name)
	}
}

func checkKey(key *atlantv1.SshPrivateKey) error {
	if err := sftp.CheckKey(key); err != nil {
		return rpc.InvalidArgument("credentials.ssh_private_key", "%v", err)
	}
	if key.GetUser() == "" {
		return rpc.InvalidArgument("credentials.ssh_private_key", "needs a user, here or as sftp://USER@…")
	}
	return nil
}
