package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/encoding/protowire"
)

// scopeField is the number of the option that says what a caller of a method needs. The generated code knows it as well, but is
// generated while this runs.
const scopeField = 51726

// scopes are the values of the option, as people write them.
var scopes = map[uint64]string{1: "read", 2: "fetch", 3: "admin"}

// scopeOf returns what a caller of a method needs, empty if the contract does not say.
func scopeOf(method *protogen.Method) string {
	options := method.Desc.Options().ProtoReflect().GetUnknown()
	for len(options) > 0 {
		number, kind, n := protowire.ConsumeTag(options)
		if n < 0 {
			return ""
		}
		options = options[n:]
		if number == scopeField && kind == protowire.VarintType {
			value, _ := protowire.ConsumeVarint(options)
			return scopes[value]
		}
		if n = protowire.ConsumeFieldValue(number, kind, options); n < 0 {
			return ""
		}
		options = options[n:]
	}
	return ""
}

// aboutScope says what a caller of a method needs, for people.
func aboutScope(method *protogen.Method) string {
	if scope := scopeOf(method); scope != "" {
		return fmt.Sprintf(" Needs the scope `%s`.", scope)
	}
	return ""
}
