package deploycheck

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"golang.org/x/mod/semver"
)

// variable returns what a service's environment says.
func variable(t testing.TB, service types.ServiceConfig, name string) string {
	t.Helper()
	value := service.Environment[name]
	if value == nil {
		t.Fatalf("%s has no %s", service.Name, name)
	}
	return *value
}

// TestAddresses: what Atlant is told to call is there, on that port, and on a network that it is on.
func TestAddresses(t *testing.T) {
	project := loadCompose(t)
	nats := loadNATS(t, "cluster.conf", natsNames[0])
	for _, name := range []string{"serve", "work-1", "work-2"} {
		atlant := project.Services[name]
		wantCalls(t, project, atlant, variable(t, atlant, "ATLANT_NATS"), natsNames, nats.Port)
		wantCalls(t, project, atlant, variable(t, atlant, "ATLANT_NATS_MONITOR"), natsNames, nats.HTTPPort)
		views := variable(t, atlant, "ATLANT_VIEWS")
		wantCalls(t, project, atlant, views, []string{"mongo-1", "mongo-2", "mongo-3"}, 27017)
		if got := variable(t, atlant, "ATLANT_REPLICAS"); got != strconv.Itoa(len(natsNames)) {
			t.Errorf("%s asks for %s replicas of %d", name, got, len(natsNames))
		}
	}
	for _, name := range natsNames {
		if got := variable(t, project.Services[name], "NATS_NAME"); got != name {
			t.Errorf("%s is called %s", name, got)
		}
	}
}

// wantCalls fails unless a list of URLs, or a URL with a list of hosts, names these services, which the caller can reach.
func wantCalls(t *testing.T, project *types.Project, caller types.ServiceConfig, list string, services []string, port int) {
	t.Helper()
	var names []string
	for one := range strings.SplitSeq(list, ",") {
		if !strings.Contains(one, "://") {
			one = "mongodb://" + one
		}
		u, err := url.Parse(one)
		if err != nil {
			t.Fatalf("%s: %v", caller.Name, err)
		}
		names = append(names, u.Hostname())
		if u.Port() != "" && u.Port() != strconv.Itoa(port) {
			t.Errorf("%s calls port %s of %s, not %d", caller.Name, u.Port(), u.Hostname(), port)
		}
		wantReach(t, project, caller, u.Hostname())
	}
	if !slices.Equal(names, services) {
		t.Errorf("%s calls %s, not %s", caller.Name, names, services)
	}
}

func wantReach(t *testing.T, project *types.Project, from types.ServiceConfig, to string) {
	t.Helper()
	called, ok := project.Services[to]
	if !ok {
		t.Fatalf("%s calls %s, which is no service", from.Name, to)
	}
	for network := range called.Networks {
		if _, both := from.Networks[network]; both {
			return
		}
	}
	t.Errorf("%s is on none of the networks of %s", from.Name, to)
}

// TestOnlyWorkReachesOut: nothing but fetchers and the front door is on a network that leads outside.
func TestOnlyWorkReachesOut(t *testing.T) {
	project := loadCompose(t)
	for name, service := range project.Services {
		for network := range service.Networks {
			if !project.Networks[network].Internal && name != "envoy" && !strings.HasPrefix(name, "work-") {
				t.Errorf("%s is on the network %s, which leads outside", name, network)
			}
		}
	}
}

func TestEnvoyReachesServe(t *testing.T) {
	project := loadCompose(t)
	bootstrap := loadEnvoy(t)
	envoy, serve := project.Services["envoy"], project.Services["serve"]
	cluster := bootstrap.GetStaticResources().GetClusters()[0]
	at := cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetSocketAddress()
	wantReach(t, project, envoy, at.GetAddress())
	_, port, _ := strings.Cut(variable(t, serve, "ATLANT_LISTEN"), ":")
	if got := strconv.Itoa(int(at.GetPortValue())); got != port || at.GetAddress() != serve.Name {
		t.Errorf("Envoy calls %s:%s, serve listens on %s", at.GetAddress(), got, port)
	}
	if got := cluster.GetHealthChecks()[0].GetHttpHealthCheck().GetPath(); got != "/readyz" {
		t.Errorf("Envoy checks %s", got)
	}
	listens := bootstrap.GetStaticResources().GetListeners()[0].GetAddress().GetSocketAddress().GetPortValue()
	if len(envoy.Ports) != 1 || envoy.Ports[0].Target != listens {
		t.Errorf("Envoy listens on %d, published is %v", listens, envoy.Ports)
	}
	admin := fmt.Sprintf("/dev/tcp/127.0.0.1/%d ", bootstrap.GetAdmin().GetAddress().GetSocketAddress().GetPortValue())
	if check := strings.Join(envoy.HealthCheck.Test, " "); !strings.Contains(check, admin) {
		t.Errorf("Envoy's health check does not ask %s", admin)
	}
}

func TestReplicaSet(t *testing.T) {
	project := loadCompose(t)
	script := string(read(t, "deploy/mongo/replicaset.js"))
	set := regexp.MustCompile(`_id: "(\w+)"`).FindStringSubmatch(script)[1]
	var members []string
	for _, name := range slices.Sorted(maps.Keys(project.Services)) {
		service := project.Services[name]
		if at := slices.Index(service.Command, "--replSet"); at >= 0 {
			members = append(members, strconv.Quote(name))
			if service.Command[at+1] != set {
				t.Errorf("%s is of replica set %s, not %s", name, service.Command[at+1], set)
			}
		}
	}
	if want := "members: [" + strings.Join(members, ", ") + "]"; len(members) != 3 || !strings.Contains(script, want) {
		t.Errorf("the script does not make %s", want)
	}
	if views := variable(t, project.Services["serve"], "ATLANT_VIEWS"); !strings.Contains(views, "replicaSet="+set) {
		t.Errorf("%s does not name %s", views, set)
	}
}

// TestImageFits: the image is what compose.yaml takes it for.
func TestImageFits(t *testing.T) {
	project := loadCompose(t)
	image := stages(t)[1]
	if entry := commandOf[*instructions.EntrypointCommand](t, image).CmdLine; !slices.Equal(entry, []string{"/atlant"}) {
		t.Errorf("entry point %q", entry)
	}
	if user, _, _ := strings.Cut(commandOf[*instructions.UserCommand](t, image).User, ":"); user != "65532" {
		t.Errorf("user %s", user)
	}
	_, port, _ := strings.Cut(variable(t, project.Services["serve"], "ATLANT_LISTEN"), ":")
	if exposed := commandOf[*instructions.ExposeCommand](t, image).Ports; !slices.Equal(exposed, []string{port}) {
		t.Errorf("exposed are %s, Atlant listens on %s", exposed, port)
	}
	spool := commandOf[*instructions.VolumeCommand](t, image).Volumes[0]
	for _, name := range []string{"work-1", "work-2"} {
		work := project.Services[name]
		data := work.Command[slices.Index(work.Command, "--data")+1]
		if data != spool || !slices.ContainsFunc(work.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == data && !v.ReadOnly }) {
			t.Errorf("%s keeps its spool in %s; the image has %s, mounted are %v", name, data, spool, work.Volumes)
		}
	}
}

// TestVersions: what is deployed is what was tested.
func TestVersions(t *testing.T) {
	project := loadCompose(t)
	program, checks := moduleFile(t, "go.mod"), moduleFile(t, "tools/deploycheck/go.mod")
	const natsServer = "github.com/nats-io/nats-server/v2"
	nats := versionIn(t, program, natsServer)
	if got := versionIn(t, checks, natsServer); got != nats {
		t.Errorf("checked with nats-server %s, the program has %s", got, nats)
	}
	for _, name := range append(natsNames, "nats-data") {
		if want, got := "nats:"+strings.TrimPrefix(nats, "v")+"-alpine", project.Services[name].Image; got != want {
			t.Errorf("%s runs %s, not %s", name, got, want)
		}
	}
	_, envoy, _ := strings.Cut(project.Services["envoy"].Image, ":")
	if rules := versionIn(t, checks, "github.com/envoyproxy/go-control-plane/envoy"); semver.MajorMinor(envoy) != semver.MajorMinor(rules) {
		t.Errorf("Envoy is %s, checked with the schema of %s", envoy, rules)
	}
	_, golang, _ := strings.Cut(stages(t)[0].BaseName, ":")
	golang, _, _ = strings.Cut(golang, "-")
	if semver.Compare("v"+golang, "v"+program.Go.Version) < 0 {
		t.Errorf("the image is built with Go %s, go.mod wants %s", golang, program.Go.Version)
	}
}
