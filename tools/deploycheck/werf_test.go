package deploycheck

import (
	"bytes"
	"os"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v3"
)

// werfProject and werfImage are those settings of werf that werf.yaml makes use of. The modules of werf itself bring all of
// Docker along.
type werfProject struct {
	Project       string
	ConfigVersion int `yaml:"configVersion"`
	Deploy        struct {
		HelmChartDir string `yaml:"helmChartDir"`
	}
}

type werfImage struct {
	Image, Dockerfile string
	Args              map[string]string
}

func TestWerf(t *testing.T) {
	parsed, err := template.New("werf.yaml").Option("missingkey=error").Funcs(sprig.TxtFuncMap()).Parse(string(read(t, "werf.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	commit := map[string]any{"Hash": "0123456789abcdef0123456789abcdef01234567"}
	if err := parsed.Execute(&text, map[string]any{"Commit": commit}); err != nil {
		t.Fatal(err)
	}
	documents := yaml.NewDecoder(&text)
	documents.KnownFields(true)
	var project werfProject
	var image werfImage
	if err := documents.Decode(&project); err != nil {
		t.Fatal(err)
	}
	if err := documents.Decode(&image); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{project.Deploy.HelmChartDir + "/Chart.yaml", image.Dockerfile} {
		if _, err := os.Stat(inRoot(t, path)); err != nil {
			t.Error(err)
		}
	}
	if project.Project != "atlant" || project.ConfigVersion != 1 || image.Image != "atlant" { // what the chart looks for
		t.Errorf("%+v %+v", project, image)
	}
	arguments(t, stages(t)[0], image.Args)
	if image.Args["VERSION"] != "0123456789ab" {
		t.Errorf("version %q", image.Args["VERSION"])
	}
}
