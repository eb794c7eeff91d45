package deploycheck

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/nats-io/nats-server/v2/server"
)

// wantMoves moves a log of an `atlant up` to each of the clusters that are shown, and opens it there as the user that Atlant
// is then.
func wantMoves(t *testing.T, atlant string) {
	t.Helper()
	keys := newAuthority(t)
	keys.issue(t, "nats", natsNames...).setenv(t)
	us, operator := keys.issue(t, "atlant", "atlant"), keys.issue(t, "operator", "operator")
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "PRODUCT NAME;PRICE\nGreen Tea 100 g;5.95\n")
	}))
	defer list.Close()
	for config, as := range map[string]func(identity) []string{
		"cluster-move.conf": func(identity) []string { return nil },
		"secure-move.conf": func(id identity) []string {
			return []string{"ATLANT_NATS_CA=" + id.ca, "ATLANT_NATS_CERT=" + id.cert, "ATLANT_NATS_KEY=" + id.key}
		},
	} {
		t.Run(config, func(t *testing.T) {
			data := t.TempDir()
			t.Run("up", func(t *testing.T) {
				api := startUp(t, atlant, "ATLANT_DATA="+data)
				output(t, root, api, atlant, "fetch", "--wait", list.URL+"/list.csv")
			})
			servers := startCluster(t, config)
			to := "ATLANT_NATS=" + addresses(servers, func(s *server.Server) string { return s.ClientURL() })
			leaf := addresses(servers, func(s *server.Server) string {
				vars, err := s.Varz(nil)
				if err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("nats-leaf://127.0.0.1:%d", vars.LeafNode.Port)
			})
			said := output(t, root, append(as(operator), to), atlant, "move", "--data", data, "--leaf", leaf, "--replicas", "3")
			if !strings.Contains(string(said), "was moved") {
				t.Errorf("it said\n%s", said)
			}
			api := startUp(t, atlant, append(as(us), to, "ATLANT_VIEWS=sqlite:"+t.TempDir(), "ATLANT_REPLICAS=3")...)
			await(t, "the price", func() bool { return strings.Contains(string(output(t, root, api, atlant, "list")), "5.95") })
		})
	}
}

// startUp runs `atlant up` until the test ends, and returns what its clients need to know.
func startUp(t *testing.T, atlant string, variables ...string) []string {
	t.Helper()
	listen := fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
	environment := map[string]string{"ATLANT_LISTEN": listen, "ATLANT_ALLOW_PRIVATE_URLS": "true", "ATLANT_DATA": t.TempDir()}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	grace := types.Duration(time.Minute)
	var up types.ServiceConfig
	up.Name, up.Command, up.StopGracePeriod = "up", []string{"up"}, &grace
	startService(t, atlant, up, environment)
	await(t, "up to be ready", func() bool { return answers("http://" + listen + "/readyz") })
	return []string{"ATLANT_ADDR=http://" + listen}
}
