package deploycheck

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
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
	file := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(file, []byte("PRODUCT NAME;PRICE\nOat Milk 1 l;1.99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
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
				output(t, root, api, atlant, "fetch", "--wait", "--source", "uploads", file)
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
			if !strings.Contains(string(said), "was moved, with 0 requests and 1 lists") {
				t.Errorf("it said\n%s", said)
			}
			api := startUp(t, atlant, append(as(us), to, "ATLANT_VIEWS=sqlite:"+t.TempDir(), "ATLANT_REPLICAS=3")...)
			await(t, "the price", func() bool { return strings.Contains(string(output(t, root, api, atlant, "list")), "5.95") })
			output(t, root, api, atlant, "fetch", "--wait", "--source", "uploads", "--force", file)
			wantOneUpload(t, servers[0], as(operator))
		})
	}
}

// wantOneUpload fails unless there is one list of one piece: one that it took the place of had to be removed, which takes a
// permission of its own.
func wantOneUpload(t *testing.T, at *server.Server, identity []string) {
	t.Helper()
	var options []nats.Option
	if len(identity) > 0 {
		file := func(i int) string { return identity[i][strings.IndexByte(identity[i], '=')+1:] }
		options = []nats.Option{nats.RootCAs(file(0)), nats.ClientCert(file(1), file(2))}
	}
	stream, err := connect(t, at, options...).Stream(t.Context(), "OBJ_UPLOADS")
	if err != nil {
		t.Fatal(err)
	}
	if state := stream.CachedInfo().State; state.Msgs != 2 || state.NumSubjects != 2 {
		t.Errorf("the uploads are %d messages of %d subjects", state.Msgs, state.NumSubjects)
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
