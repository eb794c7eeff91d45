package pricelist

import (
	"bytes"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
)

// dateOrder is in which order a date has day and month.
type dateOrder string

const (
	anyOrder dateOrder = "" // it can't be told, or makes no difference
	dayFirst dateOrder = "dmy"
	dayNext  dateOrder = "mdy"
)

// date is a cell with a date, taken apart.
type date struct {
	year, first, second int
	yearFirst           bool
	order               dateOrder // if it can be told from this date alone
	clock               time.Duration
	zone                *time.Location
}

// scanDate takes apart a date such as 2026-04-20, 20260420, 20.04.2026 or 4/20/2026, with a time of day behind it or without.
func scanDate(cell []byte) (d date, ok bool) {
	d.zone = time.UTC
	if whole, size, rest := cutNumber(cell); size == 8 { // 20260420
		d.year, d.first, d.second, d.yearFirst = whole/10_000, whole/100%100, whole%100, true
		return d, d.setClock(rest)
	}
	parts, sizes, separator, rest, ok := cutParts(cell)
	switch {
	case !ok || !isShort(sizes[1]):
		return d, false
	case sizes[0] == 4 && isShort(sizes[2]):
		d.year, d.first, d.second, d.yearFirst = parts[0], parts[1], parts[2], true
	case sizes[2] == 4 && isShort(sizes[0]):
		d.first, d.second, d.year = parts[0], parts[1], parts[2]
		switch {
		case separator == '.', d.first > 12: // points are between a day and a month everywhere
			d.order = dayFirst
		case d.second > 12:
			d.order = dayNext
		}
	default:
		return d, false
	}
	return d, d.setClock(rest)
}

// cutParts cuts three numbers off the start of a text, between which is twice the same separator.
func cutParts(text []byte) (parts, sizes [3]int, separator byte, rest []byte, ok bool) {
	for i := range parts {
		if i > 0 {
			if len(text) == 0 || !isDateSeparator(text[0]) || i == 2 && text[0] != separator {
				return parts, sizes, separator, text, false
			}
			separator, text = text[0], text[1:]
		}
		parts[i], sizes[i], text = cutNumber(text)
	}
	return parts, sizes, separator, text, true
}

func isDateSeparator(c byte) bool { return c == '-' || c == '/' || c == '.' }

func isShort(size int) bool { return size == 1 || size == 2 }

// cutNumber cuts digits off the start of a text.
func cutNumber(text []byte) (value, size int, rest []byte) {
	for size < len(text) && size <= 8 && isDigit(text[size]) {
		value = value*10 + int(text[size]-'0')
		size++
	}
	return value, size, text[size:]
}

// clockLayouts are those of a time of day.
var clockLayouts = []string{"15:04:05Z07:00", "15:04:05", "15:04Z07:00", "15:04", "150405", "15.04.05"}

// setClock takes in what is behind the date.
func (d *date) setClock(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	if text[0] != ' ' && text[0] != 'T' {
		return false
	}
	clock := string(bytes.TrimSpace(text[1:]))
	for _, layout := range clockLayouts {
		if at, err := time.Parse(layout, clock); err == nil {
			d.clock = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute +
				time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
			d.zone = at.Location()
			return true
		}
	}
	return false
}

// time returns the moment, if there is one.
func (d *date) time(order dateOrder) (time.Time, bool) {
	month, day := d.first, d.second
	if !d.yearFirst && order == dayFirst {
		month, day = day, month
	}
	at := time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, d.zone)
	if at.Year() != d.year || at.Month() != time.Month(month) || at.Day() != day {
		return time.Time{}, false
	}
	return at.Add(d.clock), true
}

// dateEvidence is what the dates of a list say about their order.
type dateEvidence struct{ dayFirst, dayNext, unclear tally }

func (e *dateEvidence) add(line int64, cell []byte) {
	d, ok := scanDate(cell)
	switch {
	case !ok || d.yearFirst || d.first == d.second:
	case d.order == dayFirst:
		e.dayFirst.add(line, cell)
	case d.order == dayNext:
		e.dayNext.add(line, cell)
	default:
		e.unclear.add(line, cell)
	}
}

// settle returns the order of the list's dates, and why; no words where nothing had to be settled.
func (e *dateEvidence) settle(given string) (order dateOrder, why string) {
	first, next := &e.dayFirst, &e.dayNext
	switch {
	case given != "":
		return dateOrder(given), "csv.date_order gives the order of day and month"
	case first.count > 0 && first.count >= markMajority*next.count:
		return dayFirst, fmt.Sprintf("the day comes first in %s (%v)", plural(int(first.count), "date"), first)
	case next.count > 0 && next.count >= markMajority*first.count:
		return dayNext, fmt.Sprintf("the month comes first in %s (%v)", plural(int(next.count), "date"), next)
	case e.unclear.count > 0:
		return anyOrder, fmt.Sprintf("nothing says which is the day in %s (%v): csv.date_order would settle it",
			plural(int(e.unclear.count), "date"), &e.unclear)
	}
	return anyOrder, ""
}

// decision weighs the order; nil where nothing had to be decided.
func (e *dateEvidence) decision(order dateOrder, given string, isRemembered bool) []decision {
	if order == anyOrder {
		return nil
	}
	most, other, name := &e.dayFirst, &e.dayNext, "month"
	if order == dayNext {
		most, other, name = other, most, "day"
	}
	d := decision{
		what: "whether the day or the month comes first", options: orderOptions, isCertain: given != "", isRemembered: isRemembered,
		support: int(most.count), against: int(other.count),
	}
	if other.count > 0 && given == "" {
		d.alternatives = []string{fmt.Sprintf("the %s first in %s (%v)", name, plural(int(other.count), "date"), other)}
	}
	return []decision{d}
}

// dates reads the dates of a list. Many rows have the one of the row before.
type dates struct {
	order  dateOrder
	latest events.Micros // 0 for none

	last []byte
	at   events.Micros
	ok   bool
}

func (r *dates) read(cell []byte) (at events.Micros, ok bool) {
	if r.last == nil || !bytes.Equal(cell, r.last) {
		r.last = append(r.last[:0], cell...)
		r.at, r.ok = r.parse(cell)
	}
	return r.at, r.ok
}

func (r *dates) parse(cell []byte) (events.Micros, bool) {
	d, ok := scanDate(cell)
	if !ok {
		return 0, false
	}
	order := r.order
	if !d.yearFirst && d.first != d.second && (order == anyOrder || d.order != anyOrder && d.order != order) {
		return 0, false
	}
	moment, ok := d.time(order)
	at := events.Micros(moment.UnixMicro())
	return at, ok && at >= 0 && (r.latest == 0 || at <= r.latest)
}
