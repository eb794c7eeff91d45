package fetch

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
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

// takeCredentials returns what credentials a URL holds, nil if none, and the URL without them.
func takeCredentials(u *url.URL, text string) (*atlantv1.Credentials, string) {
	if u.User == nil {
		return nil, text
	}
	password, _ := u.User.Password()
	basic := &atlantv1.BasicCredentials{User: u.User.Username(), Password: password}
	public := *u
	public.User = nil
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{Basic: basic}}, public.String()
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
