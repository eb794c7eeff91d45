package fetch

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// TestSpansOfDays: every day is in one span, the spans are in order, and none but those of one day has too many rows.
func TestSpansOfDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := days{rows: map[events.Micros]int{}}
		for day, rows := range rapid.MapOf(rapid.Int64Range(0, 1000), rapid.IntRange(1, rowsAtOnce*2)).Draw(t, "days") {
			d.rows[events.Micros(day)] = rows
		}
		spans := d.spans()
		met := 0
		for i, span := range spans {
			rows, within := 0, 0
			for day, n := range d.rows {
				if day >= span[0] && day <= span[1] {
					rows += n
					within++
				}
			}
			if within > 1 && rows > rowsAtOnce || within == 0 || i > 0 && span[0] <= spans[i-1][1] {
				t.Fatalf("%v: span %d has %d days with %d rows", spans, i, within, rows)
			}
			met += within
		}
		if met != len(d.rows) {
			t.Fatalf("%d of %d days are in a span", met, len(d.rows))
		}
	})
}

func TestTooManyDays(t *testing.T) {
	t.Parallel()
	var d days
	for at := range events.Micros(maxDays) {
		if err := d.note(at); err != nil {
			t.Fatal(at, err)
		}
	}
	if err := d.note(maxDays); err == nil || !d.inOrder() {
		t.Error(err, d.inOrder())
	}
	if err := d.note(3); err == nil || d.inOrder() {
		t.Error(err, d.inOrder())
	}
}
