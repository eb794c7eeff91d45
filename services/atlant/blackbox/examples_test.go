package blackbox_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example is a script of docs/examples.md, and what it prints.
type example struct{ script, prints string }

var fencedBlock = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```\n")

// examplesOf returns the blocks of the page in a language, each with the block of JSON or text behind it, if there is one.
func examplesOf(tb testing.TB, language string) []example {
	tb.Helper()
	page, err := os.ReadFile("../../../docs/examples.md")
	if err != nil {
		tb.Fatal(err)
	}
	var all []example
	blocks := fencedBlock.FindAllStringSubmatch(string(page), -1)
	for i, block := range blocks {
		if block[1] != language {
			continue
		}
		e := example{script: block[2]}
		if i+1 < len(blocks) && (blocks[i+1][1] == "json" || blocks[i+1][1] == "text") {
			e.prints = blocks[i+1][2]
		}
		all = append(all, e)
	}
	return all
}

// likePrinted matches what a block of the page shows: white space does not matter, and … is anything.
func likePrinted(shown string) *regexp.Regexp {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.Join(strings.Fields(shown), "")), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$")
}

// exampleServer is an Atlant that has seen the two lists of the page.
func exampleServer(tb testing.TB) *atlant {
	tb.Helper()
	a, folder := startOpen(tb), tb.TempDir()
	for _, price := range []string{"1.99", "2.09"} {
		list := filepath.Join(folder, "prices.csv")
		text := "PRODUCT NAME;PRICE\nEspresso Beans 1 kg;18.90\nGreen Tea 100 g;5.95\nOat Milk 1 l;" + price + "\n"
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		if r := run(tb, "fetch", "--wait", "--currency", "EUR", list, "--addr", a.url); r.code != 0 {
			tb.Fatalf("%+v", r)
		}
	}
	return a
}

// runExample runs a script of the page against an Atlant elsewhere, and returns what it prints.
func runExample(tb testing.TB, a *atlant, program, script string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		tb.Skipf("there is no %s here", program)
	}
	script = strings.ReplaceAll(script, "127.0.0.1:8080", strings.TrimPrefix(a.url, "http://"))
	command := exec.CommandContext(within(tb), path, "-c", script)
	command.Dir, command.Env = tb.TempDir(), environment()
	out, err := command.CombinedOutput()
	if err != nil {
		tb.Errorf("%s\n%v: %s", script, err, out)
	}
	return string(out)
}

// TestExamples runs what docs/examples.md has for curl, and compares what it prints.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s here", program)
		}
	}
	a := exampleServer(t)
	examples := examplesOf(t, "bash")
	if len(examples) < 7 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, e := range examples {
		got := strings.Join(strings.Fields(runExample(t, a, "bash", e.script)), "")
		if e.prints == "" || !likePrinted(e.prints).MatchString(got) {
			t.Errorf("%sprints\n%s\nwant something like\n%s", e.script, got, e.prints)
		}
	}
}

// TestPythonExample runs what the page has for Python.
func TestPythonExample(t *testing.T) {
	t.Parallel()
	a := exampleServer(t)
	const want = "Oat Milk 1 l: 2.09 EUR\nGreen Tea 100 g: 5.95 EUR\nEspresso Beans 1 kg: 18.90 EUR\nOat Milk 1 l now costs 2090000\n"
	for _, e := range examplesOf(t, "python") {
		if got := runExample(t, a, "python3", e.script); got != want {
			t.Errorf("it prints\n%s\nwant\n%s", got, want)
		}
	}
}

// TestGoExample builds what the page has for Go in this module, and sees its first answer.
func TestGoExample(t *testing.T) {
	t.Parallel()
	a := exampleServer(t)
	for _, e := range examplesOf(t, "go") {
		source := filepath.Join(t.TempDir(), "main.go")
		script := strings.ReplaceAll(e.script, "127.0.0.1:8080", strings.TrimPrefix(a.url, "http://"))
		if err := os.WriteFile(source, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		built := filepath.Join(t.TempDir(), "example"+executableSuffix())
		if out, err := exec.Command("go", "build", "-o", built, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		command := exec.CommandContext(within(t), built)
		command.Env = environment()
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "Oat Milk 1 l ") {
			t.Errorf("it prints %q, %v", line, err)
		}
		_ = command.Process.Kill() // it watches for ever
		_ = command.Wait()
	}
}
