// Command apidoc is a plugin of buf that writes the API reference and an OpenAPI document from the contract: its comments,
// its rules, and which of its methods only read.
package main

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		a := newAPI(plugin.Files)
		if err := a.writeReference(plugin.NewGeneratedFile("README.md", "")); err != nil {
			return err
		}
		return a.writeOpenAPI(plugin.NewGeneratedFile("openapi.yaml", ""))
	})
}

// api is the contract, as far as clients meet it: the services, and what they take and return.
type api struct {
	services []*protogen.Service
	messages []*protogen.Message // in the order in which they are met
	enums    []*protogen.Enum
	seen     map[string]bool
}

func newAPI(files []*protogen.File) *api {
	a := &api{seen: map[string]bool{}}
	for _, file := range files {
		if file.Generate {
			a.services = append(a.services, file.Services...)
		}
	}
	for _, service := range a.services {
		for _, method := range service.Methods {
			a.meet(method.Input)
			a.meet(method.Output)
		}
	}
	return a
}

// meet notes a message, and all that it is made of.
func (a *api) meet(message *protogen.Message) {
	name := string(message.Desc.FullName())
	if a.seen[name] || wellKnown[name] != nil {
		return
	}
	a.seen[name] = true
	if !message.Desc.IsMapEntry() {
		a.messages = append(a.messages, message)
	}
	for _, field := range message.Fields {
		switch {
		case field.Message != nil:
			a.meet(field.Message)
		case field.Enum != nil && !a.seen[string(field.Enum.Desc.FullName())]:
			a.seen[string(field.Enum.Desc.FullName())] = true
			a.enums = append(a.enums, field.Enum)
		}
	}
}

// onlyReads tells whether a method may be called with GET.
func onlyReads(method *protogen.Method) bool {
	options, ok := method.Desc.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS &&
		!method.Desc.IsStreamingClient() && !method.Desc.IsStreamingServer()
}

// path is where a method is called.
func path(method *protogen.Method) string {
	return "/" + string(method.Desc.Parent().FullName()) + "/" + string(method.Desc.Name())
}

// text returns a comment as one paragraph.
func text(comments protogen.CommentSet) string {
	return strings.Join(strings.Fields(string(comments.Leading)), " ")
}
