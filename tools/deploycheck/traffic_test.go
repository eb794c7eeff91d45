package deploycheck

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// wantOnlyNeededTraffic fails unless the pods' NetworkPolicy, if there is one, lets through what they need: callers of the API,
// names, the log, the views, and for `work` price lists at public addresses; nothing else.
func wantOnlyNeededTraffic(t *testing.T, m *manifests, name string, pod *corev1.PodTemplateSpec) {
	t.Helper()
	policy := m.policies[name]
	if policy == nil || !selects(t, &policy.Spec.PodSelector, pod.Labels) || len(policy.Spec.PolicyTypes) != 2 {
		t.Errorf("%s: no policy of its own for both directions", name)
		return
	}
	works := strings.HasSuffix(name, "-work")
	if len(policy.Spec.Ingress) == 0 && !works {
		t.Errorf("nobody may call %s", name)
	}
	for _, rule := range policy.Spec.Ingress {
		if len(rule.Ports) != 1 || containerPort(&pod.Spec, *rule.Ports[0].Port) == 0 || len(rule.From) == 0 {
			t.Errorf("%s: a rule lets in %+v", name, rule)
		}
	}
	needed := append(natsPorts(t, &pod.Spec.Containers[0]), 53, 27017)
	if _, asks := environment(&pod.Spec.Containers[0])["ATLANT_OIDC_ISSUER"]; asks {
		needed = append(needed, 443)
	}
	for _, port := range needed {
		if !slices.ContainsFunc(policy.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool { return opens(rule.Ports, port) }) {
			t.Errorf("%s does not get out to port %d", name, port)
		}
	}
	lists := 0
	for _, rule := range policy.Spec.Egress {
		if len(rule.Ports) > 0 {
			continue
		}
		lists++
		for _, to := range rule.To {
			if to.IPBlock == nil || len(to.IPBlock.Except) < 3 {
				t.Errorf("%s may fetch from private addresses: %+v", name, to)
			}
		}
	}
	if works != (lists == 1) {
		t.Errorf("%s has %d rules for lists", name, lists)
	}
}

func opens(ports []networkingv1.NetworkPolicyPort, port int32) bool {
	return slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return *p.Port == intstr.FromInt32(port) && *p.Protocol == corev1.ProtocolTCP
	})
}

// natsPorts returns the ports that a pod is told to call NATS at.
func natsPorts(t *testing.T, container *corev1.Container) []int32 {
	t.Helper()
	var all []int32
	for _, name := range []string{"ATLANT_NATS", "ATLANT_NATS_MONITOR"} {
		variable, ok := environment(container)[name]
		if !ok && name == "ATLANT_NATS_MONITOR" {
			continue
		}
		for address := range strings.SplitSeq(variable.Value, ",") {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			port, err := strconv.ParseInt(u.Port(), 10, 32)
			if err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			all = append(all, int32(port))
		}
	}
	return all
}
