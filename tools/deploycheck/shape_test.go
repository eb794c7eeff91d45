package deploycheck

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/nats-io/nats-server/v2/server"
)

// wantWorks runs the services serve, work-1 and work-2 as processes on this machine, on the secured cluster: they have no
// more than the permissions that are shown. MongoDB and Envoy are left out.
func wantWorks(t *testing.T, atlant string) {
	t.Helper()
	keys := newAuthority(t)
	keys.issue(t, "nats", natsNames...).setenv(t)
	users := map[string]identity{
		"serve": keys.issue(t, "serve", "atlant-serve"), "work-1": keys.issue(t, "work", "atlant-work"), "work-2": keys.issue(t, "work", "atlant-work"),
	}
	servers := startCluster(t, "secure.conf")
	project := loadCompose(t)
	environment := map[string]string{
		"ATLANT_NATS":               addresses(servers, func(s *server.Server) string { return s.ClientURL() }),
		"ATLANT_NATS_MONITOR":       addresses(servers, func(s *server.Server) string { return "http://" + s.MonitorAddr().String() }),
		"ATLANT_NATS_CA":            keys.path("ca.pem"),
		"ATLANT_API_KEYS_FILE":      filepath.Join(t.TempDir(), "keys.yaml"),
		"ATLANT_VIEWS":              "sqlite:" + t.TempDir(),
		"ATLANT_ALLOW_PRIVATE_URLS": "true", // of the list below
	}
	key := strings.TrimSpace(string(output(t, root, nil, atlant,
		"keys", "new", "--id", "admin", "--scope", "admin", "--file", environment["ATLANT_API_KEYS_FILE"])))
	url := ""
	var all []string
	for _, name := range []string{"serve", "work-1", "work-2"} {
		environment["ATLANT_LISTEN"] = fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
		environment["ATLANT_NATS_CERT"], environment["ATLANT_NATS_KEY"] = users[name].cert, users[name].key
		if url == "" {
			url = "http://" + environment["ATLANT_LISTEN"]
		}
		all = append(all, "http://"+environment["ATLANT_LISTEN"])
		startService(t, atlant, project.Services[name], environment)
		await(t, name+" to be ready", func() bool { return answers("http://" + environment["ATLANT_LISTEN"] + "/readyz") })
	}
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "PRODUCT NAME;PRICE\nEspresso Beans 1 kg;18.90\nGreen Tea 100 g;5.95\n")
	}))
	defer list.Close()
	api := []string{"ATLANT_ADDR=" + url, "ATLANT_TOKEN=" + key}
	output(t, root, api, atlant, "fetch", "--wait", list.URL+"/list.csv")
	if listed := string(output(t, root, api, atlant, "list")); !strings.Contains(listed, "18.90") || !strings.Contains(listed, "5.95") {
		t.Errorf("listed were\n%s", listed)
	}
	wantObserved(t, key, all...)
	output(t, root, api, atlant, "verify")
	output(t, root, api, atlant, "rebuild")
	if status := string(output(t, root, api, atlant, "status")); !strings.Contains(status, "PRICES_07") {
		t.Errorf("the status does not name all eight shards\n%s", status)
	}
	output(t, root, api[:1], atlant, project.Services["serve"].HealthCheck.Test[2:]...) // without a key
}

func addresses(servers []*server.Server, of func(*server.Server) string) string {
	var all []string
	for _, s := range servers {
		all = append(all, of(s))
	}
	return strings.Join(all, ",")
}

func answers(url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// startService runs the command of a service until the test ends, with its environment as far as it is not given here.
func startService(t *testing.T, atlant string, service types.ServiceConfig, environment map[string]string) {
	t.Helper()
	words := slices.Clone(service.Command)
	if at := slices.Index(words, "--data"); at >= 0 {
		words[at+1] = filepath.Join(t.TempDir(), "spool")
	}
	all := map[string]string{}
	for name, value := range service.Environment {
		if value != nil {
			all[name] = *value
		}
	}
	maps.Copy(all, environment)
	process := exec.Command(atlant, words...)
	process.Env = os.Environ()
	for name, value := range all {
		process.Env = append(process.Env, name+"="+value)
	}
	var said bytes.Buffer
	process.Stdout, process.Stderr = &said, &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// As Compose stops it, and kills it when the time of grace is over.
		late := time.AfterFunc(time.Duration(*service.StopGracePeriod), func() { _ = process.Process.Kill() })
		defer late.Stop()
		_ = process.Process.Signal(syscall.SIGTERM)
		if err := process.Wait(); err != nil {
			t.Errorf("%s: %v", service.Name, err)
		}
		if t.Failed() || strings.Contains(said.String(), "ermission") {
			t.Errorf("%s said\n%s", service.Name, said.String())
		}
	})
}
