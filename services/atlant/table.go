package main

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column says how a table treats one of its columns.
type column struct {
	name     string
	right    bool                          // numbers line up at their right end
	optional bool                          // left out where the terminal is too narrow, the last one first
	flexible bool                          // cut short where the terminal is too narrow
	color    func(cell string) text.Colors // may be nil
}

const (
	columnGap     = 2
	leastFlexible = 12 // no flexible column gets narrower
)

// pagedTable prints rows page by page, so that a list of any length needs the memory of a page. The first page
// settles the layout.
type pagedTable struct {
	console *console
	columns []column
	shown   []int // indexes of the columns that fit
	widths  []int // of all columns, set by the first page
}

// write prints a page; the first one with the header.
func (t *pagedTable) write(rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
	}
	first := t.widths == nil
	if first {
		t.layOut(rows)
	}
	w := table.NewWriter()
	w.SetStyle(plainStyle())
	w.SuppressTrailingSpaces()
	w.SetColumnConfigs(t.configs())
	if first {
		w.AppendHeader(t.header())
	}
	for _, row := range rows {
		w.AppendRow(t.cells(row))
	}
	_, err := t.console.out.Write([]byte(w.Render() + "\n"))
	return err
}

// layOut measures the columns and, on a terminal, makes them fit.
func (t *pagedTable) layOut(rows [][]string) {
	t.widths = make([]int, len(t.columns))
	for i, c := range t.columns {
		t.shown = append(t.shown, i)
		t.widths[i] = text.StringWidthWithoutEscSequences(c.name)
		for _, row := range rows {
			t.widths[i] = max(t.widths[i], text.StringWidthWithoutEscSequences(row[i]))
		}
	}
	if t.console.width == 0 {
		return
	}
	for t.excess(t.leastWidth) > 0 {
		if !t.dropOptional() {
			break
		}
	}
	t.shrinkFlexible()
}

// excess returns by how many columns the table is wider than the terminal when each column is as wide as given.
func (t *pagedTable) excess(width func(column int) int) int {
	total := columnGap * (len(t.shown) - 1)
	for _, i := range t.shown {
		total += width(i)
	}
	return total - t.console.width
}

// leastWidth returns the width that a column cannot do without.
func (t *pagedTable) leastWidth(i int) int {
	if t.columns[i].flexible {
		return min(t.widths[i], 2*leastFlexible) // worth more than an optional column
	}
	return t.widths[i]
}

// dropOptional leaves the last optional column out; it returns false if there is none.
func (t *pagedTable) dropOptional() bool {
	for n, i := range slices.Backward(t.shown) {
		if t.columns[i].optional {
			t.shown = slices.Delete(t.shown, n, n+1)
			return true
		}
	}
	return false
}

func (t *pagedTable) shrinkFlexible() {
	for _, i := range t.shown {
		excess := t.excess(func(i int) int { return t.widths[i] })
		if t.columns[i].flexible && excess > 0 {
			t.widths[i] = max(min(t.widths[i], leastFlexible), t.widths[i]-excess)
		}
	}
}

func (t *pagedTable) header() table.Row {
	names := make(table.Row, 0, len(t.shown))
	for _, i := range t.shown {
		names = append(names, t.console.paint(text.Colors{text.Bold}, t.columns[i].name))
	}
	return names
}

func (t *pagedTable) cells(row []string) table.Row {
	cells := make(table.Row, 0, len(t.shown))
	for _, i := range t.shown {
		cell := row[i]
		if t.console.width > 0 && t.columns[i].flexible {
			cell = text.Snip(cell, t.widths[i], "…")
		}
		if color := t.columns[i].color; color != nil {
			cell = t.console.paint(color(row[i]), cell)
		}
		cells = append(cells, cell)
	}
	return cells
}

func (t *pagedTable) configs() []table.ColumnConfig {
	configs := make([]table.ColumnConfig, 0, len(t.shown))
	for n, i := range t.shown {
		config := table.ColumnConfig{Number: n + 1, WidthMin: t.widths[i], Align: text.AlignLeft, AlignHeader: text.AlignLeft}
		if t.columns[i].right {
			config.Align, config.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, config)
	}
	return configs
}

// plainStyle has neither lines nor a box: two spaces keep columns apart.
func plainStyle() table.Style {
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", strings.Repeat(" ", columnGap)
	style.Format.Header = text.FormatDefault
	return style
}
