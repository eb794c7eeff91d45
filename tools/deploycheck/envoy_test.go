package deploycheck

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/grpc_web/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	connectionmanagerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
)

// loadEnvoy reads envoy.yaml into Envoy's own messages. Unknown fields are errors, also within typed_config.
func loadEnvoy(t testing.TB) *bootstrapv3.Bootstrap {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal(read(t, "deploy/envoy/envoy.yaml"), &tree); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	bootstrap := &bootstrapv3.Bootstrap{}
	if err := protojson.Unmarshal(data, bootstrap); err != nil {
		t.Fatal(err)
	}
	return bootstrap
}

// connectionManager returns the only network filter there is.
func connectionManager(t testing.TB, bootstrap *bootstrapv3.Bootstrap) *connectionmanagerv3.HttpConnectionManager {
	t.Helper()
	listeners := bootstrap.GetStaticResources().GetListeners()
	if len(listeners) != 1 || len(listeners[0].GetFilterChains()) != 1 || len(listeners[0].GetFilterChains()[0].GetFilters()) != 1 {
		t.Fatal("more than one filter")
	}
	manager := &connectionmanagerv3.HttpConnectionManager{}
	if err := listeners[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(manager); err != nil {
		t.Fatal(err)
	}
	return manager
}

func TestEnvoyIsValid(t *testing.T) {
	bootstrap := loadEnvoy(t)
	validate(t, bootstrap)
	visit(t, bootstrap.ProtoReflect(), "")
}

// validate applies the rules that Envoy's schema states for a message and those within it.
func validate(t *testing.T, message proto.Message) {
	t.Helper()
	rules, ok := message.(interface{ ValidateAll() error })
	if !ok {
		t.Fatalf("%T has no rules", message)
	}
	if err := rules.ValidateAll(); err != nil {
		t.Errorf("%T: %v", message, err)
	}
}

// visit opens every typed_config, and finds what is deprecated.
func visit(t *testing.T, message protoreflect.Message, path string) {
	t.Helper()
	if packed, ok := message.Interface().(*anypb.Any); ok {
		inner, err := packed.UnmarshalNew()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		validate(t, inner)
		visit(t, inner.ProtoReflect(), path)
		return
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		at := path + "." + string(field.Name())
		if field.Options().(*descriptorpb.FieldOptions).GetDeprecated() {
			t.Errorf("%s is deprecated", at)
		}
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
				visit(t, value.Message(), at+"."+key.String())
				return true
			})
		case field.IsList() && field.Message() != nil:
			for i := range value.List().Len() {
				visit(t, value.List().Get(i).Message(), at)
			}
		case field.Message() != nil && !field.IsMap():
			visit(t, value.Message(), at)
		case field.Enum() != nil && !field.IsList():
			chosen := field.Enum().Values().ByNumber(value.Enum())
			if chosen.Options().(*descriptorpb.EnumValueOptions).GetDeprecated() {
				t.Errorf("%s: %s is deprecated", at, chosen.Name())
			}
		}
		return true
	})
}

// TestEnvoyRoutes sends every method of the contract down its route: streams may last, and only what changes nothing is
// sent again once a process has seen it.
func TestEnvoyRoutes(t *testing.T) {
	hosts := connectionManager(t, loadEnvoy(t)).GetRouteConfig().GetVirtualHosts()
	if len(hosts) != 1 {
		t.Fatalf("%d virtual hosts", len(hosts))
	}
	routes := hosts[0].GetRoutes()
	for path, method := range contract(t) {
		action := routeOf(t, routes, path).GetRoute()
		timeout, idle := action.GetTimeout(), action.GetIdleTimeout()
		again := strings.Split(action.GetRetryPolicy().GetRetryOn(), ",")
		streams := method.GetServerStreaming() || method.GetClientStreaming()
		reads := method.GetOptions().GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
		for _, condition := range again {
			unheard := condition == "connect-failure" || condition == "refused-stream"
			if !unheard && (!reads || streams) {
				t.Errorf("%s would be sent twice after %s", path, condition)
			}
		}
		switch {
		case streams:
			if timeout == nil || timeout.AsDuration() != 0 || idle == nil || idle.AsDuration() != 0 {
				t.Errorf("%s is a stream, and ends after %s, or %s of silence", path, timeout, idle)
			}
		case timeout.AsDuration() <= 0:
			t.Errorf("%s has no timeout", path)
		case reads && len(again) < 3:
			t.Errorf("%s only reads, and is sent again only after %s", path, again)
		}
	}
}

// TestEnvoySpreads: calls go to all processes there are, watchers included, and around those that fail; not so far that a fault
// which all of them have leaves none.
func TestEnvoySpreads(t *testing.T) {
	bootstrap := loadEnvoy(t)
	var filters []string
	for _, filter := range connectionManager(t, bootstrap).GetHttpFilters() {
		filters = append(filters, filter.GetName())
	}
	if want := []string{"envoy.filters.http.grpc_web", "envoy.filters.http.router"}; !slices.Equal(filters, want) {
		t.Errorf("filters %s", filters)
	}
	cluster := bootstrap.GetStaticResources().GetClusters()[0]
	if cluster.GetType() != clusterv3.Cluster_STRICT_DNS || cluster.GetLbPolicy() != clusterv3.Cluster_LEAST_REQUEST {
		t.Errorf("%s, %s", cluster.GetType(), cluster.GetLbPolicy())
	}
	out := cluster.GetOutlierDetection()
	if most := out.GetMaxEjectionPercent().GetValue(); most == 0 || most > 50 {
		t.Errorf("up to %d %% are left alone", most)
	}
	if out.GetConsecutiveGatewayFailure().GetValue() == 0 || out.GetEnforcingConsecutiveGatewayFailure().GetValue() != 100 ||
		out.GetConsecutiveLocalOriginFailure().GetValue() == 0 || !out.GetSplitExternalLocalOriginErrors() {
		t.Errorf("outliers: %v", out)
	}
	if enforced := out.GetEnforcingConsecutive_5Xx(); enforced == nil || enforced.GetValue() != 0 {
		t.Errorf("errors of calls are held against a process")
	}
	routes := connectionManager(t, bootstrap).GetRouteConfig().GetVirtualHosts()[0].GetRoutes()
	if timeout := routeOf(t, routes, "/export/products.csv").GetRoute().GetTimeout(); timeout == nil || timeout.AsDuration() != 0 {
		t.Errorf("an export ends after %s", timeout)
	}
}

// routeOf returns the first route that a path matches, as Envoy chooses.
func routeOf(t testing.TB, routes []*routev3.Route, path string) *routev3.Route {
	t.Helper()
	for _, route := range routes {
		switch match := route.GetMatch().GetPathSpecifier().(type) {
		case *routev3.RouteMatch_Prefix:
			if strings.HasPrefix(path, match.Prefix) {
				return route
			}
		case *routev3.RouteMatch_SafeRegex:
			if regexp.MustCompile(`^(?:` + match.SafeRegex.GetRegex() + `)$`).MatchString(path) {
				return route
			}
		default:
			t.Fatalf("a route by %T", match)
		}
	}
	t.Fatalf("no route for %s", path)
	return nil
}

// contract returns the methods of the API by their paths.
func contract(t testing.TB) map[string]*descriptorpb.MethodDescriptorProto {
	t.Helper()
	var files descriptorpb.FileDescriptorSet
	image := output(t, root, nil, "go", "tool", "-modfile=tools/go.mod", "buf", "build", "--output", "-#format=binpb")
	if err := proto.Unmarshal(image, &files); err != nil {
		t.Fatal(err)
	}
	methods := map[string]*descriptorpb.MethodDescriptorProto{}
	for _, file := range files.GetFile() {
		for _, service := range file.GetService() {
			for _, method := range service.GetMethod() {
				methods["/"+file.GetPackage()+"."+service.GetName()+"/"+method.GetName()] = method
			}
		}
	}
	if len(methods) == 0 {
		t.Fatal("the contract has no methods")
	}
	return methods
}
