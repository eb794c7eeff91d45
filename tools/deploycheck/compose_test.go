package deploycheck

import (
	"bytes"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

// loadCompose loads compose.yaml as Compose does, with these variables (NAME=value) and no others. The loader checks the
// schema, and that networks, volumes and services that are named exist.
func loadCompose(t testing.TB, env ...string) *types.Project {
	t.Helper()
	var warnings bytes.Buffer
	logrus.SetOutput(&warnings)
	defer logrus.SetOutput(os.Stderr)
	options, err := cli.NewProjectOptions([]string{inRoot(t, "compose.yaml")}, cli.WithEnv(env), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if warnings.Len() > 0 {
		t.Errorf("compose.yaml: %s", warnings.String())
	}
	return project
}

// isJob tells whether a service is one that ends.
func isJob(project *types.Project, service string) bool {
	for _, other := range project.Services {
		if on, ok := other.DependsOn[service]; ok && on.Condition == types.ServiceConditionCompletedSuccessfully {
			return true
		}
	}
	return false
}

func TestComposeReferences(t *testing.T) {
	project := loadCompose(t)
	used := map[string]bool{}
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			used["volume "+volume.Source] = true
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
			if !volume.ReadOnly {
				t.Errorf("%s may write to %s", name, volume.Source)
			}
		}
		for network := range service.Networks {
			used["network "+network] = true
		}
		for on, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionHealthy && project.Services[on].HealthCheck == nil {
				t.Errorf("%s waits for the health of %s, which has no check of it", name, on)
			}
		}
	}
	for name := range project.Volumes {
		if !used["volume "+name] {
			t.Errorf("nothing uses the volume %s", name)
		}
	}
	for name := range project.Networks {
		if name != "default" && !used["network "+name] {
			t.Errorf("nothing is on the network %s", name)
		}
	}
}

func TestComposeHardens(t *testing.T) {
	project := loadCompose(t)
	pinned := regexp.MustCompile(`:(distroless-)?v?\d+\.\d+\.\d+(-\w+)?$`)
	for name, service := range project.Services {
		if service.Build == nil && !pinned.MatchString(service.Image) {
			t.Errorf("%s: image %s has no full version", name, service.Image)
		}
		if !service.ReadOnly || !slices.Contains(service.CapDrop, "ALL") || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: read_only %v, cap_drop %v, security_opt %v", name, service.ReadOnly, service.CapDrop, service.SecurityOpt)
		}
		// The program's image has a user of its own, see TestDockerfile.
		if user, _, _ := strings.Cut(service.User, ":"); service.Build == nil && (user == "" || user == "0") && len(service.CapAdd) == 0 {
			t.Errorf("%s runs as root", name)
		}
		if service.Restart == "" {
			t.Errorf("%s has no restart policy", name)
		}
		for _, port := range service.Ports {
			if at, err := netip.ParseAddr(port.HostIP); err != nil || !at.IsLoopback() {
				t.Errorf("%s: port %s is published on %q", name, port.Published, port.HostIP)
			}
		}
		for key, value := range service.Environment {
			if value != nil && regexp.MustCompile(`(?i)password|://[^/]*@`).MatchString(key+"="+*value) {
				t.Errorf("%s: is %s a secret?", name, key)
			}
		}
		if isJob(project, name) {
			continue
		}
		if service.Deploy == nil || service.Deploy.Resources.Limits == nil || service.Deploy.Resources.Limits.MemoryBytes == 0 ||
			service.Deploy.Resources.Limits.NanoCPUs == 0 {
			t.Errorf("%s has no limits", name)
		}
		if service.HealthCheck == nil && !strings.HasPrefix(name, "work-") {
			t.Errorf("%s has no health check", name)
		}
	}
}

// TestComposeGoMemory: Go collects before the limit of the container ends the process.
func TestComposeGoMemory(t *testing.T) {
	for name, service := range loadCompose(t).Services {
		limit, ok := service.Environment["GOMEMLIMIT"]
		if !ok || limit == nil {
			continue
		}
		mebibytes, found := strings.CutSuffix(*limit, "MiB")
		var soft types.UnitBytes
		if err := soft.DecodeMapstructure(mebibytes + "m"); !found || err != nil {
			t.Fatalf("%s: GOMEMLIMIT %s: %v", name, *limit, err)
		}
		if hard := service.Deploy.Resources.Limits.MemoryBytes; soft > hard*9/10 {
			t.Errorf("%s: GOMEMLIMIT %s leaves too little of %d bytes", name, *limit, hard)
		}
	}
}

// TestComposeScales: what there is several of holds nothing of its own, and nobody shares a writable volume.
func TestComposeScales(t *testing.T) {
	project := loadCompose(t)
	owner := map[string]string{}
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeVolume || isJob(project, name) {
				continue
			}
			if other, taken := owner[volume.Source]; taken {
				t.Errorf("%s and %s share the volume %s", name, other, volume.Source)
			}
			owner[volume.Source] = name
			if service.GetScale() > 1 {
				t.Errorf("%d of %s share the volume %s", service.GetScale(), name, volume.Source)
			}
		}
	}
	if serve := project.Services["serve"]; serve.GetScale() != 2 {
		t.Errorf("%d serve", serve.GetScale())
	}
}

// TestEnvironmentExample: every setting of the example does something.
func TestEnvironmentExample(t *testing.T) {
	settings := regexp.MustCompile(`(?m)^#([A-Z_]+=.*)$`).FindAllSubmatch(read(t, "deploy/compose.env.example"), -1)
	if len(settings) == 0 {
		t.Fatal("no settings found")
	}
	written := func(env ...string) string {
		text, err := loadCompose(t, env...).MarshalYAML()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(string(setting[1]), "=")
		if !strings.Contains(written(name+"="+value+"7"), value+"7") {
			t.Errorf("%s has no effect on compose.yaml", name)
		}
	}
}
