package rpc_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/services/rpc"
)

type cursor struct {
	Number int64  `json:"n"`
	Text   string `json:"t"`
	ID     []byte `json:"i"`
}

func TestPageTokenRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		query := rapid.String().Draw(t, "query")
		want := cursor{Number: rapid.Int64().Draw(t, "number"), Text: rapid.String().Draw(t, "text"), ID: []byte(rapid.String().Draw(t, "id"))}
		token, err := rpc.EncodePageToken(query, want)
		if err != nil || token == "" || strings.ContainsAny(token, "+/=& ") {
			t.Fatalf("%q, %v", token, err)
		}
		var got cursor
		found, err := rpc.DecodePageToken(token, query, &got)
		if err != nil || !found || got.Number != want.Number || got.Text != want.Text || string(got.ID) != string(want.ID) {
			t.Fatalf("%+v, %t, %v", got, found, err)
		}
		other := rapid.String().Draw(t, "other")
		if _, err := rpc.DecodePageToken(token, other, &got); (err == nil) != (other == query) {
			t.Fatalf("for another query: %v", err)
		}
	})
}

func TestNoPageToken(t *testing.T) {
	t.Parallel()
	got := cursor{Number: 5}
	if found, err := rpc.DecodePageToken("", "query", &got); found || err != nil || got.Number != 5 {
		t.Errorf("%t, %v, %v", found, err, got)
	}
}

func TestPageTokenRefused(t *testing.T) {
	t.Parallel()
	token, err := rpc.EncodePageToken("query", cursor{Number: 7, Text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(from, to string) string {
		after := strings.Replace(string(text), from, to, 1)
		if after == string(text) {
			t.Fatalf("there is no %s in %s", from, text)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(after))
	}
	for name, test := range map[string]struct{ token, query, says string }{
		"of another query":  {token, "queri", "another query"},
		"not base64":        {"!!!", "query", "not a token"},
		"white space":       {" ", "query", "not a token"},
		"padded":            {token + "=", "query", "not a token"},
		"cut off":           {token[:len(token)-4], "query", "not a token"},
		"not JSON":          {base64.RawURLEncoding.EncodeToString([]byte("hello")), "query", "not a token"},
		"JSON of no token":  {base64.RawURLEncoding.EncodeToString([]byte("{}")), "query", "not a token"},
		"null":              {base64.RawURLEncoding.EncodeToString([]byte("null")), "query", "not a token"},
		"of version 1":      {changed(`"v":2`, `"v":1`), "query", "version"},
		"of version 3":      {changed(`"v":2`, `"v":3`), "query", "version"},
		"cursor of no kind": {changed(`"n":7`, `"n":"7"`), "query", "not a token"},
		"something behind":  {base64.RawURLEncoding.EncodeToString(append(text, '{')), "query", "not a token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got cursor
			found, err := rpc.DecodePageToken(test.token, test.query, &got)
			var refused *connect.Error
			if found || !errors.As(err, &refused) || refused.Code() != connect.CodeInvalidArgument {
				t.Fatalf("%t, %v", found, err)
			}
			if !strings.HasPrefix(refused.Message(), "page_token: ") || !strings.Contains(refused.Message(), test.says) {
				t.Errorf("it says %q", refused.Message())
			}
		})
	}
}

func TestPageTokenOfWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	if _, err := rpc.EncodePageToken("query", func() {}); err == nil {
		t.Error("no error")
	}
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	for requested, want := range map[int32]int{-1: 50, 0: 50, 1: 1, 50: 50, 1000: 1000} {
		if got := rpc.PageSize(requested); got != want {
			t.Errorf("PageSize(%d) = %d, want %d", requested, got, want)
		}
	}
}

func FuzzDecodePageToken(f *testing.F) {
	token, err := rpc.EncodePageToken("query", cursor{Number: 7})
	if err != nil {
		f.Fatal(err)
	}
	for _, token := range []string{"", token, "e30", "bnVsbA", "!"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		var got cursor
		found, err := rpc.DecodePageToken(token, "query", &got)
		if err != nil && connect.CodeOf(err) != connect.CodeInvalidArgument || found != (err == nil && token != "") {
			t.Fatalf("%t, %v", found, err)
		}
	})
}
