package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// importBatch is how many lines go into one command, as with mongoimport.
const importBatch = 1000

// importsOf returns how long the import of the first and then of the second version of the list took, and measures that
// once. The file is read, split and sent line by line, as the tool does it.
func (r *run) importsOf(ctx context.Context, indexes bool) (took [2]time.Duration, err error) {
	if took, ok := r.imports[indexes]; ok {
		return took, nil
	}
	r.sayf("importing the lists with upsert, same indexes: %t", indexes)
	settle()
	into, err := r.place.OpenImport(ctx, indexes)
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	for version := range took {
		err := r.spool(r.list(version), func(file *os.File) error {
			began := time.Now()
			defer func() { took[version] = time.Since(began) }()
			return importFile(ctx, into, file)
		})
		if err != nil {
			return took, fmt.Errorf("import: %w", err)
		}
	}
	r.imports[indexes] = took
	return took, nil
}

func importFile(ctx context.Context, into Import, file *os.File) error {
	names, prices := make([]string, 0, importBatch), make([]string, 0, importBatch)
	flush := func() error {
		if len(names) == 0 {
			return nil
		}
		err := into.Upsert(ctx, names, prices)
		names, prices = names[:0], prices[:0]
		return err
	}
	err := eachRecord(file, func(record []string) error {
		names, prices = append(names, strings.Clone(record[0])), append(prices, strings.Clone(record[1]))
		if len(names) < importBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
