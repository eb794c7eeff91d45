// Package archive keeps files in one: a ZIP file with a manifest that says what must be in it, and the SHA-256 of each. It is
// there whole or not at all, and one that was damaged or cut off on its way is found out before anything of it is used.
package archive

import (
	"encoding/json"
	"errors"
	"time"
)

// manifestName is that of the manifest in the ZIP file.
const manifestName = "manifest.json"

// format is the version of the manifest. A reader of a lower one would misunderstand it.
const format = 1

// Errors of an archive that cannot be used.
var (
	// ErrDamaged: it is no archive, only a part of one, or not as it was written.
	ErrDamaged = errors.New("damaged, incomplete or no archive of Atlant")
	// ErrNewer: it was written by a version that this one does not understand.
	ErrNewer = errors.New("written by a newer version of Atlant")
)

// Manifest says what is in an archive.
type Manifest struct {
	Format   int             `json:"format"`
	ID       string          `json:"id"`
	Written  time.Time       `json:"written"`  // when it was begun
	By       string          `json:"by"`       // version of the program
	Contents json.RawMessage `json:"contents"` // what its writer says of the files
	Files    []File          `json:"files"`
}

// File is one of an archive.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // in hexadecimal digits
}

// Bytes returns how long the files are together.
func (m *Manifest) Bytes() int64 {
	var sum int64
	for _, f := range m.Files {
		sum += f.Bytes
	}
	return sum
}
