package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// The release build sets these: -ldflags "-X main.version=v1.2.3 -X main.commit=HASH -X main.date=2026-11-26T13:00:00Z".
var version, commit, date string

type versionCommand struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// build says what this program was built from, as far as that is known.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the source was not quite that of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"` // os/architecture
}

// Run prints the version of this program; `atlant status` prints the server's.
func (v versionCommand) Run(c *console) error {
	b := thisBuild()
	if v.JSON {
		return json.NewEncoder(c.out).Encode(b)
	}
	_, err := fmt.Fprintln(c.out, b)
	return err
}

// String returns it as one line.
func (b build) String() string {
	words := []string{"atlant", b.Version, b.Go, b.Platform}
	if b.Commit != "" {
		words = append(words, "commit", b.Commit)
	}
	if b.Modified {
		words = append(words, "(modified)")
	}
	if b.Date != "" {
		words = append(words, "of", b.Date)
	}
	return strings.Join(words, " ")
}

// thisBuild falls back to what the Go tool recorded of the source.
func thisBuild() build {
	b := build{
		Version: buildVersion(), Commit: commit, Date: date,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || commit != "" {
		return b
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// buildVersion falls back likewise.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
