package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The corpus holds a message of every event version ever written: testdata/golden/<version>/<message>.<case>.binpb, and
// beside each what it means, in JSON. Files are only ever added: a log holds what they hold. When an event gets a field,
// add a sample of it under a new name and run
//
//	go test ./events -run TestGolden -update
var update = flag.Bool("update", false, "add what is missing to the golden corpus; nothing in it is changed")

const (
	golden        = "testdata/golden"
	goldenVersion = "v1" // of the package atlant.v1
)

// TestGoldenDecodes is for every file that ever was.
func TestGoldenDecodes(t *testing.T) {
	t.Parallel()
	addSamples(t)
	for _, path := range goldenFiles(t) {
		t.Run(strings.TrimPrefix(path, golden+"/"), func(t *testing.T) {
			t.Parallel()
			got, want := readGolden(t, path), newMessage(t, path)
			text, err := os.ReadFile(strings.TrimSuffix(path, ".binpb") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(text, want); err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(got, want) {
				t.Errorf("decoded as %v, want %v", got, want)
			}
			if unknown := unknownFields(got.ProtoReflect()); len(unknown) > 0 {
				t.Errorf("fields that nobody knows any more: %v", unknown)
			}
			if observed, ok := got.(*atlantv1.PriceObserved); ok {
				wantDecoded(t, path, observed)
			}
		})
	}
}

func wantDecoded(t *testing.T, path string, want *atlantv1.PriceObserved) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := events.DecodeObservations(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.GetNames()) > 0 {
		var group events.Group
		for i := range all {
			if err := group.Add(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
		got := &atlantv1.PriceObserved{}
		if err := proto.Unmarshal(group.AppendTo(nil), got); err != nil || !proto.Equal(got, want) {
			t.Errorf("decoded and encoded as %v, want %v, error %v", got, want, err)
		}
		return
	}
	o := all[0]
	got := &atlantv1.PriceObserved{
		Source: o.Source, Name: o.Name, Price: &atlantv1.Price{AmountMicros: o.Price.Micros, CurrencyCode: o.Price.Currency},
		ObservedAt: o.Position.ObservedAt.Timestamp(), FetchId: o.Position.Fetch[:], Line: o.Line,
	}
	if len(all) != 1 || !proto.Equal(got, want) {
		t.Errorf("decoded as %v, want %v", all, want)
	}
}

// TestGoldenSamples: what this version writes is in the corpus, so that the next one is held to it.
func TestGoldenSamples(t *testing.T) {
	t.Parallel()
	addSamples(t)
	for name, want := range samples() {
		if got := readGolden(t, goldenPath(name)); !proto.Equal(got, want) {
			t.Errorf("%s: the corpus says %v, the sample %v", name, got, want)
		}
	}
}

// TestGoldenIsComplete: every field that an event can have is set somewhere in the corpus.
func TestGoldenIsComplete(t *testing.T) {
	t.Parallel()
	addSamples(t)
	seen := map[protoreflect.FullName]bool{}
	for _, path := range goldenFiles(t) {
		markFields(readGolden(t, path).ProtoReflect(), seen)
	}
	inEvents := atlantv1.File_atlant_v1_events_proto.Messages()
	visited := map[protoreflect.FullName]bool{}
	for i := range inEvents.Len() {
		for _, field := range fieldsOf(inEvents.Get(i), visited) {
			if !seen[field] {
				t.Errorf("no event of the corpus has %s: add a sample", field)
			}
		}
	}
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(golden + "/*/*.binpb")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden corpus: ", err)
	}
	return files
}

func goldenPath(name string) string { return filepath.Join(golden, goldenVersion, name+".binpb") }

// newMessage returns an empty message of the type that a file's folder and name tell.
func newMessage(t testing.TB, path string) proto.Message {
	t.Helper()
	version, name := filepath.Base(filepath.Dir(path)), filepath.Base(path)
	name, _, _ = strings.Cut(name, ".")
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("atlant." + version + "." + name))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return kind.New().Interface()
}

func readGolden(t testing.TB, path string) proto.Message {
	t.Helper()
	m := newMessage(t, path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

// addSamples writes the samples that are not in the corpus, if that is asked for.
func addSamples(t testing.TB) {
	t.Helper()
	if !*update {
		return
	}
	for name, sample := range samples() {
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(sample)
		if err != nil {
			t.Fatal(err)
		}
		text, err := protojson.Marshal(sample)
		if err != nil {
			t.Fatal(err)
		}
		var readable bytes.Buffer
		if err := json.Indent(&readable, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		path := goldenPath(name)
		addFile(t, path, data)
		addFile(t, strings.TrimSuffix(path, ".binpb")+".json", append(readable.Bytes(), '\n'))
	}
}

// addFile leaves what is there as it is. Tests that add the same file at once write the same.
func addFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// markFields marks every field that is set in a message or in one within it.
func markFields(m protoreflect.Message, seen map[protoreflect.FullName]bool) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		seen[field.FullName()] = true
		switch {
		case field.IsMap() || field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				markFields(value.List().Get(i).Message(), seen)
			}
		default:
			markFields(value.Message(), seen)
		}
		return true
	})
}

// fieldsOf returns the fields of a message of ours and of those within it.
func fieldsOf(m protoreflect.MessageDescriptor, visited map[protoreflect.FullName]bool) []protoreflect.FullName {
	if visited[m.FullName()] || m.ParentFile().Package() != "atlant.v1" {
		return nil
	}
	visited[m.FullName()] = true
	var all []protoreflect.FullName
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		all = append(all, field.FullName())
		if field.Message() != nil && !field.IsMap() {
			all = append(all, fieldsOf(field.Message(), visited)...)
		}
	}
	return all
}

func unknownFields(m protoreflect.Message) []byte {
	unknown := bytes.Clone(m.GetUnknown())
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() || field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				unknown = append(unknown, unknownFields(value.List().Get(i).Message())...)
			}
		default:
			unknown = append(unknown, unknownFields(value.Message())...)
		}
		return true
	})
	return unknown
}
