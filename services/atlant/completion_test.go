package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// completions returns the candidates without what they are for.
func completions(tb testing.TB, words ...string) []string {
	tb.Helper()
	r := atlant(tb, append([]string{"__complete"}, words...)...)
	if r.code != exitOK || r.errOut != "" {
		tb.Fatalf("got %+v", r)
	}
	var names []string
	for line := range strings.Lines(r.out) {
		name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		names = append(names, name)
	}
	return names
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for words, want := range map[string][]string{
		"fetc":                        {"fetch", "fetches"},
		"--addr|http://x|sta":         {"status"},
		"list|--so":                   {"--sort", "--source"},
		"list|--sort|price-":          {"price-changes", "price-changed-at"},
		"list|--sort|price|--max":     {"--max-price"},
		"list|--desc|--sort|na":       {"name"},
		"completion|":                 {"bash", "zsh", "fish"},
		"fetch|http://x|--wait|--ti":  {"--timeout"},
		"fetch|--source|shop|--force": {"--force"},
		"nonsense|--add":              {"--addr"},
		"list|--source|":              nil,
		"sources|re":                  {"resume", "remove"},
		"sources|edit|shop|--ev":      {"--every"},
	} {
		if got := completions(t, strings.Split(words, "|")...); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", words, got, want)
		}
	}
	if got := completions(t); slices.Contains(got, "__complete") || !slices.Contains(got, "list") {
		t.Errorf("got %q", got)
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		r := atlant(t, "completion", shell)
		if r.code != exitOK || !strings.Contains(r.out, "atlant __complete") {
			t.Errorf("%s: got %+v", shell, r)
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("%s is not here: its script is not parsed", shell)
			continue
		}
		if out, err := exec.Command(shell, "-n", "-c", r.out).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
	if r := atlant(t, "completion", "tcsh"); r.code != exitUsage {
		t.Errorf("got %+v", r)
	}
}
