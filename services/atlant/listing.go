package main

import (
	"google.golang.org/protobuf/proto"
)

const largestPage = 1000

// output is how a reading command shows what it read.
type output struct {
	JSON bool `name:"json" help:"Print JSON, one object a line."`
}

// listing prints a list as its pages come in: as a table, or as JSON lines.
type listing[T proto.Message] struct {
	console *console
	json    bool
	limit   uint // items to print at most; 0 for all
	columns []column
	row     func(T) []string
	page    func(size int32, token string) (items []T, next string, err error)
}

// print returns how many items it printed, and whether the limit left some out.
func (l *listing[T]) print() (printed uint, more bool, err error) {
	t := &pagedTable{console: l.console, columns: l.columns}
	for token := ""; ; {
		items, next, err := l.page(l.pageSize(printed), token)
		if err != nil {
			return printed, false, err
		}
		if err := l.printPage(t, items); err != nil {
			return printed, false, err
		}
		printed += uint(len(items))
		if next == "" || (l.limit > 0 && printed >= l.limit) {
			return printed, next != "", nil
		}
		token = next
	}
}

// printAll prints and tells the user of what he does not see.
func (l *listing[T]) printAll(nothing string) error {
	printed, more, err := l.print()
	switch {
	case err != nil || l.json:
	case printed == 0:
		l.console.notef("%s", nothing)
	case more:
		l.console.notef("there are more: --limit 0 shows all")
	}
	return err
}

func (l *listing[T]) pageSize(printed uint) int32 {
	if l.limit == 0 {
		return largestPage
	}
	return int32(min(l.limit-printed, largestPage))
}

func (l *listing[T]) printPage(t *pagedTable, items []T) error {
	if l.json {
		return printJSON(l.console, items...)
	}
	rows := make([][]string, 0, len(items))
	for _, item := range items {
		rows = append(rows, l.row(item))
	}
	return t.write(rows)
}
