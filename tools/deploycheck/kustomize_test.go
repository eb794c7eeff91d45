package deploycheck

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var update = flag.Bool("update", false, "write deploy/kustomize/base/atlant.yaml anew")

// TestKustomizeBase: the base is what the chart makes of its defaults.
func TestKustomizeBase(t *testing.T) {
	const base = "deploy/kustomize/base/atlant.yaml"
	rendered, err := renderChart(t, nil, "kustomize")
	if err != nil {
		t.Fatal(err)
	}
	rendered = append([]byte("# Made from the chart by: task deploy:kustomize\n"), rendered...)
	if *update {
		if err := os.WriteFile(inRoot(t, base), rendered, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, base), rendered) {
		t.Error("deploy/kustomize/base is stale, run: task deploy:kustomize")
	}
}

// kustomize returns what `kubectl kustomize` prints for a folder.
func kustomize(t testing.TB, folder string) *manifests {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), inRoot(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

func TestKustomize(t *testing.T) {
	base, production := kustomize(t, "deploy/kustomize/base"), kustomize(t, "deploy/kustomize/overlays/production")
	wantSound(t, base)
	wantSound(t, production)
	for name, deployment := range production.deployments {
		before, container := base.deployments[name], deployment.Spec.Template.Spec.Containers[0]
		if deployment.Namespace != "prices" || production.namespaces["prices"] == nil {
			t.Errorf("%s is in namespace %q", name, deployment.Namespace)
		}
		if *deployment.Spec.Replicas <= *before.Spec.Replicas {
			t.Errorf("%s: %d replicas", name, *deployment.Spec.Replicas)
		}
		if container.Image != "ghcr.io/atlant-log/atlant:v1.0.0" {
			t.Errorf("%s runs %s", name, container.Image)
		}
		if got := environment(&container)["ATLANT_NATS"].Value; got != "nats://nats.nats:4222" {
			t.Errorf("%s calls %s", name, got)
		}
	}
	for _, volume := range production.deployments["atlant-work"].Spec.Template.Spec.Volumes {
		if volume.Name == "spool" && (volume.Ephemeral == nil || volume.EmptyDir != nil) {
			t.Errorf("the spool is %+v", volume.VolumeSource)
		}
	}
}
