package main

import (
	"bytes"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/compiler/protogen"
)

// object is one of JSON; it is written with its keys sorted.
type object = map[string]any

const (
	jsonType   = "application/json"
	streamType = "application/connect+json"
)

// writeOpenAPI writes an OpenAPI document of what goes over HTTP as JSON, by the Connect protocol.
func (a *api) writeOpenAPI(w io.Writer) error {
	paths, tags := object{}, []object{}
	for _, service := range a.services {
		tags = append(tags, object{"name": string(service.Desc.Name()), "description": text(service.Comments)})
		for _, method := range service.Methods {
			paths[path(method)] = operations(method)
		}
	}
	document := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Atlant", "version": "v1",
			"description": "A log of prices. This is its API as JSON over HTTP, by the Connect protocol " +
				"(https://connectrpc.com/docs/protocol); gRPC and gRPC-web are answered at the same address. " +
				"Generated from the contract.",
		},
		"security": []object{{}, {"key": []string{}}},
		"servers":  []object{{"url": "http://127.0.0.1:8080", "description": "`atlant up` on this machine"}},
		"tags":     tags,
		"paths":    paths,
		"components": object{"schemas": a.schemas(), "securitySchemes": object{"key": object{
			"type": "http", "scheme": "bearer", "description": "an API key, or a token of the issuer that Atlant trusts",
		}}},
	}
	var b bytes.Buffer
	b.WriteString("# Generated from the contract in proto/atlant/v1. Do not edit: task generate.\n")
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// operations are the ways in which a method is called.
func operations(method *protogen.Method) object {
	name := string(method.Desc.Parent().Name()) + "_" + string(method.Desc.Name())
	streams := method.Desc.IsStreamingClient() || method.Desc.IsStreamingServer()
	contentType, about := jsonType, text(method.Comments)+aboutScope(method)
	if streams {
		contentType = streamType
		about += " It streams: each message is in an envelope of a byte of flags and four bytes of length; the last one, with flag 2, " +
			"says how the stream ended."
	}
	operation := func(id string) object {
		return object{
			"operationId": id, "tags": []string{string(method.Desc.Parent().Name())},
			"summary": summary(text(method.Comments)), "description": about,
			"responses": object{
				"200":     object{"description": "the answer", "content": content(contentType, reference(method.Output))},
				"default": object{"description": "an error", "content": content(jsonType, object{"$ref": schemaPath + errorSchema})},
			},
		}
	}
	post := operation(name)
	post["requestBody"] = object{"required": true, "content": content(contentType, reference(method.Input))}
	if !onlyReads(method) {
		return object{"post": post}
	}
	get := operation(name + "_get")
	get["parameters"] = []object{
		{"name": "message", "in": "query", "required": true, "content": content(jsonType, reference(method.Input))},
		{"name": "encoding", "in": "query", "required": true, "schema": object{"const": "json"}},
		{"name": "connect", "in": "query", "schema": object{"const": "v1"}},
	}
	if responses, ok := get["responses"].(object); ok {
		responses["304"] = object{"description": "the answer that you have, by the ETag in If-None-Match, still holds"}
	}
	return object{"post": post, "get": get}
}

func content(mediaType string, schema object) object {
	return object{mediaType: object{"schema": schema}}
}

// summary is the first sentence.
func summary(about string) string {
	first, _, _ := strings.Cut(about, ". ")
	first, _, _ = strings.Cut(first, "; ")
	return strings.TrimSuffix(first, ".")
}
