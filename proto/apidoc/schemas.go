package main

import (
	"maps"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	schemaPath  = "#/components/schemas/"
	errorSchema = "connect.Error"
)

// wellKnown are the messages that have a form of their own in JSON.
var wellKnown = map[string]object{
	"google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
	"google.protobuf.Duration":  {"type": "string", "pattern": `^-?[0-9]+(\.[0-9]+)?s$`},
}

// schemas are those of all messages and enumerations.
func (a *api) schemas() object {
	all := object{errorSchema: object{
		"type": "object", "description": "Error of a call.",
		"properties": object{
			"code": object{"type": "string", "enum": []string{
				"canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
				"resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable",
				"data_loss", "unauthenticated",
			}},
			"message": object{"type": "string", "description": "What is wrong, for people."},
			"details": object{
				"type": "array", "items": object{"type": "object"}, "description": "Which rules a request breaks, among others.",
			},
		},
	}}
	for _, message := range a.messages {
		all[string(message.Desc.FullName())] = messageSchema(message)
	}
	for _, enum := range a.enums {
		var values []string
		about := []string{text(enum.Comments)}
		for _, value := range enum.Values {
			values = append(values, string(value.Desc.Name()))
			about = append(about, "- "+string(value.Desc.Name())+": "+text(value.Comments))
		}
		all[string(enum.Desc.FullName())] = object{"type": "string", "enum": values, "description": strings.Join(about, "\n")}
	}
	return all
}

func messageSchema(message *protogen.Message) object {
	schema := object{"type": "object", "description": text(message.Comments), "additionalProperties": false}
	properties, required := object{}, []string{}
	for _, field := range message.Fields {
		property, needed := fieldSchema(field)
		if about := text(field.Comments); about != "" {
			property["description"] = about
		}
		properties[field.Desc.JSONName()] = property
		if needed {
			required = append(required, field.Desc.JSONName())
		}
	}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func fieldSchema(field *protogen.Field) (schema object, required bool) {
	rules, required := rulesOf(field)
	switch {
	case field.Desc.IsMap():
		schema = object{"type": "object", "additionalProperties": valueSchema(field.Message.Fields[1])}
	case field.Desc.IsList():
		items := valueSchema(field)
		for _, r := range itemRules(field) {
			items[r.keyword] = r.value
		}
		schema = object{"type": "array", "items": items}
	default:
		schema = valueSchema(field)
	}
	for _, r := range rules {
		switch {
		case r.keyword == "maxLength" && field.Desc.Kind() == protoreflect.BytesKind: // of the bytes, not of the text
		case is64Bit(field) && (r.keyword == "minimum" || r.keyword == "maximum"): // is of numbers, not of strings
		default:
			schema[r.keyword] = r.value
		}
	}
	return schema, required
}

// valueSchema is that of a field's value, or of one of them, as protobuf writes it in JSON.
func valueSchema(field *protogen.Field) object {
	switch {
	case field.Message != nil:
		return reference(field.Message)
	case field.Enum != nil:
		return object{"$ref": schemaPath + string(field.Enum.Desc.FullName())}
	case is64Bit(field):
		return object{"type": []string{"string", "integer"}, "format": field.Desc.Kind().String()}
	}
	switch field.Desc.Kind() {
	case protoreflect.BoolKind:
		return object{"type": "boolean"}
	case protoreflect.StringKind:
		return object{"type": "string"}
	case protoreflect.BytesKind:
		return object{"type": "string", "contentEncoding": "base64"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return object{"type": "number"}
	default:
		return object{"type": "integer", "format": field.Desc.Kind().String()}
	}
}

// is64Bit tells of integers that JSON holds as strings.
func is64Bit(field *protogen.Field) bool {
	switch field.Desc.Kind() {
	case protoreflect.Int64Kind, protoreflect.Uint64Kind, protoreflect.Sint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return true
	default:
		return false
	}
}

func reference(message *protogen.Message) object {
	name := string(message.Desc.FullName())
	schema := object{}
	maps.Copy(schema, wellKnown[name])
	if len(schema) == 0 {
		schema["$ref"] = schemaPath + name
	}
	return schema
}
