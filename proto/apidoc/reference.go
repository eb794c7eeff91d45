package main

import (
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// introduction begins the page; ~ stands for a backtick.
const introduction = `<!-- Generated from the contract in proto/atlant/v1. Do not edit: task generate. -->

# API reference

Each method is called at ~POST /SERVICE/METHOD~ with a JSON object, over Connect, gRPC or gRPC-web, at the same address; the
names of fields in JSON are in camelCase, 64-bit integers are strings. Methods marked GET may also be called with
~GET /SERVICE/METHOD?encoding=json&message={…}~; their answers may be cached where they come with an ~ETag~.
[Examples](../examples.md) to copy, the [OpenAPI document](openapi.yaml) of the JSON that goes over HTTP, and
[the contract](../../proto/atlant/v1) itself.

Errors have a code and a message. ~invalid_argument~ names the field that breaks a rule; ~unavailable~ says that trying
again may help; ~internal~ has an id under which the server's log says more.

Where Atlant asks who calls, each method needs a key with its scope, ~read~, ~fetch~ or ~admin~, which include each other in this
order: ~Authorization: Bearer KEY~. Without one the code is ~unauthenticated~, with too little ~permission_denied~, and
~resource_exhausted~ with ~Retry-After~ where there were too many requests. Of keys that are confined to sources other sources
are hidden: [security](../security.md).
`

// writeReference writes the reference in Markdown.
func (a *api) writeReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(introduction, "~", "`"))
	for _, service := range a.services {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| method | | takes | returns |\n|---|---|---|---|\n", service.Desc.Name(), text(service.Comments))
		for _, method := range service.Methods {
			get := ""
			if onlyReads(method) {
				get = "GET"
			}
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", method.Desc.Name(), anchor(methodTitle(method)), get,
				streamed(method.Desc.IsStreamingClient(), method.Input), streamed(method.Desc.IsStreamingServer(), method.Output))
		}
		for _, method := range service.Methods {
			fmt.Fprintf(&b, "\n### %s\n\n`%s`\n\n%s\n", methodTitle(method), path(method), text(method.Comments)+aboutScope(method))
		}
	}
	b.WriteString("\n## Messages\n")
	for _, message := range a.messages {
		writeMessage(&b, message)
	}
	b.WriteString("\n## Enumerations\n")
	for _, enum := range a.enums {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| value | |\n|---|---|\n", enum.Desc.Name(), text(enum.Comments))
		for _, value := range enum.Values {
			fmt.Fprintf(&b, "| `%s` | %s |\n", value.Desc.Name(), cell(text(value.Comments)))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func methodTitle(method *protogen.Method) string {
	return string(method.Desc.Parent().Name()) + "." + string(method.Desc.Name())
}

func streamed(is bool, message *protogen.Message) string {
	if is {
		return "stream of " + link(message)
	}
	return link(message)
}

func link(message *protogen.Message) string {
	return fmt.Sprintf("[%s](#%s)", message.Desc.Name(), anchor(string(message.Desc.Name())))
}

// anchor is how a heading is linked to.
func anchor(heading string) string {
	return strings.ToLower(strings.ReplaceAll(heading, ".", ""))
}

func writeMessage(b *strings.Builder, message *protogen.Message) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", message.Desc.Name(), text(message.Comments))
	if len(message.Fields) == 0 {
		return
	}
	b.WriteString("\n| field | type | |\n|---|---|---|\n")
	for _, field := range message.Fields {
		about := text(field.Comments)
		if rules := ruleText(field); rules != "" {
			about = strings.TrimSpace(about + " (" + rules + ")")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", field.Desc.JSONName(), linkedType(field), cell(about))
	}
}

// linkedType is the type of a field, with a link where the reference tells more.
func linkedType(field *protogen.Field) string {
	name := typeName(field)
	var target string
	switch {
	case field.Desc.IsMap():
		return "`" + name + "`"
	case field.Enum != nil:
		target = string(field.Enum.Desc.Name())
	case field.Message != nil && wellKnown[string(field.Message.Desc.FullName())] == nil:
		target = string(field.Message.Desc.Name())
	default:
		return name
	}
	return strings.Replace(name, target, "["+target+"](#"+anchor(target)+")", 1)
}

// cell makes a text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
