package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"github.com/alecthomas/kong"

	"github.com/atlant-log/atlant/events/jetstream"
)

// failure is what a command that failed tells its user: what went wrong, what to do, and the code to exit with.
type failure struct {
	text string
	hint string
	code int
}

func (f *failure) Error() string { return f.text }

// failed returns a failure like fmt.Errorf returns an error.
func failed(hint, format string, args ...any) *failure {
	return &failure{text: fmt.Sprintf(format, args...), hint: hint, code: exitFailure}
}

// notFound adds a hint to the server's not_found; other errors it returns as they are.
func notFound(err error, hint string) error {
	if connect.CodeOf(err) != connect.CodeNotFound || !connect.IsWireError(err) {
		return err
	}
	return failed(hint, "%s", serverText(err))
}

// usageError turns kong's complaint into a failure that points to the help of the command at hand.
func usageError(err error) error {
	help := "atlant --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		help = parse.Context.Selected().FullPath() + " --help"
	}
	return &failure{text: err.Error(), hint: "see `" + help + "`", code: exitUsage}
}

// report prints an error for the user and returns the exit code; an interrupted command ends quietly.
func (c *console) report(ctx context.Context, err error, addr string) int {
	if err == nil {
		return exitOK
	}
	f := explain(err, addr)
	if ctx.Err() != nil {
		return exitInterrupted
	}
	c.notef("atlant: %s", printable(f.text))
	if f.hint != "" {
		c.notef("  %s", f.hint)
	}
	return f.code
}

// explain says in words for the user what an error of a call means.
func explain(err error, addr string) *failure {
	var known *failure
	var call *connect.Error
	var faults jetstream.FaultsError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &faults):
		return explainFaults(faults)
	case !errors.As(err, &call):
		return failed("", "%v", err)
	case connect.IsWireError(err):
		return explainAnswer(call)
	}
	return explainSilence(call, addr)
}

// explainFaults says one fault a line.
func explainFaults(faults jetstream.FaultsError, hints ...string) *failure {
	text, each, _ := strings.Cut(faults.Error(), "\n")
	lines := append(strings.Split(each, "\n"), hints...)
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return failed(strings.Join(lines, "\n  "), "%s", text)
}

// explainSilence is for errors that the server did not send.
func explainSilence(err *connect.Error, addr string) *failure {
	const hint = "say where Atlant is with --addr"
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed("", "no Atlant answers at %s: start one with `atlant up`, or say where it is with --addr", addr)
	case err.Code() == connect.CodeDeadlineExceeded:
		return failed("it may be busy: `atlant status` says how the views keep up", "%s did not answer in time", addr)
	case err.Code() == connect.CodeUnavailable:
		return failed(hint, "cannot reach Atlant at %s: %s", addr, err.Message())
	case err.Code() == connect.CodeUnimplemented, err.Code() == connect.CodeUnknown:
		return failed(hint, "what answers at %s is no Atlant, or another version of it: %s", addr, err.Message())
	}
	return failed("", "%s: %s", addr, err.Message())
}

// keyHint says how a command gets a key.
const keyHint = "give one with --token-file FILE, or in " + tokenVariable

// explainAnswer is for errors that the server sent.
func explainAnswer(err *connect.Error) *failure {
	switch err.Code() {
	case connect.CodeInternal, connect.CodeUnknown:
		return failed("the server's log says more", "the server failed: %s", serverText(err))
	case connect.CodeResourceExhausted: // the disk of the log, which waiting does not empty
		return failed("", "%s", serverText(err))
	case connect.CodeUnauthenticated:
		return failed(keyHint, "%s", serverText(err))
	case connect.CodeUnavailable:
		return failed("try again in a moment", "%s", serverText(err))
	case connect.CodeDeadlineExceeded:
		return failed("`atlant status` says how the views keep up", "%s", serverText(err))
	case connect.CodeUnimplemented:
		return failed("the server is another version than this client", "%s", serverText(err))
	}
	return failed("", "%s", serverText(err))
}

// serverText returns the message of a server's error; where it says which fields are wrong, that.
func serverText(err error) string {
	var call *connect.Error
	if !errors.As(err, &call) {
		return err.Error()
	}
	var faults []string
	for _, detail := range call.Details() {
		value, err := detail.Value()
		violations, ok := value.(*validate.Violations)
		if err != nil || !ok {
			continue
		}
		for _, v := range violations.GetViolations() {
			faults = append(faults, violationText(v))
		}
	}
	switch {
	case len(faults) > 0:
		return strings.Join(faults, "; ")
	case call.Message() == "":
		return call.Code().String()
	}
	return call.Message()
}

func violationText(v *validate.Violation) string {
	message := v.GetMessage()
	if message == "" {
		message = v.GetRuleId()
	}
	if field := protovalidate.FieldPathString(v.GetField()); field != "" {
		return field + ": " + message
	}
	return message
}

// transient reports whether a call that failed so may work later: the connection broke, or the server is busy or on
// its way down or up.
func transient(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodePermissionDenied, connect.CodeUnauthenticated, connect.CodeUnimplemented:
		return false
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeAborted, connect.CodeResourceExhausted, connect.CodeCanceled:
		return true
	}
	return !connect.IsWireError(err)
}
