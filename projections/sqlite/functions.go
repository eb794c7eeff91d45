package sqlite

import (
	"database/sql/driver"
	"strings"

	sqlite "modernc.org/sqlite"

	"github.com/atlant-log/atlant/projections"
)

// Adds to SQL what statements on words need:
//
//	words_of(name)            the words of a name, with a space between two
//	words_match(name, words)  whether for each of the words, with a space between two, one of the name begins with it
//
// While the program starts, because the driver does not lock its map of functions, which each new connection reads.
func init() { //nolint:gochecknoinits // The one moment at which no connection is being opened.
	sqlite.MustRegisterDeterministicScalarFunction("words_of", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			return strings.Join(projections.NameWords(textOf(args[0])), " "), nil
		})
	sqlite.MustRegisterDeterministicScalarFunction("words_match", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			return projections.NameMatches(textOf(args[0]), strings.Fields(textOf(args[1]))), nil
		})
}

// textOf returns a text; the columns and parameters that these functions are called with hold nothing else.
func textOf(value driver.Value) string {
	text, _ := value.(string)
	return text
}
