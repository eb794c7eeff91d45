package jetstream

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestVersionFault(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"2.11.10": true, "2.9.0": true, "1.4.1": true, "v2.11.0-beta.1": true,
		"2.12.0": false, "2.12.0-RC.3": false, "v2.15.2": false, "3.0.0": false, "dev": false, "": false,
	} {
		fault, got := versionFault("one", version)
		if got != want {
			t.Errorf("%q: %t", version, got)
		}
		if text := fault.String(); got && (!strings.Contains(text, "server one: the version is "+version) || !strings.Contains(text, "2.12 or newer")) {
			t.Error(text)
		}
	}
}

// A leader that has not heard of a majority for a while is not believed, nor is whoever answers where none leads.
func TestInTouch(t *testing.T) {
	t.Parallel()
	peer := func(tenths ...int64) (all []*jetstream.PeerInfo) { // how long ago each was heard of, as a part of what is allowed
		for _, n := range tenths {
			all = append(all, &jetstream.PeerInfo{Active: time.Duration(n * int64(touch) / 10)})
		}
		return all
	}
	for name, test := range map[string]struct {
		replicas int
		leader   string
		peers    []*jetstream.PeerInfo
		want     bool
	}{
		"alone":             {1, "a", nil, true},
		"one without":       {1, "", nil, true},
		"all":               {3, "a", peer(1, 1), true},
		"majority":          {3, "a", peer(1, 100), true},
		"minority":          {3, "a", peer(20, 100), false},
		"never seen":        {3, "a", peer(0, 0), false},
		"no leader":         {3, "", peer(1, 1, 1), false},
		"half of two":       {2, "a", peer(20), false},
		"majority of five":  {5, "a", peer(1, 1, 20, 20), true},
		"two are not three": {5, "a", peer(1, 20, 20, 20), false},
	} {
		if got := inTouch(test.replicas, &jetstream.ClusterInfo{Leader: test.leader, Replicas: test.peers}); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
