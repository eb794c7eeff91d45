package pricelist_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

const benchRows = 1_000_000

// benchLists are lists as they are found in the wild, apart from their size.
var benchLists = []struct {
	name    string
	row     func(b *bytes.Buffer, i int)
	options *atlantv1.CsvOptions
}{
	{"plain", func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "test_product_%d;%d.%02d\n", i*7919, i%10_000, i%100)
	}, nil},
	{"quoted", func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "\"test_product_%d\";\"%d.%02d\"\n", i*7919, i%10_000, i%100)
	}, nil},
	{"comma", func(b *bytes.Buffer, i int) { // as a spreadsheet writes it where the decimal mark is a comma
		fmt.Fprintf(b, "Product %07d deluxe edition;%d,%02d\r\n", i, i%10_000, i%100)
	}, nil},
	{"dated", func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "2026-04-%02d;test_product_%d;%d.%02d\n", i*30/benchRows+1, i*7919, i%10_000, i%100)
	}, &atlantv1.CsvOptions{ObservedAtColumn: "1", NameColumns: []string{"2"}, PriceColumn: "3"}},
	{"wide", func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "%d;Brand;test_product_%d;%d.%02d;12;;in stock;https://example.com/p/%d\n", i, i*7919, i%10_000, i%100, i)
	}, &atlantv1.CsvOptions{NameColumns: []string{"2", "3"}, PriceColumn: "4"}},
	{"cyrillic", func(b *bytes.Buffer, i int) {
		fmt.Fprintf(b, "Молоко свежее %d;%d.%02d\n", i, i%10_000, i%100)
	}, nil},
}

// eachBenchList runs a benchmark of each list.
func eachBenchList(b *testing.B, bench func(b *testing.B, text []byte, o *atlantv1.CsvOptions)) {
	b.Helper()
	for _, list := range benchLists {
		b.Run(list.name, func(b *testing.B) {
			var text bytes.Buffer
			for i := range benchRows {
				list.row(&text, i)
			}
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			bench(b, text.Bytes(), list.options)
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	eachBenchList(b, func(b *testing.B, text []byte, o *atlantv1.CsvOptions) {
		b.Helper()
		for b.Loop() {
			if _, err := pricelist.Open(context.Background(), bytes.NewReader(text), int64(len(text)), o, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	eachBenchList(b, func(b *testing.B, text []byte, o *atlantv1.CsvOptions) {
		b.Helper()
		l, err := pricelist.Open(context.Background(), bytes.NewReader(text), int64(len(text)), o, nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			n := 0
			err := l.Rows(context.Background(), func(row *pricelist.Row) error {
				if row.Reject == nil {
					n++
				}
				return nil
			})
			if err != nil || n != benchRows {
				b.Fatal(n, err)
			}
		}
	})
}

// BenchmarkEncodingCSV only splits the same bytes, and understands nothing.
func BenchmarkEncodingCSV(b *testing.B) {
	eachBenchList(b, func(b *testing.B, text []byte, _ *atlantv1.CsvOptions) {
		b.Helper()
		for b.Loop() {
			r := csv.NewReader(bytes.NewReader(text))
			r.Comma, r.ReuseRecord = ';', true
			for {
				if _, err := r.Read(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
