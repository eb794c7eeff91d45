package deploycheck

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestDockerfileIsClean translates the Dockerfile for BuildKit, for each platform, with all of the linter's rules.
func TestDockerfileIsClean(t *testing.T) {
	dockerfile := read(t, "Dockerfile")
	for _, architecture := range []string{"amd64", "arm64"} {
		_, err := dockerfile2llb.Dockerfile2LLB(t.Context(), dockerfile, dockerfile2llb.ConvertOpt{
			Config: dockerui.Config{
				BuildPlatforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}},
				LinterConfig:   &linter.Config{ExperimentalAll: true},
			},
			TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: architecture},
			MetaResolver:   emptyImages{},
			AllStages:      true,
			Warn: func(rule, _, _, message string, where []parser.Range) {
				t.Errorf("%s: %s: %s at %v", architecture, rule, message, where)
			},
		})
		if err != nil {
			t.Errorf("%s: %v", architecture, err)
		}
	}
}

// emptyImages knows nothing of base images, so that no registry is asked.
type emptyImages struct{}

func (emptyImages) ResolveImageConfig(
	_ context.Context, ref string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	return ref, "", []byte("{}"), nil
}

// stages parses the Dockerfile.
func stages(t testing.TB) []instructions.Stage {
	t.Helper()
	parsed, err := parser.Parse(bytes.NewReader(read(t, "Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// commandOf returns the last command of a kind in a stage.
func commandOf[T instructions.Command](t testing.TB, stage instructions.Stage) T {
	t.Helper()
	var found T
	missing := true
	for _, command := range stage.Commands {
		if c, ok := command.(T); ok {
			found, missing = c, false
		}
	}
	if missing {
		t.Fatalf("stage %s has no %T", stage.BaseName, found)
	}
	return found
}

// copyContext copies what a build gets to see: what .dockerignore leaves over.
func copyContext(t testing.TB, to string) {
	t.Helper()
	patterns, err := ignorefile.ReadAll(bytes.NewReader(read(t, ".dockerignore")))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	from := inRoot(t, ".")
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		out, err := ignored.MatchesOrParentMatches(name)
		if err != nil || out {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// buildProgram runs the build step of the Dockerfile here, on what the build gets to see, for this machine. It returns the
// program.
func buildProgram(t testing.TB, version string) string {
	t.Helper()
	context, out := t.TempDir(), t.TempDir()
	copyContext(t, context)
	run := commandOf[*instructions.RunCommand](t, stages(t)[0])
	if len(run.CmdLine) != 1 {
		t.Fatalf("the build is not one shell command: %q", run.CmdLine)
	}
	step := strings.ReplaceAll(run.CmdLine[0], "/out/", out+"/")
	if !strings.Contains(step, out) {
		t.Fatalf("the build leaves nothing in /out: %s", step)
	}
	wantStamps(t, step)
	env := arguments(t, stages(t)[0], map[string]string{
		"TARGETOS": runtime.GOOS, "TARGETARCH": runtime.GOARCH,
		"VERSION": version, "COMMIT": "0123abc", "DATE": "2026-11-26T13:00:00Z",
	})
	output(t, context, env, "sh", "-c", step)
	return filepath.Join(out, "atlant")
}

// arguments returns what a stage gets to know of the build, all of which it must ask for.
func arguments(t testing.TB, stage instructions.Stage, values map[string]string) []string {
	t.Helper()
	asked := map[string]bool{}
	for _, command := range stage.Commands {
		if arg, ok := command.(*instructions.ArgCommand); ok {
			for _, one := range arg.Args {
				asked[one.Key] = true
			}
		}
	}
	var env []string
	for name, value := range values {
		if !asked[name] {
			t.Errorf("stage %s does not ask for %s", stage.Name, name)
		}
		env = append(env, name+"="+value)
	}
	return env
}

// TestDockerfileCopies: what is copied from a stage comes from one that there is, not from an image of that name.
func TestDockerfileCopies(t *testing.T) {
	names := map[string]bool{"": true}
	for _, stage := range stages(t) {
		for _, command := range stage.Commands {
			if from, ok := command.(*instructions.CopyCommand); ok && !names[from.From] {
				t.Errorf("there is no stage %s to copy from", from.From)
			}
		}
		names[stage.Name] = true
	}
}
