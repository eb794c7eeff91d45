package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	chartWidth  = 80 // where there is no terminal
	chartHeight = 8
	chartTicks  = 5 // of time
	leastChart  = 10
)

// priceStep is a price and when it began.
type priceStep struct {
	since  time.Time
	micros int64
}

// priceSteps returns the prices that a product had in its present currency, from its changes, the oldest first.
func priceSteps(product *atlantv1.Product, changes []*atlantv1.Change) []priceStep {
	currency := product.GetPrice().GetCurrencyCode()
	var steps []priceStep
	for _, c := range slices.Backward(changes) {
		if c.GetPrice().GetCurrencyCode() != currency {
			return steps
		}
		steps = slices.Insert(steps, 0, priceStep{c.GetObservedAt().AsTime(), c.GetPrice().GetAmountMicros()})
	}
	all := len(changes) > 0 && int64(len(changes)) == product.GetPriceChanges()
	if all && sameCurrency(changes[0].GetPreviousPrice(), product.GetPrice()) {
		first := priceStep{product.GetFirstObservedAt().AsTime(), changes[0].GetPreviousPrice().GetAmountMicros()}
		steps = slices.Insert(steps, 0, first)
	}
	return steps
}

// drawSteps draws prices up to a time as a line of steps, with the lowest and the highest below it.
func drawSteps(steps []priceStep, until time.Time, currency string, width int) string {
	low, high := steps[0].micros, steps[0].micros
	for _, s := range steps {
		low, high = min(low, s.micros), max(high, s.micros)
	}
	format := func(micros float64) string { return formatMicros(int64(micros) / centMicros * centMicros) }
	labels := max(len(formatMicros(low)), len(formatMicros(high)))
	from := steps[0].since
	columns := max(leastChart, width-labels-4-len(time.DateOnly)/2) // the last tick's text is centred on the last column
	return asciigraph.Plot(sampleSteps(steps, until, columns),
		asciigraph.Height(chartHeight),
		asciigraph.YAxisValueFormatter(format),
		asciigraph.XAxisRange(float64(from.Unix()), float64(until.Unix())),
		asciigraph.XAxisTickCount(min(chartTicks, columns/leastChart)),
		asciigraph.XAxisValueFormatter(func(seconds float64) string { return formatTick(int64(seconds), until.Sub(from)) }),
	) + "\n" + strings.TrimSpace(fmt.Sprintf("lowest %s, highest %s %s", formatMicros(low), formatMicros(high), currency)) + "\n"
}

// centMicros is how exact an axis is.
const centMicros = 10_000

// sampleSteps returns the price at the end of each of so many equal parts of the time.
func sampleSteps(steps []priceStep, until time.Time, columns int) []float64 {
	from := steps[0].since
	samples := make([]float64, columns)
	at := 0
	for i := range samples {
		end := from.Add(time.Duration(float64(until.Sub(from)) * float64(i) / float64(columns-1)))
		for at+1 < len(steps) && !steps[at+1].since.After(end) {
			at++
		}
		samples[i] = float64(steps[at].micros)
	}
	samples[columns-1] = float64(steps[len(steps)-1].micros)
	return samples
}

// formatTick writes a time as exactly as a span of so much asks for.
func formatTick(seconds int64, span time.Duration) string {
	layout := time.DateOnly
	switch {
	case span < time.Hour:
		layout = "15:04:05"
	case span < 3*24*time.Hour:
		layout = "02 15:04"
	}
	return formatTime(timestamppb.New(time.Unix(seconds, 0)), layout)
}
