package main

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	said := atlant(t, "version")
	if said.code != exitOK || said.out != thisBuild().String()+"\n" || !strings.HasPrefix(said.out, "atlant "+buildVersion()+" go1.") {
		t.Errorf("got %+v", said)
	}
	var got build
	said = atlant(t, "version", "--json")
	if err := json.Unmarshal([]byte(said.out), &got); err != nil || got != thisBuild() || strings.Count(said.out, "\n") != 1 {
		t.Errorf("got %+v: %v", said, err)
	}
	if got.Go != runtime.Version() || got.Platform != runtime.GOOS+"/"+runtime.GOARCH {
		t.Errorf("got %+v", got)
	}
}

func TestBuildString(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]build{
		"atlant development go1.26.8 linux/amd64": {Version: "development", Go: "go1.26.8", Platform: "linux/amd64"},
		"atlant v1.2.3 go1.26.8 linux/arm64 commit abc of 2026-11-26T13:00:00Z": {
			Version: "v1.2.3", Go: "go1.26.8", Platform: "linux/arm64", Commit: "abc", Date: "2026-11-26T13:00:00Z",
		},
		"atlant v1.2.4 go1.26.8 linux/arm64 commit abc (modified)": {
			Version: "v1.2.4", Go: "go1.26.8", Platform: "linux/arm64", Commit: "abc", Modified: true,
		},
	} {
		if got := b.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
