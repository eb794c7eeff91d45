package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Caller is who makes a call, as far as that decides about the answer. Whether the caller may make it at all was decided before.
type Caller struct {
	ID      string         // for logs
	Scope   atlantv1.Scope // what it may do
	Sources []string       // those that it is confined to, in order; none: it is not confined
}

// Confined tells whether there are sources that the caller may not know of.
func (c Caller) Confined() bool { return len(c.Sources) > 0 }

// May tells whether the caller may see and change what is of a source.
func (c Caller) May(source string) bool {
	return !c.Confined() || slices.Contains(c.Sources, source)
}

type callerKey struct{}

// WithCaller returns a context of a call that a caller makes.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf returns who makes the call of a context. A call that the program makes by itself has the zero Caller, which is not
// confined.
func CallerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// PermissionDenied says why a caller, who is known, may not.
func PermissionDenied(format string, args ...any) error {
	return connect.NewError(connect.CodePermissionDenied, fmt.Errorf(format, args...))
}

// RequireSource returns permission_denied where the caller may not know of a source that a field of its request names.
func RequireSource(ctx context.Context, field, source string) error {
	caller := CallerOf(ctx)
	if caller.May(source) {
		return nil
	}
	return PermissionDenied("%s: must be %s, what this caller is confined to", field, alternatives(caller.Sources))
}

// ConfinedSource returns the source that a filter of a request means: the one it names, if the caller may know of it. Where it
// names none, which is all of them, a caller that is confined to one means that one; who is confined to several must choose.
func ConfinedSource(ctx context.Context, field, source string) (string, error) {
	caller := CallerOf(ctx)
	if source == "" && len(caller.Sources) == 1 {
		return caller.Sources[0], nil
	}
	return source, RequireSource(ctx, field, source)
}

// RequireUnconfined returns permission_denied to callers that may not know of all sources.
func RequireUnconfined(ctx context.Context) error {
	if !CallerOf(ctx).Confined() {
		return nil
	}
	return connect.NewError(connect.CodePermissionDenied, errors.New("this is about all sources, and the caller is confined to some"))
}

func alternatives(names []string) string {
	return strings.Join(names, " or ")
}
