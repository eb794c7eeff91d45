package deploycheck

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what is looked at here of one of GitHub Actions. Whether it is one actionlint says, which .ci/run runs.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Uses           string
		TimeoutMinutes int `yaml:"timeout-minutes"`
		Strategy       struct {
			Matrix struct{ Include []struct{ Steps string } }
		}
		Steps []struct{ Uses, Run string }
	}
}

func workflows(t testing.TB) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(inRoot(t, ".github/workflows/*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		var one workflow
		if err := yaml.Unmarshal(read(t, ".github/workflows/"+filepath.Base(file)), &one); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = one
	}
	return all
}

// TestWorkflowsMayLittle: a workflow may read the repository, a job more only where it says so; actions have a version; and
// nothing that a shell runs is put together from what others write.
func TestWorkflowsMayLittle(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w./-]+@(v\d+|[0-9a-f]{40})$`)
	for file, workflow := range workflows(t) {
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("%s may %v", file, workflow.Permissions)
		}
		for name, job := range workflow.Jobs {
			if job.Uses == "" && job.TimeoutMinutes == 0 {
				t.Errorf("%s: %s may run for ever", file, name)
			}
			for _, step := range job.Steps {
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("%s: %s uses %s", file, name, step.Uses)
				}
				if strings.Contains(step.Run, "${{ github.") || strings.Contains(step.Run, "${{ secrets.") {
					t.Errorf("%s: %s pastes into a shell: %s", file, name, step.Run)
				}
			}
		}
	}
}

// TestWorkflowsRunEverything: together the jobs run each step of .ci/run.
func TestWorkflowsRunEverything(t *testing.T) {
	steps := []string{"compiler"} // which comes before all others
	for _, lane := range regexp.MustCompile(`(?m)^(?:STEPS|BESIDE)=\((.*)\)$`).FindAllSubmatch(read(t, ".ci/run"), -1) {
		steps = append(steps, strings.Fields(string(lane[1]))...)
	}
	slices.Sort(steps)
	var run []string
	for _, one := range workflows(t)["ci.yml"].Jobs["check"].Strategy.Matrix.Include {
		run = append(run, strings.Fields(one.Steps)...)
	}
	slices.Sort(run)
	if len(steps) == 1 || !slices.Equal(run, steps) {
		t.Errorf("GitHub runs %s, .ci/run has %s", run, steps)
	}
}
