package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"
)

// WriteError answers a request that is no RPC with an error: with its text, if that was meant for clients. What is being asked
// for is the object.
func WriteError(ctx context.Context, w http.ResponseWriter, log *slog.Logger, object string, err error) {
	status := map[connect.Code]int{
		connect.CodeInvalidArgument: http.StatusBadRequest, connect.CodeNotFound: http.StatusNotFound,
		connect.CodeUnavailable: http.StatusServiceUnavailable, connect.CodeResourceExhausted: http.StatusTooManyRequests,
		connect.CodeUnauthenticated: http.StatusUnauthorized, connect.CodePermissionDenied: http.StatusForbidden,
	}
	outward := LogError(ctx, log, object, err)
	code, ok := status[connect.CodeOf(outward)]
	if !ok {
		code = http.StatusInternalServerError
	}
	text := outward.Error()
	if meant, ok := errors.AsType[*connect.Error](outward); ok {
		text = meant.Message()
	}
	writeText(w, code, text)
}

// LogError writes an unforeseen error to the log, and returns what a client may know of it.
func LogError(ctx context.Context, log *slog.Logger, object string, err error) error {
	return errorInterceptor{log: log}.outward(ctx, object, err)
}
