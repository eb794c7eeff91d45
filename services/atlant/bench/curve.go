package bench

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// leastCurve is the size of the smallest list of a curve.
const leastCurve = 10_000

// CurveSizes returns the sizes of lists of a curve: the powers of ten from 10,000, and the largest one.
func CurveSizes(largest int) []int {
	var sizes []int
	for size := leastCurve; size < largest; size *= 10 {
		sizes = append(sizes, size)
	}
	return append(sizes, largest)
}

// CurveShards are the numbers of shards of a curve.
func CurveShards() []int { return []int{1, 2, 4, 8} }

// curve is one diagram: how a figure grows with the size of the list.
type curve struct {
	file, title string
	axis        string
	scenario    Scenario
	figure      string
}

func curves() []curve {
	const rows, memory = "rows a second", "megabytes"
	return []curve{
		{"first-load.svg", "First load, until visible", rows, FirstLoad, untilVisible},
		{"reload.svg", "The same list again, until visible", rows, Reload, untilVisible},
		{"rebuild.svg", "Rebuild, until switched", rows, Rebuild, untilSwitched},
		{"memory.svg", "Memory at its peak during a first load", memory, FirstLoad, peakOfMemory},
	}
}

// pointsFile is what the diagrams of a folder were drawn from.
const pointsFile = "points.json"

// ReadCurve returns what WriteCurve has written into a folder, nothing if it never did.
func ReadCurve(folder string) ([]*Report, error) {
	path := filepath.Join(folder, pointsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var reports []*Report
	if err := json.Unmarshal(text, &reports); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return reports, nil
}

// HasPoint tells whether there is a report of such a size.
func HasPoint(reports []*Report, products, shards int) bool {
	return slices.ContainsFunc(reports, func(r *Report) bool {
		return r.Options.Products == products && r.Options.Shards == shards
	})
}

// WriteCurve writes reports of different sizes and shards into a folder, as JSON and as diagrams in SVG. It makes the folder.
func WriteCurve(folder string, reports []*Report) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for others to read
		return err
	}
	text, err := json.MarshalIndent(reports, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, pointsFile), append(text, '\n'), 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	for _, c := range curves() {
		if err := c.draw(filepath.Join(folder, c.file), reports); err != nil {
			return fmt.Errorf("draw %s: %w", c.file, err)
		}
	}
	return nil
}

func (c *curve) draw(path string, reports []*Report) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, "products", c.axis
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	empty := true
	for i, shards := range CurveShards() {
		points := c.points(reports, shards)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color, dots.Shape = plotutil.Color(i), plotutil.Color(i), draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(strconv.Itoa(shards)+" shards", line, dots)
		empty = false
	}
	if empty { // memory is not known everywhere
		return nil
	}
	p.X.Min, p.X.Max = bounds(p.X.Min, p.X.Max)
	p.Y.Min, p.Y.Max = bounds(p.Y.Min, p.Y.Max)
	canvas := vgsvg.New(16*vg.Centimeter, 10*vg.Centimeter)
	p.Draw(draw.New(canvas))
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// points returns the figure of each report with so many shards.
func (c *curve) points(reports []*Report, shards int) plotter.XYs {
	var points plotter.XYs
	for _, r := range reports {
		if r.Options.Shards != shards {
			continue
		}
		for i := range r.Figures {
			if f := &r.Figures[i]; f.Scenario == c.scenario && f.Name == c.figure && f.Value > 0 {
				points = append(points, plotter.XY{X: float64(r.Options.Products), Y: f.Value})
			}
		}
	}
	slices.SortFunc(points, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	return points
}

// bounds widens an axis to whole decades: a logarithmic one begins and ends with a number one can read.
func bounds(least, most float64) (float64, float64) {
	low, high := math.Pow10(int(math.Floor(math.Log10(least)))), math.Pow10(int(math.Ceil(math.Log10(most))))
	if low == high {
		high *= 10
	}
	return low, high
}

// decades labels 1, 2 and 5 of each power of ten.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(least, most float64) []plot.Tick {
	var ticks []plot.Tick
	for decade := least; decade <= most; decade *= 10 {
		for digit := 1.0; digit < 10; digit++ {
			value := decade * digit
			if value > most*1.0001 {
				break
			}
			tick := plot.Tick{Value: value}
			if digit == 1 || digit == 2 || digit == 5 {
				tick.Label = humanize.Comma(int64(value))
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}
