package bench

import (
	"cmp"
	"slices"
	"time"
)

// The units of figures.
const (
	unitRate    = "rows/s"
	unitSeconds = "s"
	unitMillis  = "ms"
	unitMemory  = "MB"
	unitBytes   = "bytes/row"
)

// The names of figures that curves show.
const (
	untilVisible  = "until visible"
	untilSwitched = "until switched"
	peakOfMemory  = "memory at its peak"
)

// Figure is what was measured of Atlant, with what it is compared with.
type Figure struct {
	Scenario Scenario `json:"scenario"`
	Name     string   `json:"name"`
	Value    float64  `json:"value"`
	Unit     string   `json:"unit"`
	// Details say more of the same measurement, each in the unit that its name ends with.
	Details map[string]float64 `json:"details,omitempty"`
	// AtMost is a target that needs no baseline, in the figure's unit; Met tells whether it was met.
	AtMost float64 `json:"atMost,omitempty"`
	Met    *bool   `json:"met,omitempty"`
	// Against are the baselines, measured in the same run.
	Against []Comparison `json:"against"`
}

// Comparison is a figure beside a baseline.
type Comparison struct {
	Baseline string  `json:"baseline"`
	Value    float64 `json:"value"` // in the figure's unit
	// Ratio is how many times as good as the baseline Atlant is: 2 is twice as fast, or half as large.
	Ratio float64 `json:"ratio"`
	// Target is the least ratio that is wanted, 0 if none is; Met tells whether it was reached.
	Target float64 `json:"target,omitempty"`
	Met    *bool   `json:"met,omitempty"`
}

// than adds a comparison, unless the baseline was not measured.
func (f *Figure) than(baseline string, value, target float64) {
	if value == 0 {
		return
	}
	f.Against = append(f.Against, Comparison{Baseline: baseline, Value: value, Target: target})
}

// judge works the ratios out, and which targets are met.
func (f *Figure) judge() {
	if f.AtMost > 0 {
		met := f.Value <= f.AtMost
		f.Met = &met
	}
	for i := range f.Against {
		c := &f.Against[i]
		if c.Ratio == 0 {
			c.Ratio = ratio(f.Value, c.Value)
			if f.Unit != unitRate { // less is better
				c.Ratio = ratio(c.Value, f.Value)
			}
		}
		if c.Target > 0 {
			met := c.Ratio >= c.Target
			c.Met = &met
		}
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// rate returns rows per second.
func rate(rows int, took time.Duration) float64 { return ratio(float64(rows), took.Seconds()) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func per(bytes int64, rows int) float64 { return ratio(float64(bytes), float64(rows)) }

// medians merges the figures of several rounds, each of which has the same ones. A ratio is the median of the rounds'
// ratios: what disturbs a machine for a while disturbs both sides of it.
func medians(rounds [][]Figure) []Figure {
	merged := slices.Clone(rounds[0])
	for i := range merged {
		of := func(value func(f *Figure) float64) float64 {
			values := make([]float64, len(rounds))
			for r := range rounds {
				values[r] = value(&rounds[r][i])
			}
			return median(values)
		}
		f := &merged[i]
		if f.Unit == unitMemory { // later rounds begin with what the process has grown to
			f.judge()
			continue
		}
		f.Value = of(func(f *Figure) float64 { return f.Value })
		f.Details = nil
		for name := range rounds[0][i].Details {
			f.detail(name, of(func(f *Figure) float64 { return f.Details[name] }))
		}
		f.Against = slices.Clone(f.Against)
		for c := range f.Against {
			f.Against[c].Value = of(func(f *Figure) float64 { return f.Against[c].Value })
			f.Against[c].Ratio = of(func(f *Figure) float64 { return f.Against[c].Ratio })
		}
		f.judge()
	}
	return merged
}

func (f *Figure) detail(name string, value float64) {
	if f.Details == nil {
		f.Details = map[string]float64{}
	}
	f.Details[name] = value
}

// median returns the middle of values, of two middles the lesser; the zero value if there are none.
func median[T cmp.Ordered](values []T) T { return quantile(values, 50) }

// quantile returns the least value that is at least as large as so many percent of all; the zero value if there are none.
func quantile[T cmp.Ordered](values []T, percent int) T {
	var none T
	if len(values) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}
