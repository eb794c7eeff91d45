// Package rpc is what all services share on the wire: validation, the mapping of errors, page tokens, and the handler that
// serves them over Connect, gRPC and gRPC-web.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"connectrpc.com/connect"
	"connectrpc.com/validate"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Keys of this package's log records.
const (
	logProcedure = "procedure"
	logID        = "id"
	logError     = "error"
)

// maxRequestBytes bounds one message of a request, and so the memory that it takes: a piece of an upload, of a mebibyte at
// most, in JSON. How many there are in a stream is its method's business.
const maxRequestBytes = 3 << 19

// Options are the options of every handler: requests are validated against the rules in the proto files, panics and
// unforeseen errors reach clients as an internal error whose id is in the log, answers are compressed, and not stored by caches.
func Options(log *slog.Logger) []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithReadMaxBytes(maxRequestBytes),
		connect.WithCodec(strictJSON{"json"}),
		connect.WithCodec(strictJSON{"json; charset=utf-8"}),
		connect.WithRecover(func(ctx context.Context, spec connect.Spec, _ http.Header, reason any) error {
			return internal(ctx, log, spec.Procedure, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
		}),
		compression(),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(uncached), errorInterceptor{log: log},
			LimitCalls(callTimeout), validate.NewInterceptor()),
	}
}

// InvalidArgument says which field of a request is wrong and why.
func InvalidArgument(field, format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
}

// NotFound says that there is no such thing.
func NotFound(format string, args ...any) error {
	return connect.NewError(connect.CodeNotFound, fmt.Errorf(format, args...))
}

// errorInterceptor lets clients see only errors that were meant for them.
type errorInterceptor struct {
	log *slog.Logger
}

func (i errorInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		response, err := next(ctx, request)
		if err != nil {
			return nil, i.outward(ctx, request.Spec().Procedure, err)
		}
		return response, nil
	}
}

func (i errorInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (i errorInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if err := next(ctx, conn); err != nil {
			return i.outward(ctx, conn.Spec().Procedure, err)
		}
		return nil
	}
}

// outward returns what a client may know of an error.
func (i errorInterceptor) outward(ctx context.Context, procedure string, err error) error {
	var meant *connect.Error
	switch {
	case errors.As(err, &meant):
		return err
	case errors.Is(err, events.ErrFull) && ctx.Err() == nil:
		i.log.ErrorContext(ctx, "log full", slog.String(logProcedure, procedure), slog.Any(logError, err))
		return connect.NewError(connect.CodeResourceExhausted, events.ErrFull)
	case errors.Is(err, events.ErrUnavailable) && ctx.Err() == nil: // first: what hangs there has a deadline of its own
		i.log.ErrorContext(ctx, "log unavailable", slog.String(logProcedure, procedure), slog.Any(logError, err))
		return connect.NewError(connect.CodeUnavailable, events.ErrUnavailable)
	case errors.Is(err, projections.ErrUnavailable) && ctx.Err() == nil:
		i.log.ErrorContext(ctx, "views unavailable", slog.String(logProcedure, procedure), slog.Any(logError, err))
		return connect.NewError(connect.CodeUnavailable, projections.ErrUnavailable)
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, errors.New("the call was cancelled"))
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("the call took longer than its deadline"))
	default:
		return internal(ctx, i.log, procedure, err)
	}
}

func internal(ctx context.Context, log *slog.Logger, procedure string, err error) error {
	id := uuid.NewString()
	log.ErrorContext(ctx, "internal error", slog.String(logID, id), slog.String(logProcedure, procedure), slog.Any(logError, err))
	return connect.NewError(connect.CodeInternal, fmt.Errorf("internal error %s: the log says more under that id", id))
}
