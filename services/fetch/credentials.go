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
		upgraded := home.Scheme == "http" && at.Scheme == "https" && home.Port() == "" && strings.EqualFold(at.Host, home.Host)
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
	if u.Scheme == uploadScheme && given != nil {
		return "", nil, rpc.InvalidArgument("credentials", "are of no use with an upload, which no server is asked for")
	}
	if u.User == nil {
		return request.GetUrl(), given, nil
	}
	basic := &atlantv1.BasicCredentials{User: u.User.Username()}
	basic.Password, _ = u.User.Password()
	switch {
	case given != nil:
		return "", nil, rpc.InvalidArgument("credentials", "are given in the url as well, and one of them is enough")
	case strings.Contains(basic.GetUser(), ":"):
		return "", nil, rpc.InvalidArgument("url", "the user must not hold a colon")
	}
	public := *u
	public.User = nil
	return public.String(), &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{Basic: basic}}, nil
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
