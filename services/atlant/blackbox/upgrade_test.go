package blackbox_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestUpgrade opens the data folder of an older version, whose events and views were others: everything that one printed of it
// this one prints too, and goes on with it.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	unpack(t, "testdata/upgrade/data.tar.gz", data)
	a := start(t, data, allowPrivate)
	waiting := a.allFetches(t, largestPage, "waiting")
	for _, fetch := range waiting { // the older version was stopped in the middle of it
		if got := a.await(t, fetch.GetId()); got.GetState() != failed {
			t.Errorf("got %v", got)
		}
	}
	a.caughtUp(t)
	a.cli(t, 0, "verify").holds(t, "6 products compared: equal")

	file, err := os.ReadFile("testdata/upgrade/printed.json")
	if err != nil {
		t.Fatal(err)
	}
	var printed []struct {
		Command []string         `json:"command"`
		Objects []map[string]any `json:"objects"`
	}
	if err := json.Unmarshal(file, &printed); err != nil {
		t.Fatal(err)
	}
	for _, then := range printed {
		now := a.cli(t, 0, then.Command...).objects(t)
		if diff := cmp.Diff(then.Objects, known(then.Objects, now)); diff != "" {
			t.Errorf("%q: -then +now\n%s", then.Command, diff)
		}
	}

	for _, fetch := range a.allFetches(t, largestPage, "shop") { // the older version has kept its list
		if fetch.GetState() == held {
			a.cli(t, 0, "approve", "--wait", fetch.GetId()).holds(t, "published  3")
		}
	}
	s := newShop(t)
	a.get(t, &atlantv1.FetchRequest{Url: s.sell("/next.csv", header+"Milk;151\n"), Source: "shop"})
	a.cli(t, 0, "list", "--source", "shop", "--query", "milk").holds(t, "151.00 EUR  150.00 EUR")
	a.cli(t, 0, "rebuild").holds(t, "equal", "is live")
}

// known leaves of each object what the older version knew of it. It did not print a product below its changes.
func known(then, now []map[string]any) []map[string]any {
	now = slices.DeleteFunc(now, func(object map[string]any) bool { return object["product"] != nil })
	if len(now) != len(then) {
		return now
	}
	all := make([]map[string]any, len(now))
	for i, object := range now {
		all[i] = knownOf(then[i], object)
	}
	return all
}

func knownOf(then, now map[string]any) map[string]any {
	left := map[string]any{}
	for name, was := range then {
		is, there := now[name]
		if !there {
			continue
		}
		wasObject, before := was.(map[string]any)
		isObject, after := is.(map[string]any)
		if before && after {
			is = knownOf(wasObject, isObject)
		}
		left[name] = is
	}
	return left
}

// unpack unpacks an archive into a folder.
func unpack(tb testing.TB, archive, dir string) {
	tb.Helper()
	packed, err := os.ReadFile(archive)
	if err != nil {
		tb.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		tb.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(head.Name))
		if head.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o750)
		} else {
			err = extract(path, files)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func extract(path string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Close())
}
