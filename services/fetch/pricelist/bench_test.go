package pricelist_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"testing"

	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

const benchRows = 1_000_000

func benchList() []byte {
	var b bytes.Buffer
	for i := range benchRows {
		fmt.Fprintf(&b, "test_product_%d;%d.%02d\n", i*7919, i%10_000, i%100)
	}
	return b.Bytes()
}

func BenchmarkOpen(b *testing.B) {
	text := benchList()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pricelist.Open(context.Background(), bytes.NewReader(text), int64(len(text)), nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	text := benchList()
	l, err := pricelist.Open(context.Background(), bytes.NewReader(text), int64(len(text)), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := l.Rows(context.Background(), func(pricelist.Row) error { n++; return nil }); err != nil || n != benchRows {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkEncodingCSV only splits the same bytes, and understands nothing.
func BenchmarkEncodingCSV(b *testing.B) {
	text := benchList()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
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
}
