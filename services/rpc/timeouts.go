package rpc

import (
	"context"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

const (
	// callTimeout bounds the work for one call that is no stream; List waits for a position for half of it.
	callTimeout   = time.Minute
	repairTimeout = time.Hour
	// silenceTimeout is how long a client may send nothing while more of its request is waited for, and how long it may take
	// nothing of what is sent to it.
	silenceTimeout = time.Minute
	// messageTimeout bounds how long a request may take to arrive as a whole, however it drips, if it is not an upload.
	messageTimeout = 2 * time.Minute
)

// LimitCalls gives every call that is no stream an end, on either side: after a time, or an hour for the one call that reads a
// whole shard of the log.
func LimitCalls(timeout time.Duration) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			limit := timeout
			if request.Spec().Procedure == atlantv1connect.ProjectionServiceRepairProcedure {
				limit = repairTimeout
			}
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			return next(ctx, request)
		}
	}
}

// LimitSilence keeps clients that stop sending, or stop reading, from holding on to a handler for ever. What takes time itself,
// such as a stream without news, is let be.
func LimitSilence(next http.Handler) http.Handler {
	return limitSilence(next, silenceTimeout, messageTimeout)
}

func limitSilence(next http.Handler, silence, message time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limited := &limitedWriter{ResponseWriter: w, control: http.NewResponseController(w), silence: silence}
		if err := limited.control.SetWriteDeadline(time.Time{}); err != nil { // that of the request before on this connection
			next.ServeHTTP(w, r) // what is no connection has none, as in a test
			return
		}
		defer limited.limit() // what is sent after the handler
		if r.Body != nil && r.Body != http.NoBody {
			body := &limitedBody{ReadCloser: r.Body, control: limited.control, silence: silence}
			if r.URL.Path != atlantv1connect.FetchServiceUploadProcedure {
				body.end = time.Now().Add(message)
			}
			r = r.WithContext(r.Context()) // a copy: the request is the server's
			r.Body = body
		}
		next.ServeHTTP(limited, r)
	})
}

// limitedBody is a body that has to come.
type limitedBody struct {
	io.ReadCloser
	control *http.ResponseController
	silence time.Duration
	end     time.Time // when all must be there; zero: no matter
}

// Read implements io.Reader. There is a deadline only while it waits: one that passes later would end what it is not meant for.
func (b *limitedBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(b.silence)
	if !b.end.IsZero() && b.end.Before(deadline) {
		deadline = b.end
	}
	if err := b.control.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if cleared := b.control.SetReadDeadline(time.Time{}); err == nil {
		err = cleared
	}
	return n, err
}

// limitedWriter is an answer that has to be taken. As above, there is a deadline only while it waits for that.
type limitedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	silence time.Duration
}

// Write implements io.Writer.
func (w *limitedWriter) Write(p []byte) (int, error) {
	w.limit()
	defer w.release()
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, which streams need.
func (w *limitedWriter) Flush() {
	w.limit()
	defer w.release()
	_ = w.control.Flush() // the next write fails as well
}

// Unwrap is for http.ResponseController.
func (w *limitedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// limit and release set the deadline and take it away; that this is possible was seen before.
func (w *limitedWriter) limit()   { _ = w.control.SetWriteDeadline(time.Now().Add(w.silence)) }
func (w *limitedWriter) release() { _ = w.control.SetWriteDeadline(time.Time{}) }
