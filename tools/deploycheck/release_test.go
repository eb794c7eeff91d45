package deploycheck

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// goReleaser are those settings of GoReleaser that .goreleaser.yaml makes use of. Its own modules bring several hundred others
// along; on GitHub its own check runs as well.
type goReleaser struct {
	Version     int
	ProjectName string `yaml:"project_name"`
	Before      struct{ Hooks []string }
	Builds      []struct {
		ID, Main, Binary    string
		Env, Flags, Ldflags []string
		ModTimestamp        string `yaml:"mod_timestamp"`
		Goos, Goarch        []string
	}
	Archives []struct {
		Formats         []string
		NameTemplate    string `yaml:"name_template"`
		FormatOverrides []struct {
			Goos    string
			Formats []string
		} `yaml:"format_overrides"`
		Files []struct {
			Source      string `yaml:"src"`
			StripParent bool   `yaml:"strip_parent"`
			Info        fileInfo
		}
		BuildsInfo fileInfo `yaml:"builds_info"`
	}
	Checksum struct {
		NameTemplate string `yaml:"name_template"`
		Algorithm    string
	}
	SBOMs     []struct{ Artifacts string } `yaml:"sboms"`
	Changelog struct{ Disable bool }
	Release   struct {
		Prerelease string
		Draft      bool
	}
	Snapshot struct {
		VersionTemplate string `yaml:"version_template"`
	}
}

type fileInfo struct {
	ModTime string `yaml:"mtime"`
}

// TestGoReleaser: what is named is there, and the same commit gives the same bytes.
func TestGoReleaser(t *testing.T) {
	var project goReleaser
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, ".goreleaser.yaml")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&project); err != nil {
		t.Fatal(err)
	}
	if project.Version != 2 || len(project.Builds) != 1 || len(project.Archives) != 1 || len(project.SBOMs) != 1 {
		t.Fatalf("version %d, %d builds, %d archives, %d bills of materials",
			project.Version, len(project.Builds), len(project.Archives), len(project.SBOMs))
	}
	if project.Checksum.Algorithm != "sha256" || !strings.Contains(string(read(t, ".github/workflows/release.yml")), "dist/"+project.Checksum.NameTemplate) {
		t.Errorf("checksums: %+v", project.Checksum)
	}
	build, archive := project.Builds[0], project.Archives[0]
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") || build.ModTimestamp == "" {
		t.Errorf("the build depends on where and when: %+v", build)
	}
	paths, times := []string{build.Main}, []string{archive.BuildsInfo.ModTime}
	for _, file := range archive.Files {
		paths, times = append(paths, file.Source), append(times, file.Info.ModTime)
	}
	for _, path := range paths {
		if _, err := os.Stat(inRoot(t, path)); err != nil {
			t.Error(err)
		}
	}
	if slices.Contains(times, "") {
		t.Errorf("the archive depends on when: %s", times)
	}
	wantStamps(t, strings.Join(build.Ldflags, " "))
}

// wantStamps fails unless a build sets each variable of the program that there is to set. The linker says nothing of one that
// is not there.
func wantStamps(t testing.TB, ldflags string) {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^var ([\w, ]+) string$`).FindSubmatch(read(t, "services/atlant/version.go"))
	if declared == nil {
		t.Fatal("version.go declares no variables")
	}
	var set []string
	for _, stamp := range regexp.MustCompile(`-X main\.(\w+)=`).FindAllStringSubmatch(ldflags, -1) {
		set = append(set, stamp[1])
	}
	if want := strings.Split(string(declared[1]), ", "); !slices.Equal(set, want) {
		t.Errorf("set are %s, there are %s", set, want)
	}
}

// TestChangelog: it has the form that the release workflow takes its notes from.
func TestChangelog(t *testing.T) {
	text := string(read(t, "CHANGELOG.md"))
	sections := regexp.MustCompile(`(?m)^## \[([^\]]+)\](.*)$`).FindAllStringSubmatch(text, -1)
	if len(sections) == 0 || sections[0][1] != "Unreleased" {
		t.Fatal("it does not begin with what is not released yet")
	}
	for _, section := range sections[1:] {
		if !regexp.MustCompile(`^\d+\.\d+\.\d+(-[\w.]+)?$`).MatchString(section[1]) || !regexp.MustCompile(`^ - \d{4}-\d\d-\d\d$`).MatchString(section[2]) {
			t.Errorf("%s: neither a version nor a date", section[0])
		}
	}
	for _, kind := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains([]string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}, kind[1]) {
			t.Errorf("what is %s?", kind[1])
		}
	}
}
