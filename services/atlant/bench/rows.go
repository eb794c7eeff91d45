package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Rows returns the report as a table: scenario, figure, value, unit, baseline, its value, ratio, target, verdict, details. A figure
// has a row for each baseline, and says what it is only in the first.
func (r *Report) Rows() [][]string {
	var rows [][]string
	scenario := Scenario("")
	for i := range r.Figures {
		f := &r.Figures[i]
		of := f.rows()
		of[0][1], of[0][2], of[0][3], of[0][9] = f.Name, number(f.Value), f.Unit, f.details()
		if f.Scenario != scenario {
			scenario, of[0][0] = f.Scenario, string(f.Scenario)
		}
		rows = append(rows, of...)
	}
	return rows
}

// rows returns what a figure is compared with, a row each; there is at least one.
func (f *Figure) rows() [][]string {
	var rows [][]string
	if f.AtMost > 0 {
		rows = append(rows, []string{"", "", "", "", "", "", "", "≤ " + number(f.AtMost), verdict(f.Met), ""})
	}
	for _, c := range f.Against {
		target := ""
		if c.Target > 0 {
			target = fmt.Sprintf("≥ %.1f", c.Target)
		}
		rows = append(rows, []string{"", "", "", "", c.Baseline, number(c.Value), number(c.Ratio), target, verdict(c.Met), ""})
	}
	if len(rows) == 0 {
		rows = append(rows, make([]string, 10))
	}
	return rows
}

// details returns what else is known of the measurement, by name.
func (f *Figure) details() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f.Details)) {
		all = append(all, name+" "+number(f.Details[name]))
	}
	return strings.Join(all, ", ")
}

func verdict(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "met"
	default:
		return "missed"
	}
}

// number formats three digits at least, and those left of the point.
func number(v float64) string {
	switch {
	case v >= 100:
		return humanize.Comma(int64(v + 0.5))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}
