package rpc

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"
)

// preflightAge is how long a browser may remember what it is allowed; it takes no more than some hours.
const preflightAge = 2 * time.Hour

// AllowOrigins lets scripts of these origins call the handler from browsers, over Connect and gRPC-web, without cookies.
// "*" stands for all origins, and within one for any text. Without origins only pages of the handler's own can call it.
func AllowOrigins(origins []string, handler http.Handler) http.Handler {
	if len(origins) == 0 { // to the library that means all
		return handler
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), headerIfNoneMatch, "Authorization"),
		ExposedHeaders: append(connectcors.ExposedHeaders(), headerETag, "Retry-After"),
		MaxAge:         int(preflightAge / time.Second),
	}).Handler(handler)
}

// CheckOrigins returns what is wrong with what AllowOrigins is to be given.
func CheckOrigins(origins []string) error {
	for _, origin := range origins {
		if origin == "*" {
			continue
		}
		one := strings.Replace(origin, "*", "1", 1) // what it stands for may be in a name or a port
		u, err := url.Parse(one)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Contains(u.Host, "*") ||
			one != u.Scheme+"://"+u.Host {
			return fmt.Errorf("%q is no origin, which looks like https://host or https://host:port", origin)
		}
	}
	return nil
}
