package deploycheck

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// natsNames are the servers of compose.yaml.
var natsNames = []string{"nats-1", "nats-2", "nats-3"}

// loadNATS reads a configuration as a server of that name does.
func loadNATS(t *testing.T, config, name string) *server.Options {
	t.Helper()
	t.Setenv("NATS_NAME", name)
	t.Setenv("NATS_MAX_FILE_STORE", "20GB")
	options := &server.Options{}
	if err := options.ProcessConfigFile(inRoot(t, "deploy/nats/"+config)); err != nil { // also what are warnings elsewhere
		t.Fatal(err)
	}
	return options
}

func TestNATSConfig(t *testing.T) {
	keys := newAuthority(t)
	keys.issue(t, "nats", natsNames...).setenv(t)
	for config, scheme := range map[string]string{
		"cluster.conf": "nats", "cluster-move.conf": "nats", "secure.conf": "tls", "secure-move.conf": "tls",
	} {
		for _, name := range natsNames {
			options := loadNATS(t, config, name)
			if options.ServerName != name {
				t.Errorf("%s: named %s, not %s", config, options.ServerName, name)
			}
			if !options.JetStream || !options.SyncAlways || options.StoreDir != "/data" || options.JetStreamMaxStore != 20<<30 {
				t.Errorf("%s: JetStream %v, sync always %v, store %s of %d bytes", config,
					options.JetStream, options.SyncAlways, options.StoreDir, options.JetStreamMaxStore)
			}
			if takes := options.LeafNode.Port == 7422; takes != strings.HasSuffix(config, "-move.conf") {
				t.Errorf("%s takes leaf nodes at port %d", config, options.LeafNode.Port)
			}
			if options.Cluster.Name != "atlant" || !slices.Equal(hostsOf(options.Routes), wantRoutes(scheme, options.Cluster.Port)) {
				t.Errorf("%s: cluster %s with routes %s", config, options.Cluster.Name, options.Routes)
			}
		}
	}
}

func hostsOf(routes []*url.URL) []string {
	var all []string
	for _, route := range routes {
		all = append(all, route.String())
	}
	return all
}

func wantRoutes(scheme string, port int) []string {
	var all []string
	for _, name := range natsNames {
		all = append(all, fmt.Sprintf("%s://%s:%d", scheme, name, port))
	}
	return all
}
