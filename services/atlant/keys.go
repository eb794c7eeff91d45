package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/atlant-log/atlant/services/access"
)

type keysCommand struct {
	New keysNewCommand `cmd:"" help:"Make an API key. It is shown once; what is kept of it is its hash."`
}

type keysNewCommand struct {
	ID                string   `name:"id" required:"" placeholder:"NAME" help:"Whose key it is, for logs: letters, digits and . _ @ -"`
	Scope             string   `enum:"read,fetch,admin" default:"read" placeholder:"SCOPE" help:"What the key lets do: ${enum}; each includes those before it (${default})."`
	Source            []string `placeholder:"NAME" help:"Confine it to this source. Can be repeated."`
	RequestsPerSecond int      `placeholder:"N" help:"How many requests it may make in the long run (--rate-limit of the server)."`
	RequestsPerDay    int      `placeholder:"N" help:"How many requests it may make a day (any)."`
	ExpiresInDays     int      `placeholder:"N" help:"When it ends (never)."`
	File              string   `type:"path" placeholder:"FILE" help:"Add the entry to this keys file, and print the key alone."`
}

// Run prints the key, and the entry for the keys file unless it adds that itself.
func (k *keysNewCommand) Run(c *console) error {
	key, sum := access.NewKey()
	entry := access.Entry{
		ID: k.ID, SHA256: sum, Scope: k.Scope, Sources: k.Source,
		RequestsPerSecond: k.RequestsPerSecond, RequestsPerDay: k.RequestsPerDay,
	}
	if k.ExpiresInDays > 0 {
		entry.Expires = time.Now().AddDate(0, 0, k.ExpiresInDays).UTC().Truncate(time.Second)
	}
	text, err := entry.Text()
	if err != nil {
		return &failure{text: err.Error(), hint: "see `atlant keys new --help`", code: exitUsage}
	}
	if k.File == "" {
		_, err = fmt.Fprintf(c.out, "# The key, which is not shown again: %s\n# What goes into the keys file:\nkeys:\n%s", key, text)
		return err
	}
	if err := appendKey(k.File, text); err != nil {
		return failed("", "cannot add the key to %s: %v", k.File, err)
	}
	c.notef("%s has the key of %s now; this is the key, which is not shown again:", k.File, k.ID)
	_, err = fmt.Fprintln(c.out, key)
	return err
}

// appendKey adds an entry to a keys file, which is made if there is none. A file that would not be good afterwards is left as
// it is, and so is one while it is written.
func appendKey(path, entry string) error {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(content)
	if strings.TrimSpace(text) == "" {
		text = "keys:\n"
	}
	text = strings.TrimRight(text, "\n") + "\n" + entry
	if err := access.CheckKeys([]byte(text)); err != nil {
		return err
	}
	const readableByOwner = 0o600
	part := path + ".part"
	if err := os.WriteFile(part, []byte(text), readableByOwner); err != nil { //nolint:gosec // the user says where
		return err
	}
	if info, err := os.Stat(path); err == nil { // who could read it still can
		if err := os.Chmod(part, info.Mode().Perm()); err != nil {
			return errors.Join(err, os.Remove(part))
		}
	}
	return os.Rename(part, path)
}
