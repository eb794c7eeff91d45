package deploycheck

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// wantSound fails unless both roles are there, are hardened, and everything that names something else finds it.
func wantSound(t *testing.T, m *manifests) {
	t.Helper()
	if len(m.deployments) != 2 {
		t.Fatalf("deployments: %v", slices.Collect(maps.Keys(m.deployments)))
	}
	for name, deployment := range m.deployments {
		pod := deployment.Spec.Template
		if !selects(t, deployment.Spec.Selector, pod.Labels) {
			t.Errorf("%s does not select its own pods", name)
		}
		if account := pod.Spec.ServiceAccountName; m.accounts[account] == nil && account != "default" {
			t.Errorf("%s runs as %s, which is not there", name, account)
		}
		wantHardPod(t, name, &pod.Spec)
		wantHardContainer(t, name, &pod.Spec, &pod.Spec.Containers[0])
		wantProbed(t, name, &pod.Spec.Containers[0])
		wantNoSecrets(t, name, &pod.Spec.Containers[0])
		wantOnlyNeededTraffic(t, m, name, &pod)
		if autoscaled := m.autoscalers[name] != nil; autoscaled != (deployment.Spec.Replicas == nil) {
			t.Errorf("%s: replicas %v, autoscaled %v", name, deployment.Spec.Replicas, autoscaled)
		}
	}
	wantReferences(t, m)
}

func selects(t testing.TB, selector *metav1.LabelSelector, of map[string]string) bool {
	t.Helper()
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return !parsed.Empty() && parsed.Matches(labels.Set(of))
}

// selected returns the names of the deployments whose pods a selector takes.
func (m *manifests) selected(t testing.TB, selector *metav1.LabelSelector) []string {
	t.Helper()
	var all []string
	for name, deployment := range m.deployments {
		if selects(t, selector, deployment.Spec.Template.Labels) {
			all = append(all, name)
		}
	}
	return all
}

// wantReferences follows what names pods, services and ports.
func wantReferences(t *testing.T, m *manifests) {
	t.Helper()
	for name, service := range m.services {
		pods := m.selected(t, metav1.SetAsLabelSelector(service.Spec.Selector))
		if len(pods) != 1 {
			t.Fatalf("service %s: pods of %v", name, pods)
		}
		for _, port := range service.Spec.Ports {
			if containerPort(&m.deployments[pods[0]].Spec.Template.Spec, port.TargetPort) == 0 {
				t.Errorf("service %s: %s has no port %s", name, pods[0], port.TargetPort.String())
			}
		}
	}
	for name, budget := range m.budgets {
		if pods := m.selected(t, budget.Spec.Selector); !slices.Equal(pods, []string{name}) {
			t.Errorf("budget %s is for %v", name, pods)
		}
	}
	for name, scaler := range m.autoscalers {
		if target := scaler.Spec.ScaleTargetRef; target.Kind != "Deployment" || target.Name != name || m.deployments[name] == nil {
			t.Errorf("autoscaler %s scales %v", name, target)
		}
		if scaler.Spec.MinReplicas == nil || *scaler.Spec.MinReplicas > scaler.Spec.MaxReplicas {
			t.Errorf("autoscaler %s: from %v to %d", name, scaler.Spec.MinReplicas, scaler.Spec.MaxReplicas)
		}
	}
	for name, ingress := range m.ingresses {
		for _, rule := range ingress.Spec.Rules {
			to := rule.HTTP.Paths[0].Backend.Service
			if service := m.services[to.Name]; service == nil || !hasPort(service, to.Port.Name) {
				t.Errorf("ingress %s leads to %v, which is not there", name, to)
			}
		}
	}
	for name, monitor := range m.monitors {
		var found []string
		for _, service := range m.services {
			if selects(t, &monitor.Spec.Selector, service.Labels) && hasPort(service, monitor.Spec.Endpoints[0].Port) {
				found = append(found, m.selected(t, metav1.SetAsLabelSelector(service.Spec.Selector))...)
			}
		}
		if slices.Sort(found); !slices.Equal(found, slices.Sorted(maps.Keys(m.deployments))) {
			t.Errorf("monitor %s reads %v, each of which once is wanted", name, found)
		}
	}
}

func hasPort(service *corev1.Service, name string) bool {
	return slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == name })
}

// containerPort returns the number of a port that a pod has, 0 if it has none such.
func containerPort(pod *corev1.PodSpec, port intstr.IntOrString) int32 {
	for _, has := range pod.Containers[0].Ports {
		if has.Name == port.StrVal && port.StrVal != "" || has.ContainerPort == port.IntVal {
			return has.ContainerPort
		}
	}
	return 0
}

// wantHardPod: as the Pod Security Standard "restricted" has it, and no token for the API of Kubernetes.
func wantHardPod(t *testing.T, name string, pod *corev1.PodSpec) {
	t.Helper()
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 0 {
		t.Errorf("%s: %d containers", name, len(pod.Containers))
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Errorf("%s gets a token", name)
	}
	if pod.HostNetwork || pod.HostPID || pod.HostIPC {
		t.Errorf("%s is on the host", name)
	}
	security := pod.SecurityContext
	if security == nil || security.RunAsNonRoot == nil || !*security.RunAsNonRoot || security.RunAsUser == nil || *security.RunAsUser == 0 ||
		security.SeccompProfile == nil || security.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s: %+v", name, security)
	}
	for _, volume := range pod.Volumes {
		if volume.HostPath != nil {
			t.Errorf("%s mounts a path of the host", name)
		}
		if volume.EmptyDir != nil && volume.EmptyDir.SizeLimit == nil {
			t.Errorf("%s: %s may fill the disk of the node", name, volume.Name)
		}
	}
	for _, spread := range pod.TopologySpreadConstraints {
		if spread.LabelSelector == nil || spread.LabelSelector.MatchLabels["app.kubernetes.io/component"] == "" {
			t.Errorf("%s spreads both roles as one", name)
		}
	}
}

func wantHardContainer(t *testing.T, name string, pod *corev1.PodSpec, container *corev1.Container) {
	t.Helper()
	if !regexp.MustCompile(`(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$`).MatchString(container.Image) || strings.HasSuffix(container.Image, ":latest") {
		t.Errorf("%s: the image %s has no version", name, container.Image)
	}
	security := container.SecurityContext
	if security == nil || security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem ||
		security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation || security.Privileged != nil ||
		security.Capabilities == nil || !slices.Equal(security.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(security.Capabilities.Add) > 0 {
		t.Errorf("%s: %+v", name, security)
	}
	limit, requested := container.Resources.Limits.Memory(), container.Resources.Requests.Memory()
	if limit.IsZero() || requested.IsZero() || requested.Cmp(*limit) > 0 || container.Resources.Requests.Cpu().IsZero() {
		t.Errorf("%s: %v", name, container.Resources)
	}
	soft := resource.MustParse(strings.TrimSuffix(environment(container)["GOMEMLIMIT"].Value, "B")) // MiB is Mi here
	if soft.Value() > limit.Value()*9/10 {
		t.Errorf("%s: GOMEMLIMIT %s leaves too little of %s", name, soft.String(), limit.String())
	}
	mounted := map[string]bool{}
	for _, mount := range container.VolumeMounts {
		mounted[mount.Name] = true
		at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		switch {
		case at < 0:
			t.Errorf("%s mounts %s, which is not there", name, mount.Name)
		case !mount.ReadOnly && pod.Volumes[at].EmptyDir == nil && pod.Volumes[at].Ephemeral == nil:
			t.Errorf("%s may write to %s", name, mount.Name)
		}
	}
	for _, volume := range pod.Volumes {
		if !mounted[volume.Name] {
			t.Errorf("%s: nothing mounts %s", name, volume.Name)
		}
	}
}

// wantProbed: alive is another question than ready.
func wantProbed(t *testing.T, name string, container *corev1.Container) {
	t.Helper()
	for kind, probe := range map[string]*corev1.Probe{
		"/healthz startup": container.StartupProbe, "/healthz liveness": container.LivenessProbe, "/readyz readiness": container.ReadinessProbe,
	} {
		path, _, _ := strings.Cut(kind, " ")
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.TimeoutSeconds < 2 {
			t.Errorf("%s: %s: %+v", name, kind, probe)
			continue
		}
		if containerPort(&corev1.PodSpec{Containers: []corev1.Container{*container}}, probe.HTTPGet.Port) == 0 {
			t.Errorf("%s: %s asks port %s", name, kind, probe.HTTPGet.Port.String())
		}
	}
}

// environment returns the variables of a container by name; the last one counts.
func environment(container *corev1.Container) map[string]corev1.EnvVar {
	all := map[string]corev1.EnvVar{}
	for _, variable := range container.Env {
		all[variable.Name] = variable
	}
	return all
}

// wantNoSecrets: what nobody may read is in Secrets, not in objects that many may read, nor on a command line.
func wantNoSecrets(t *testing.T, name string, container *corev1.Container) {
	t.Helper()
	if role := name[strings.LastIndexByte(name, '-')+1:]; !slices.Equal(container.Args, []string{role}) || len(container.Command) != 0 {
		t.Errorf("%s runs %q %q", name, container.Command, container.Args)
	}
	secret := regexp.MustCompile(`(?i)password|secret|token|://[^/]*@`)
	for _, variable := range container.Env {
		if variable.ValueFrom == nil && secret.MatchString(variable.Name+"="+variable.Value) {
			t.Errorf("%s: is %s a secret?", name, variable.Name)
		}
	}
	if views := environment(container)["ATLANT_VIEWS"].ValueFrom; views == nil || views.SecretKeyRef == nil {
		t.Errorf("%s: the URI of MongoDB is not from a Secret", name)
	}
	if len(environment(container)) != len(container.Env) {
		t.Errorf("%s sets a variable twice", name)
	}
}
