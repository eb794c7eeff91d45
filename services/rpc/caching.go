package rpc

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"
)

// Headers of caching, by their canonical names.
const (
	headerCacheControl = "Cache-Control"
	headerETag         = "Etag"
	headerIfNoneMatch  = "If-None-Match"
)

// uncached keeps caches from storing answers to GET that do not say otherwise, errors above all.
func uncached(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		response, err := next(ctx, request)
		if request.HTTPMethod() != http.MethodGet {
			return response, err
		}
		var refused *connect.Error
		switch {
		case err == nil && response.Header().Get(headerCacheControl) == "":
			response.Header().Set(headerCacheControl, "no-store")
		case errors.As(err, &refused) && !connect.IsNotModifiedError(err):
			refused.Meta().Set(headerCacheControl, "no-store")
		}
		return response, err
	}
}

// Revalidated lets caches store the answers to GET requests for some procedures, and asks them to look every time whether
// these still hold. Such a request is not run again while the tag that its answer came with stays the same. The tag must be
// another one after any of the answers may have changed, and it is read before the answer is, so that it is never newer.
func Revalidated(tag func(context.Context) (string, error), procedures ...string) connect.Interceptor {
	covered := make(map[string]bool, len(procedures))
	for _, procedure := range procedures {
		covered[procedure] = true
	}
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			if request.HTTPMethod() != http.MethodGet || !covered[request.Spec().Procedure] {
				return next(ctx, request)
			}
			text, err := tag(ctx)
			if err != nil {
				return nil, err
			}
			header := http.Header{
				headerCacheControl: {"no-cache"},
				headerETag:         {`W/"` + text + `"`}, // weak: there is one for all encodings
			}
			if matches(request.Header().Values(headerIfNoneMatch), text) {
				return nil, connect.NewNotModifiedError(header)
			}
			response, err := next(ctx, request)
			if err == nil {
				for name := range header {
					response.Header().Set(name, header.Get(name))
				}
			}
			return response, err
		}
	})
}

// matches tells whether a tag is among those that a client has answers of. The wildcard is not: whether there is an answer at
// all is known only once it was asked for.
func matches(lists []string, tag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			if strings.TrimPrefix(strings.TrimSpace(one), "W/") == `"`+tag+`"` {
				return true
			}
		}
	}
	return false
}
