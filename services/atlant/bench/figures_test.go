package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values      []int
		percent     int
		want, fifty int
	}{
		"none":    {nil, 99, 0, 0},
		"one":     {[]int{7}, 99, 7, 7},
		"two":     {[]int{9, 1}, 99, 9, 1},
		"three":   {[]int{5, 1, 9}, 1, 1, 5},
		"hundred": {hundred(), 99, 99, 50},
	} {
		if got := quantile(test.values, test.percent); got != test.want {
			t.Errorf("%s: quantile %d is %d, want %d", name, test.percent, got, test.want)
		}
		if got := median(test.values); got != test.fifty {
			t.Errorf("%s: the median is %d, want %d", name, got, test.fifty)
		}
	}
}

func hundred() []int {
	var all []int
	for i := range 100 {
		all = append(all, 100-i)
	}
	return all
}

// TestMedians merges rounds: of values, and of ratios by themselves.
func TestMedians(t *testing.T) {
	t.Parallel()
	var rounds [][]Figure
	for _, r := range []struct{ value, baseline, took float64 }{{10, 5, 4}, {20, 40, 1}, {30, 30, 2}} {
		fast := Figure{Name: "fast", Unit: unitRate, Value: r.value}
		fast.than("bare", r.baseline, 1)
		slow := Figure{Name: "slow", Unit: unitSeconds, Value: r.took, AtMost: 2}
		slow.than("bare", 1, 0.8)
		slow.detail("p99_s", r.took*2)
		fast.judge()
		slow.judge()
		rounds = append(rounds, []Figure{fast, slow})
	}
	merged := medians(rounds)
	fast, slow := merged[0], merged[1]
	if c := fast.Against[0]; fast.Value != 20 || c.Value != 30 || c.Ratio != 1 || c.Met == nil || !*c.Met {
		t.Errorf("the median of rates is %+v, beside %+v", fast, c)
	}
	if c := slow.Against[0]; slow.Value != 2 || c.Ratio != 0.5 || c.Met == nil || *c.Met {
		t.Errorf("the median of times is %+v, beside %+v", slow, c)
	}
	if slow.Met == nil || !*slow.Met || slow.Details["p99_s"] != 4 {
		t.Errorf("the median of times is %+v", slow)
	}
	if rounds[0][0].Value != 10 || rounds[0][1].Details["p99_s"] != 8 {
		t.Error("a round was overwritten")
	}
}

func sample() *Report {
	f := Figure{Scenario: FirstLoad, Name: untilVisible, Unit: unitRate, Value: 12_345}
	f.than("bare", 10_000, 0.8)
	f.than("import", 20_000, 1)
	m := Figure{Scenario: FirstLoad, Name: peakOfMemory, Unit: unitMemory, Value: 2000, AtMost: 1000}
	f.judge()
	m.judge()
	return &Report{Options: Options{Products: 20_000, Shards: 1}, Figures: []Figure{f, m}}
}

func TestRows(t *testing.T) {
	t.Parallel()
	var got []string
	for _, row := range sample().Rows() {
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{
		"first-load|until visible|12,345|rows/s|bare|10,000|1.23|≥ 0.8|met|",
		"||||import|20,000|0.617|≥ 1.0|missed|",
		"|memory at its peak|2,000|MB||||≤ 1,000|missed|",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the rows are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestWriteCurve draws what was read from JSON, as of a process that measured one point.
func TestWriteCurve(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var read Report
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "curves")
	if err := WriteCurve(folder, []*Report{&read}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"first-load.svg", "memory.svg"} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil || !strings.Contains(string(text), "<svg") || !strings.Contains(string(text), "10,000") {
			t.Errorf("%s: %v, %d bytes", file, err, len(text))
		}
	}
	if files, _ := filepath.Glob(filepath.Join(folder, "*.svg")); len(files) != 2 {
		t.Errorf("there are %q, also for what was not measured", files)
	}
	again, err := ReadCurve(folder)
	if err != nil || len(again) != 1 || !HasPoint(again, read.Options.Products, read.Options.Shards) || HasPoint(again, 1, 1) {
		t.Errorf("read again: %v, error %v", again, err)
	}
	if nothing, err := ReadCurve(t.TempDir()); err != nil || len(nothing) != 0 {
		t.Errorf("of nothing: %v, error %v", nothing, err)
	}
	if err := os.WriteFile(filepath.Join(folder, pointsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCurve(folder); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("what is no JSON: error %v", err)
	}
}

// A baseline that was not measured is not compared with.
func TestThanWhatWasNotMeasured(t *testing.T) {
	t.Parallel()
	f := Figure{Value: 2, Unit: unitRate}
	f.than("left out", 0, 3)
	f.than("measured", 1, 3)
	f.judge()
	if len(f.Against) != 1 || f.Against[0].Ratio != 2 || f.Against[0].Met == nil || *f.Against[0].Met {
		t.Errorf("compared with %+v", f.Against)
	}
}
