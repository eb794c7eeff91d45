package deploycheck

import (
	"regexp"
	"strings"
	"testing"
)

// TestProgram builds Atlant the way the image is built, and asks it whether it knows what it is told elsewhere.
func TestProgram(t *testing.T) {
	atlant := buildProgram(t, "v1.2.3-deploycheck")
	t.Run("version", func(t *testing.T) {
		said := string(output(t, root, nil, atlant, "version", "--json"))
		for _, want := range []string{`"v1.2.3-deploycheck"`, `"0123abc"`, `"2026-11-26T13:00:00Z"`} {
			if !strings.Contains(said, want) {
				t.Errorf("it is not stamped with %s: %s", want, said)
			}
		}
	})
	t.Run("compose", func(t *testing.T) { wantKnowsCompose(t, atlant) })
	t.Run("manifests", func(t *testing.T) { wantKnowsManifests(t, atlant) })
	t.Run("unit", func(t *testing.T) { wantUnit(t, atlant) })
	t.Run("docs", func(t *testing.T) { wantKnowsCommands(t, atlant) })
	t.Run("shape", func(t *testing.T) { wantWorks(t, atlant) })
	t.Run("move", func(t *testing.T) { wantMoves(t, atlant) })
}

// wantKnowsCompose fails unless the program has the commands, flags and variables of compose.yaml.
func wantKnowsCompose(t *testing.T, atlant string) {
	t.Helper()
	project := loadCompose(t)
	for _, name := range []string{"serve", "work-1", "work-2"} {
		service := project.Services[name]
		role := service.Command[0]
		help := string(output(t, root, nil, atlant, role, "--help"))
		wantFlags(t, help, role, service.Command[1:])
		for variable := range service.Environment {
			if strings.HasPrefix(variable, "ATLANT_") && !strings.Contains(help, "$"+variable+")") {
				t.Errorf("atlant %s does not read %s", role, variable)
			}
		}
		if service.HealthCheck == nil {
			continue
		}
		if check := service.HealthCheck.Test; len(check) < 3 || check[1] != "/atlant" {
			t.Errorf("the health of %s is checked with %q, which is not in the image", name, check)
		} else {
			wantFlags(t, string(output(t, root, nil, atlant, check[2], "--help")), check[2], check[3:])
		}
	}
}

// wantKnowsManifests fails unless the program has the commands and variables that the chart gives it.
func wantKnowsManifests(t *testing.T, atlant string) {
	t.Helper()
	help := map[string]string{}
	for _, role := range []string{"serve", "work"} {
		help[role] = string(output(t, root, nil, atlant, role, "--help"))
	}
	// A program that asks nobody who they are has none of the variables about that.
	access := regexp.MustCompile(`^ATLANT_(API_KEYS|OIDC|ANONYMOUS)_`)
	asks := strings.Contains(help["serve"], "--api-keys-file")
	for name, with := range chartCases(t) {
		for _, deployment := range decode(t, mustRender(t, with)).deployments {
			container := &deployment.Spec.Template.Spec.Containers[0]
			role := container.Args[0]
			for variable := range environment(container) {
				if !strings.HasPrefix(variable, "ATLANT_") || !asks && access.MatchString(variable) {
					continue
				}
				if !strings.Contains(help[role], "$"+variable+")") {
					t.Errorf("%s: atlant %s does not read %s", name, role, variable)
				}
			}
		}
	}
}

// wantKnowsCommands fails unless there are all commands and flags that the operator's pages show.
func wantKnowsCommands(t *testing.T, atlant string) {
	t.Helper()
	pages := string(read(t, "docs/operations.md")) + string(read(t, "docs/deploy.md"))
	commands := regexp.MustCompile("`atlant ([a-z]+)([^`]*)`").FindAllStringSubmatch(pages, -1)
	if len(commands) == 0 {
		t.Fatal("the pages show no commands")
	}
	for _, command := range commands {
		help := string(output(t, root, nil, atlant, command[1], "--help"))
		wantFlags(t, help, command[1], regexp.MustCompile(`--[a-z-]+`).FindAllString(command[2], -1))
	}
}

func wantFlags(t *testing.T, help, command string, words []string) {
	t.Helper()
	for _, word := range words {
		if strings.HasPrefix(word, "--") && !regexp.MustCompile(regexp.QuoteMeta(word)+`\b`).MatchString(help) {
			t.Errorf("atlant %s has no flag %s", command, word)
		}
	}
}
