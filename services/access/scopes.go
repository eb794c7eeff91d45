package access

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// open is the need of what anybody may ask for.
const open = atlantv1.Scope_SCOPE_UNSPECIFIED

// needs says what a caller needs for each procedure, and for each other path of the server: one that ends in a slash stands
// for all below it.
type needs map[string]atlantv1.Scope

// besidesMethods are the needs of what is no method of Atlant's own. Whatever is not here and no method needs admin.
var besidesMethods = needs{
	"/grpc.health.v1.Health/": open, // load balancers have no keys
	"/grpc.reflection.":       atlantv1.Scope_SCOPE_READ,
	"/export/":                atlantv1.Scope_SCOPE_READ,
	"/metrics":                atlantv1.Scope_SCOPE_READ, // figures of the whole, so not for confined callers
}

// unconfinedPaths are for callers that are not confined to sources.
var unconfinedPaths = []string{"/metrics"}

// readNeeds reads the needs of all methods of the contract. A method that does not say is an error.
func readNeeds() (needs, error) {
	all, faults := maps.Clone(besidesMethods), []error(nil)
	for method := range methods() {
		scope, err := ScopeOf(method)
		if err != nil {
			faults = append(faults, err)
		}
		all[procedure(method)] = scope
	}
	return all, errors.Join(faults...)
}

// methods are those of the contract.
func methods() iter.Seq[protoreflect.MethodDescriptor] {
	return func(yield func(protoreflect.MethodDescriptor) bool) {
		protoregistry.GlobalFiles.RangeFilesByPackage("atlant.v1", func(file protoreflect.FileDescriptor) bool {
			for i := range file.Services().Len() {
				of := file.Services().Get(i).Methods()
				for j := range of.Len() {
					if !yield(of.Get(j)) {
						return false
					}
				}
			}
			return true
		})
	}
}

// procedure is the path at which a method is called.
func procedure(method protoreflect.MethodDescriptor) string {
	return "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
}

// ScopeOf returns what a caller of a method needs, as the contract says.
func ScopeOf(method protoreflect.MethodDescriptor) (atlantv1.Scope, error) {
	scope, ok := proto.GetExtension(method.Options(), atlantv1.E_Scope).(atlantv1.Scope)
	if !ok || atlantv1.Scope_name[int32(scope)] == "" || scope == atlantv1.Scope_SCOPE_UNSPECIFIED {
		return 0, fmt.Errorf("method %s has no scope in the contract", method.FullName())
	}
	return scope, nil
}

// of returns what a caller needs for a path.
func (n needs) of(path string) atlantv1.Scope {
	if scope, ok := n[path]; ok {
		return scope
	}
	for prefix, scope := range n {
		if last := prefix[len(prefix)-1]; (last == '/' || last == '.') && strings.HasPrefix(path, prefix) {
			return scope
		}
	}
	return atlantv1.Scope_SCOPE_ADMIN
}

// scopeNames are those that people write.
var scopeNames = map[string]atlantv1.Scope{
	"read": atlantv1.Scope_SCOPE_READ, "fetch": atlantv1.Scope_SCOPE_FETCH, "admin": atlantv1.Scope_SCOPE_ADMIN,
}

// ParseScope reads read, fetch or admin.
func ParseScope(name string) (atlantv1.Scope, error) {
	scope, ok := scopeNames[name]
	if !ok {
		return 0, fmt.Errorf("%q is no scope: there are read, fetch and admin", name)
	}
	return scope, nil
}

// scopeName returns the name that people write.
func scopeName(scope atlantv1.Scope) string {
	return strings.ToLower(strings.TrimPrefix(scope.String(), "SCOPE_"))
}
