package fetch

import (
	"context"
	"os"
	"time"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
)

// Inspection is what a fetch of a list would find.
type Inspection struct {
	Dialect *atlantv1.Dialect // nil if that could not be settled
	Counts  *atlantv1.FetchCounts
	Rejects []*atlantv1.Reject // the first 10,000
}

// Inspect reads a list as a fetch would, and publishes nothing. With an error that says that the list cannot be used comes
// what was found until then.
func Inspect(ctx context.Context, file *os.File, options *atlantv1.CsvOptions) (*Inspection, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	r, err := read(ctx, &toRead{
		file: file, size: info.Size(), hints: listtext.Hints{Encoding: options.GetEncoding(), MaxBytes: DefaultMaxListBytes},
		options: options, source: events.DefaultSource, latest: events.Micros(time.Now().Add(clockTolerance).UnixMicro()),
		makeText: func() (*textFile, error) {
			text, err := os.CreateTemp("", "atlant-inspect-")
			return &textFile{text}, err
		},
	})
	defer func() { _ = r.close() }() // it is nothing but a copy
	found := &Inspection{Counts: &r.counts, Rejects: r.rejects}
	if r.list != nil {
		found.Dialect = r.dialect()
	}
	return found, err
}
