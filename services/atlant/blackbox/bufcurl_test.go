package blackbox_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestBufCurl: a client that knows nothing but the address finds the schema by reflection and calls List.
func TestBufCurl(t *testing.T) {
	t.Parallel()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	a, s := startOpen(t), newShop(t)
	a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", smallList)})
	for _, protocol := range []string{"grpc", "grpcweb", "connect"} {
		curl := exec.CommandContext(within(t), "go", "tool", "-modfile=tools/go.mod", "buf", "curl",
			"--protocol", protocol, "--http2-prior-knowledge", "--data", `{"pageSize": 2, "sortBy": "SORT_BY_PRICE", "total": true}`,
			a.url+"/atlant.v1.ProductService/List")
		curl.Dir, curl.Env = strings.TrimSpace(string(root)), environment("BUF_CACHE_DIR="+t.TempDir())
		var errOut strings.Builder
		curl.Stderr = &errOut
		out, err := curl.Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", protocol, err, errOut.String())
			continue
		}
		var page struct {
			Products []struct {
				Name string `json:"name"`
			} `json:"products"`
			TotalSize string `json:"totalSize"`
		}
		if err := json.Unmarshal(out, &page); err != nil || len(page.Products) != 2 || page.Products[0].Name != "Milk" || page.TotalSize != "3" {
			t.Errorf("%s: got %s, %v", protocol, out, err)
		}
	}
}
