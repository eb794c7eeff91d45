package rpc

import (
	"context"
	"net/http"
	"slices"
	"time"

	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
)

// Service is one service under its fully qualified name, which is empty for what is no service of RPC.
type Service struct {
	name, path string
	handler    http.Handler
	rest       bool // serves what nothing else does, and holds nothing to protect
}

// Mount returns a function that takes what a generated constructor returns, so that the two can be nested.
func Mount(name string) func(path string, handler http.Handler) Service {
	return func(path string, handler http.Handler) Service {
		return Service{name: name, path: path, handler: handler}
	}
}

// Rest serves all paths that nothing else does, to everybody.
func Rest(handler http.Handler) Service { return Service{path: "/", handler: handler, rest: true} }

// readyTimeout bounds one readiness check.
const readyTimeout = 2 * time.Second

// NewHandler serves the services with reflection, gRPC health, /healthz (the process answers) and /readyz (ready returns
// nil, so that requests can be served).
func NewHandler(ready func(context.Context) error, services ...Service) http.Handler {
	return NewProtectedHandler(func(next http.Handler) http.Handler { return next }, ready, services...)
}

// NewProtectedHandler is NewHandler with a door: all requests but those for health and for the Rest go through protect first.
func NewProtectedHandler(
	protect func(http.Handler) http.Handler, ready func(context.Context) error, services ...Service,
) http.Handler {
	mux := http.NewServeMux()
	var names []string
	for _, s := range services {
		if s.rest {
			mux.Handle(s.path, s.handler)
		} else {
			mux.Handle(s.path, protect(checkMessage(s.handler)))
		}
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	reflector := grpcreflect.NewStaticReflector(names...)
	mountProtected := func(path string, handler http.Handler) { mux.Handle(path, protect(handler)) }
	mountProtected(grpcreflect.NewHandlerV1(reflector))
	mountProtected(grpcreflect.NewHandlerV1Alpha(reflector)) // older clients ask for this one only
	mux.Handle(grpchealth.NewHandler(healthChecker{ready: ready, services: names}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			writeText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		writeText(w, http.StatusOK, "ok")
	})
	return mux
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client is gone if this fails
}

// healthChecker answers gRPC health checks like /readyz.
type healthChecker struct {
	ready    func(context.Context) error
	services []string
}

func (h healthChecker) Check(ctx context.Context, request *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if request.Service != "" && !slices.Contains(h.services, request.Service) {
		return nil, NotFound("there is no service %s", request.Service)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if h.ready(ctx) != nil {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}
