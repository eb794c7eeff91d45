package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"
)

// The names of the bare stages.
const (
	bareCSV     = "encoding/csv"
	barePublish = "bare publish"
	bareConsume = "bare consume"
	bareInsert  = "store insert"
)

// stages say what each stage of a first load takes when nothing else is done.
type stages struct {
	csv, publish, consume, insert time.Duration
	listBytes, messageBytes       int64
}

// stage is one of them.
type stage struct {
	name string
	took time.Duration
}

func (s *stages) all() []stage {
	return []stage{{bareCSV, s.csv}, {barePublish, s.publish}, {bareConsume, s.consume}, {bareInsert, s.insert}}
}

// slowest returns the stage that bounds the others.
func (s *stages) slowest() (string, time.Duration) {
	slowest := slices.MaxFunc(s.all(), func(a, b stage) int { return cmp.Compare(a.took, b.took) })
	return slowest.name, slowest.took
}

// stagesOf returns the stages of a first load, and measures those of each size once; none of them without baselines.
func (r *run) stagesOf(ctx context.Context, rows int) (stages, error) {
	if s, ok := r.bare[rows]; ok || r.options.NoBaselines {
		return s, nil
	}
	r.sayf("measuring each stage alone, %s", english.Plural(rows, "row", ""))
	settle()
	var s stages
	l := list{products: rows, changed: r.options.Changed}
	err := r.spool(l, func(file *os.File) (err error) {
		if s.listBytes, err = file.Seek(0, io.SeekEnd); err != nil {
			return err
		}
		s.csv, err = readCSV(file)
		return err
	})
	if err == nil {
		err = r.bareLog(ctx, l, &s)
	}
	if err == nil {
		s.insert, err = r.insert(ctx, l)
	}
	if err != nil {
		return stages{}, fmt.Errorf("measure the bare stages: %w", err)
	}
	r.bare[rows] = s
	return s, nil
}

// spool writes a list to a file that is there until read returns.
func (r *run) spool(l list, read func(*os.File) error) (err error) {
	file, err := os.CreateTemp(r.options.Scratch, "list-*.csv")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if _, err := l.WriteTo(file); err != nil {
		return err
	}
	return read(file)
}
