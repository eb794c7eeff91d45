package pricelist

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[dateOrder]string{ // "" stands for none
		"2026-04-20":                {anyOrder: "2026-04-20T00:00:00Z", dayFirst: "2026-04-20T00:00:00Z", dayNext: "2026-04-20T00:00:00Z"},
		"2026/4/20":                 {anyOrder: "2026-04-20T00:00:00Z"},
		"20260420":                  {anyOrder: "2026-04-20T00:00:00Z"},
		"20.04.2026":                {anyOrder: "", dayFirst: "2026-04-20T00:00:00Z", dayNext: ""},
		"4/5/2026":                  {anyOrder: "", dayFirst: "2026-05-04T00:00:00Z", dayNext: "2026-04-05T00:00:00Z"},
		"4/20/2026":                 {dayFirst: "", dayNext: "2026-04-20T00:00:00Z"},
		"5/5/2026":                  {anyOrder: "2026-05-05T00:00:00Z"},
		"20/08/2026 203014":         {dayFirst: "2026-08-20T20:30:14Z"},
		"2026-04-20 13:05":          {anyOrder: "2026-04-20T13:05:00Z"},
		"2026-04-20T13:05:06Z":      {anyOrder: "2026-04-20T13:05:06Z"},
		"2026-04-20T13:05:06+02:00": {anyOrder: "2026-04-20T11:05:06Z"},
		"2026-04-20 13:05:06.25":    {anyOrder: "2026-04-20T13:05:06.25Z"},
		"2026-02-30":                {anyOrder: ""},
		"2026-13-01":                {anyOrder: ""},
		"31.04.2026":                {dayFirst: ""},
		"1969-12-31":                {anyOrder: ""},
		"2027-01-01":                {anyOrder: ""}, // later than the latest
		"20.04.26":                  {dayFirst: ""},
		"2026-04":                   {anyOrder: ""},
		"2026-04/20":                {anyOrder: ""},
		"2026-04-20x":               {anyOrder: ""},
		"2026-04-20 25:00":          {anyOrder: ""},
		"123456789":                 {anyOrder: ""},
		"":                          {anyOrder: ""},
		"yesterday":                 {anyOrder: ""},
	} {
		for order, moment := range want {
			reader := dates{order: order, latest: events.Micros(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro())}
			for range 2 { // the second time from memory
				at, ok := reader.read([]byte(text))
				got := ""
				if ok {
					got = time.UnixMicro(int64(at)).UTC().Format(time.RFC3339Nano)
				}
				if got != moment {
					t.Errorf("%q in order %q: %q, want %q", text, order, got, moment)
				}
			}
		}
	}
}

// TestDatesInAnyStyle writes dates as people do, and reads them back.
func TestDatesInAnyStyle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "seconds"), 0).UTC()
		style := rapid.SampledFrom([]struct {
			layout string
			order  dateOrder
		}{
			{"2006-01-02 15:04:05", anyOrder},
			{time.RFC3339, dayNext},
			{"02.01.2006 15:04:05", dayFirst},
			{"2/1/2006 15:04:05", dayFirst},
			{"1/2/2006 150405", dayNext},
			{"20060102T15:04:05", anyOrder},
			{"01-02-2006 15:04:05", dayNext},
		}).Draw(t, "style")
		text := want.Format(style.layout)
		reader := dates{order: style.order}
		if got, ok := reader.read([]byte(text)); !ok || int64(got) != want.UnixMicro() {
			t.Fatalf("%q: %v %v", text, got, ok)
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, text := range []string{"2026-04-20", "20.04.2026 10:00", "4/20/2026", "20260420T101112", "99999999", "1-1-0000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, order := range []dateOrder{anyOrder, dayFirst, dayNext} {
			reader := dates{order: order}
			if at, ok := reader.read([]byte(text)); ok && at < 0 {
				t.Errorf("%q is at %d", text, at)
			}
		}
	})
}
