package deploycheck

import (
	"slices"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// TestPermissionsAddUp: an Atlant that does both may do what the two may that share it out, and nothing else.
func TestPermissionsAddUp(t *testing.T) {
	keys := newAuthority(t)
	keys.issue(t, "nats", natsNames...).setenv(t)
	publish, subscribe := map[string][]string{}, map[string][]string{}
	for _, user := range loadNATS(t, "secure.conf", natsNames[0]).Users {
		if user.Permissions == nil {
			continue
		}
		publish[user.Username], subscribe[user.Username] = allowed(user.Permissions.Publish), allowed(user.Permissions.Subscribe)
	}
	for what, of := range map[string]map[string][]string{"publish": publish, "subscribe": subscribe} {
		shared := append(slices.Clone(of["atlant-serve"]), of["atlant-work"]...)
		slices.Sort(shared)
		if shared = slices.Compact(shared); !slices.Equal(shared, of["atlant"]) {
			t.Errorf("%s: both may\n%q\nthe two of them\n%q", what, of["atlant"], shared)
		}
		if len(of["atlant-serve"]) >= len(of["atlant"]) && what == "publish" || len(of["atlant-work"]) >= len(of["atlant"]) {
			t.Errorf("%s: one of the two may do all", what)
		}
	}
}

func allowed(permission *server.SubjectPermission) []string {
	all := slices.Clone(permission.Allow)
	slices.Sort(all)
	return all
}
