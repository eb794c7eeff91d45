package sqlite

import "strings"

// A statement takes many rows at once: what passing one statement costs is about what inserting five rows does.
const (
	rowsPerStatement = 50
	idsPerStatement  = 500
)

// rowStatement is an SQL statement that repeats a group of parameters for each of its rows.
type rowStatement struct {
	before, row, after string
}

const withRows = "WITH v AS (VALUES " // the rows are v, their columns column1 and so on

// text returns the statement for so many rows.
func (s *rowStatement) text(rows int) string {
	return s.before + strings.Repeat(s.row+",", rows-1) + s.row + s.after
}

// paddedSize returns how many parameters a list of n ids is given, the last one repeated, so that there are few statements
// to prepare.
func paddedSize(n int) int {
	for _, size := range []int{1, 8, 64} {
		if n <= size {
			return size
		}
	}
	return idsPerStatement
}

// appendIDs appends ids as the only parameters, padded.
func appendIDs[ID ~[16]byte](args []any, ids []ID) []any {
	for i := range ids {
		args = append(args, ids[i][:])
	}
	return pad(args)
}

// pad repeats the last of some parameters, of which there are as many as idsPerStatement at most.
func pad(args []any) []any {
	last := args[len(args)-1]
	for size := paddedSize(len(args)); len(args) < size; {
		args = append(args, last)
	}
	return args
}
