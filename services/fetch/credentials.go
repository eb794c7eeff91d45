package fetch

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// authorize gives a request the credentials.
func authorize(request *http.Request, credentials *atlantv1.Credentials) {
	switch c := credentials.GetCredentials().(type) {
	case *atlantv1.Credentials_Basic:
		request.SetBasicAuth(c.Basic.GetUser(), c.Basic.GetPassword())
	case *atlantv1.Credentials_BearerToken:
		request.Header.Set("Authorization", "Bearer "+c.BearerToken)
	}
}

// staysHome tells whether a redirect, and all those before it, led to the server that the credentials are for. Going over to
// https there is fine.
func staysHome(next *http.Request, via []*http.Request) bool {
	home := via[0].URL
	for _, request := range append(via[1:len(via):len(via)], next) {
		at := request.URL
		same := at.Scheme == home.Scheme && strings.EqualFold(at.Host, home.Host)
		upgraded := home.Scheme == overHTTP && at.Scheme == overHTTPS && home.Port() == "" && strings.EqualFold(at.Host, home.Host)
		if !same && !upgraded {
			return false
		}
	}
	return true
}

// takeCredentials returns the URL of a request without credentials, and those that the request has, nil if none.
func takeCredentials(u *url.URL, request *atlantv1.FetchRequest) (string, *atlantv1.Credentials, error) {
	given := request.GetCredentials()
	if given.GetCredentials() == nil {
		given = nil
	}
	if u.Scheme == uploadScheme {
		if given != nil {
			return "", nil, rpc.InvalidArgument("credentials", "are of no use with an upload, which no server is asked for")
		}
		return request.GetUrl(), nil, nil
	}
	public := request.GetUrl()
	if u.User != nil {
		var err error
		if given, err = withUser(given, u.User); err != nil {
			return "", nil, err
		}
		stripped := *u
		stripped.User = nil
		public = stripped.String()
	}
	return public, given, schemeOf(u).checkCredentials(given)
}

// withUser returns the credentials that are meant by those given, nil if none, and by what a URL says.
func withUser(given *atlantv1.Credentials, said *url.Userinfo) (*atlantv1.Credentials, error) {
	user := said.Username()
	password, hasPassword := said.Password()
	key := given.GetSshPrivateKey()
	switch {
	case strings.Contains(user, ":"):
		return nil, rpc.InvalidArgument("url", "the user must not hold a colon")
	case given == nil:
		basic := &atlantv1.BasicCredentials{User: user, Password: password}
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{Basic: basic}}, nil
	case key == nil, hasPassword, key.GetUser() != "" && key.GetUser() != user:
		return nil, rpc.InvalidArgument("credentials", "are given in the url as well, and one of them is enough")
	}
	key = proto.CloneOf(key)
	key.User = user
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{SshPrivateKey: key}}, nil
}

// userOf returns the user that credentials are of, empty if they tell none.
func userOf(credentials *atlantv1.Credentials) string {
	if key := credentials.GetSshPrivateKey(); key != nil {
		return key.GetUser()
	}
	return credentials.GetBasic().GetUser()
}

// loggable returns a request as the log may hold it for ever.
func loggable(requested *atlantv1.FetchRequested) *atlantv1.FetchRequested {
	if requested.GetCredentials() == nil {
		return requested
	}
	requested = proto.CloneOf(requested)
	requested.Credentials = nil
	return requested
}
