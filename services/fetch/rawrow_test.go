package fetch

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRowAt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for name, test := range map[string]struct {
		text, quote string
		line        int64
		want        string
	}{
		"first":                {"a;1\nb;2\n", `"`, 1, "a;1"},
		"last, without end":    {"a;1\nb;2", `"`, 2, "b;2"},
		"beyond":               {"a;1\n", `"`, 5, ""},
		"windows":              {"a;1\r\nb;2\r\n", `"`, 1, "a;1"},
		"old mac":              {"a;1\rb;2\rc;3", `"`, 2, "b;2"},
		"within quotes":        {"a;1\n\"b\nc\";2\nd;3\n", `"`, 2, "\"b\nc\";2"},
		"behind quotes":        {"\"b\nc\";2\nd;3\n", `"`, 3, "d;3"},
		"doubled quotes":       {"\"b \"\"x\"\"\";2\nd;3\n", `"`, 1, `"b ""x""";2`},
		"quotes mean nothing":  {"19\" tv;2\nd;3\n", "none", 1, `19" tv;2`},
		"never closed":         {"a\n\"b;2\nd;3\n", `"`, 2, "\"b;2\nd;3"},
		"behind a long line":   {long + "\nb;2\n", `"`, 2, "b;2"},
		"a long one":           {"a\n" + long + "\nb", `"`, 2, long[:maxRawRow]},
		"not UTF-8":            {"a\xff;1\n", `"`, 1, "a\uFFFD;1"},
		"an empty list":        {"", `"`, 1, ""},
		"an empty line before": {"\n\nb;2\n", `"`, 3, "b;2"},
	} {
		if got, err := rowAt(strings.NewReader(test.text), test.line, test.quote); err != nil || got != test.want {
			t.Errorf("%s: %.80q, error %v", name, got, err)
		}
	}
}

// Where no row holds a line end, the row of a line is the line.
func TestRowAtAnyLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for i := range rapid.IntRange(1, 40).Draw(t, "lines") {
			lines = append(lines, fmt.Sprint(i, strings.Repeat("y", rapid.SampledFrom([]int{0, 7, 5000, 70_000}).Draw(t, "length"))))
		}
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		line := rapid.IntRange(1, len(lines)).Draw(t, "line")
		want := lines[line-1]
		got, err := rowAt(strings.NewReader(strings.Join(lines, end)), int64(line), `"`)
		if err != nil || got != want[:min(len(want), maxRawRow)] {
			t.Fatalf("%.80q, want %.80q, error %v", got, want, err)
		}
	})
}
