package exportfile

import (
	"bufio"
	"encoding"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Format is how a file is written.
type Format struct {
	Extension, ContentType string
}

// The formats.
var (
	CSV       = Format{"csv", "text/csv; charset=utf-8"} // with semicolons and a header, as a price list that Atlant reads
	JSONLines = Format{"jsonl", "application/jsonl; charset=utf-8"}
	Parquet   = Format{"parquet", "application/vnd.apache.parquet"}
)

// Formats are all formats.
func Formats() []Format { return []Format{CSV, JSONLines, Parquet} }

// Writer writes the rows of a file.
type Writer[Row any] interface {
	// Write writes rows; it may keep them until Close.
	Write(rows []Row) error
	// Close writes what is left, and the end of the file. Without it the file is not whole.
	Close() error
}

// New begins a file.
func New[Row any](format Format, to io.Writer) Writer[Row] {
	switch format {
	case JSONLines:
		buffered := bufio.NewWriterSize(to, bufferBytes)
		lines := json.NewEncoder(buffered)
		lines.SetEscapeHTML(false)
		return &jsonWriter[Row]{buffered, lines}
	case Parquet:
		return &parquetWriter[Row]{parquet.NewGenericWriter[Row](to, parquet.Compression(&parquet.Zstd)), 0}
	default:
		w := csv.NewWriter(bufio.NewWriterSize(to, bufferBytes))
		w.Comma = ';'
		return &csvWriter[Row]{csv: w}
	}
}

const bufferBytes = 64 << 10

// jsonWriter writes an object a line.
type jsonWriter[Row any] struct {
	buffered *bufio.Writer
	lines    *json.Encoder
}

func (w *jsonWriter[Row]) Write(rows []Row) error {
	for i := range rows {
		if err := w.lines.Encode(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *jsonWriter[Row]) Close() error { return w.buffered.Flush() }

// rowsPerGroup bounds what is kept in memory of a Parquet file.
const rowsPerGroup = 50_000

type parquetWriter[Row any] struct {
	file *parquet.GenericWriter[Row]
	rows int // in the group
}

func (w *parquetWriter[Row]) Write(rows []Row) error {
	if _, err := w.file.Write(rows); err != nil {
		return err
	}
	if w.rows += len(rows); w.rows < rowsPerGroup {
		return nil
	}
	w.rows = 0
	return w.file.Flush()
}

func (w *parquetWriter[Row]) Close() error { return w.file.Close() }

// csvWriter writes a header, and then a record for each row. Fields are in quotes where they must be, as RFC 4180 has it.
type csvWriter[Row any] struct {
	csv   *csv.Writer
	begun bool
}

func (w *csvWriter[Row]) Write(rows []Row) error {
	if err := w.begin(); err != nil {
		return err
	}
	for i := range rows {
		value := reflect.ValueOf(&rows[i]).Elem()
		record := make([]string, value.NumField())
		for field := range record {
			var err error
			if record[field], err = textOf(value.Field(field)); err != nil {
				return err
			}
		}
		if err := w.csv.Write(record); err != nil {
			return err
		}
	}
	return nil
}

// begin writes the header.
func (w *csvWriter[Row]) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	var header []string
	for field := range reflect.TypeFor[Row]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		header = append(header, name)
	}
	return w.csv.Write(header)
}

func (w *csvWriter[Row]) Close() error {
	if err := w.begin(); err != nil { // there were no rows
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

// textOf returns the text of a field; none if it is absent.
func textOf(value reflect.Value) (string, error) {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return "", nil
		}
		value = value.Elem()
	}
	if text, ok := reflect.TypeAssert[encoding.TextMarshaler](value); ok {
		data, err := text.MarshalText()
		return string(data), err
	}
	switch value.Kind() {
	case reflect.String:
		return value.String(), nil
	case reflect.Int64:
		return strconv.FormatInt(value.Int(), 10), nil
	default:
		return "", fmt.Errorf("a column of %s", value.Type())
	}
}
