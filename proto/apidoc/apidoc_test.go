package main

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// methods calls do for each method of the contract.
func methods(do func(protoreflect.MethodDescriptor)) {
	protoregistry.GlobalFiles.RangeFilesByPackage(atlantv1.File_atlant_v1_price_proto.Package(), func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				do(file.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
}

// The document tells of all methods, by GET of those that may be called so, and of all that they take and return.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths      map[string]map[string]any `yaml:"paths"`
		Components struct {
			Schemas map[string]any `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	known := 0
	methods(func(m protoreflect.MethodDescriptor) {
		known++
		options := m.Options().(*descriptorpb.MethodOptions)
		reads := options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS && !m.IsStreamingServer()
		operations := document.Paths["/"+string(m.Parent().FullName())+"/"+string(m.Name())]
		if operations["post"] == nil || (operations["get"] != nil) != reads {
			t.Errorf("%s: %v", m.FullName(), operations)
		}
		for _, message := range []protoreflect.MessageDescriptor{m.Input(), m.Output()} {
			if document.Components.Schemas[string(message.FullName())] == nil {
				t.Errorf("there is no schema of %s", message.FullName())
			}
		}
	})
	if len(document.Paths) != known {
		t.Errorf("%d paths of %d methods", len(document.Paths), known)
	}
	for line := range strings.Lines(string(data)) {
		if _, reference, ok := strings.Cut(line, "$ref: '"+schemaPath); ok {
			if name := strings.TrimSuffix(strings.TrimSpace(reference), "'"); document.Components.Schemas[name] == nil {
				t.Errorf("there is no schema %s", name)
			}
		}
	}
}

// Every link within the reference leads somewhere.
func TestReference(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/api/README.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			headings[anchor(strings.TrimSpace(heading))] = true
		}
	}
	links := strings.Split(string(data), "](#")[1:]
	for _, link := range links {
		if target, _, _ := strings.Cut(link, ")"); !headings[target] {
			t.Errorf("nothing is at #%s", target)
		}
	}
	methods(func(m protoreflect.MethodDescriptor) {
		if !headings[anchor(string(m.Parent().Name())+"."+string(m.Name()))] {
			t.Errorf("%s is missing", m.FullName())
		}
	})
	if len(links) < 50 {
		t.Errorf("%d links", len(links))
	}
}
