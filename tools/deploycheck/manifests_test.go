package deploycheck

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// manifests are objects of Kubernetes by kind, each under its name.
type manifests struct {
	accounts    map[string]*corev1.ServiceAccount
	autoscalers map[string]*autoscalingv2.HorizontalPodAutoscaler
	budgets     map[string]*policyv1.PodDisruptionBudget
	deployments map[string]*appsv1.Deployment
	ingresses   map[string]*networkingv1.Ingress
	monitors    map[string]*monitoringv1.ServiceMonitor
	namespaces  map[string]*corev1.Namespace
	policies    map[string]*networkingv1.NetworkPolicy
	services    map[string]*corev1.Service
}

// decode reads objects into Kubernetes' own types. Unknown kinds and fields, and fields that are there twice, are errors.
func decode(t testing.TB, text []byte) *manifests {
	t.Helper()
	m := &manifests{}
	for document := range bytes.SplitSeq(append([]byte("\n"), text...), []byte("\n---\n")) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if err := m.add(kind.APIVersion+" "+kind.Kind, document); err != nil {
			t.Errorf("%v in\n%s", err, document)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return m
}

func (m *manifests) add(kind string, document []byte) error {
	switch kind {
	case "v1 ServiceAccount":
		return put(&m.accounts, document)
	case "v1 Namespace":
		return put(&m.namespaces, document)
	case "v1 Service":
		return put(&m.services, document)
	case "apps/v1 Deployment":
		return put(&m.deployments, document)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return put(&m.autoscalers, document)
	case "policy/v1 PodDisruptionBudget":
		return put(&m.budgets, document)
	case "networking.k8s.io/v1 Ingress":
		return put(&m.ingresses, document)
	case "networking.k8s.io/v1 NetworkPolicy":
		return put(&m.policies, document)
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return put(&m.monitors, document)
	}
	return fmt.Errorf("unexpected %s", kind)
}

func put[T any, P interface {
	*T
	metav1.Object
}](all *map[string]P, document []byte) error {
	object := P(new(T))
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return err
	}
	if faults := validation.IsDNS1123Label(object.GetName()); len(faults) > 0 {
		return fmt.Errorf("name %q: %s", object.GetName(), strings.Join(faults, ", "))
	}
	for key, value := range object.GetLabels() {
		if faults := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); len(faults) > 0 {
			return fmt.Errorf("label %s: %s: %s", key, value, strings.Join(faults, ", "))
		}
	}
	if *all == nil {
		*all = map[string]P{}
	}
	if (*all)[object.GetName()] != nil {
		return fmt.Errorf("there are two of %s", object.GetName())
	}
	(*all)[object.GetName()] = object
	return nil
}
