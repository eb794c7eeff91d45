package main

import (
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// rule is one thing that must hold of a field, in the terms of JSON Schema.
type rule struct {
	keyword string
	value   any
}

// ruleKeywords are the rules of the contract, by type and name, in the terms of JSON Schema.
var ruleKeywords = map[string]string{
	"int32.gte": "minimum", "int32.lte": "maximum", "int64.gte": "minimum", "int64.lte": "maximum",
	"string.max_len": "maxLength", "string.min_len": "minLength", "string.pattern": "pattern", "string.max_bytes": "maxLength",
	"bytes.max_len": "maxLength", "repeated.max_items": "maxItems", "repeated.min_items": "minItems",
}

// rulesOf returns the rules of a field, in the order of the schema of rules, and whether it must be given.
func rulesOf(field *protogen.Field) (rules []rule, required bool) {
	all, ok := proto.GetExtension(field.Desc.Options(), validate.E_Field).(*validate.FieldRules)
	if !ok || all == nil {
		return nil, false
	}
	return keywords(all), all.GetRequired()
}

func keywords(all *validate.FieldRules) []rule {
	var rules []rule
	typed := all.ProtoReflect().WhichOneof(all.ProtoReflect().Descriptor().Oneofs().ByName("type"))
	if typed == nil {
		return nil
	}
	message := all.ProtoReflect().Get(typed).Message()
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		name := fields.Get(i)
		if !message.Has(name) {
			continue
		}
		switch key := string(typed.Name()) + "." + string(name.Name()); {
		case key == "string.uuid":
			rules = append(rules, rule{"format", "uuid"})
		case key == "string.uri":
			rules = append(rules, rule{"format", "uri"})
		case ruleKeywords[key] != "":
			rules = append(rules, rule{ruleKeywords[key], message.Get(name).Interface()})
		}
	}
	return rules
}

// itemRules returns the rules of the items of a repeated field.
func itemRules(field *protogen.Field) []rule {
	all, ok := proto.GetExtension(field.Desc.Options(), validate.E_Field).(*validate.FieldRules)
	if !ok || all.GetRepeated().GetItems() == nil {
		return nil
	}
	return keywords(all.GetRepeated().GetItems())
}

// ruleTexts say in words what the keywords of a schema ask for; %v is the value.
var ruleTexts = map[string]string{
	"minimum": "at least %v", "maximum": "at most %v",
	"minLength": "at least %v long", "maxLength": "at most %v long",
	"minItems": "at least %v of them", "maxItems": "at most %v of them",
	"pattern": "matches `%v`",
}

// ruleText says in words what must hold of a field.
func ruleText(field *protogen.Field) string {
	rules, required := rulesOf(field)
	var words []string
	if required {
		words = append(words, "required")
	}
	for _, r := range append(rules, itemRules(field)...) {
		if r.keyword == "format" {
			words = append(words, "a "+strings.ToUpper(fmt.Sprint(r.value)))
		} else if text, ok := ruleTexts[r.keyword]; ok {
			words = append(words, fmt.Sprintf(text, r.value))
		}
	}
	return strings.Join(words, ", ")
}

// typeName says what a field holds, as the contract writes it.
func typeName(field *protogen.Field) string {
	var name string
	switch {
	case field.Desc.IsMap():
		return fmt.Sprintf("map<%s, %s>", typeName(field.Message.Fields[0]), typeName(field.Message.Fields[1]))
	case field.Message != nil:
		name = string(field.Message.Desc.Name())
	case field.Enum != nil:
		name = string(field.Enum.Desc.Name())
	default:
		name = field.Desc.Kind().String()
	}
	if field.Desc.Cardinality() == protoreflect.Repeated {
		return "repeated " + name
	}
	return name
}
