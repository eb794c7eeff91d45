package rpc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

const (
	// pageTokenVersion changes whenever what a token holds changes its meaning.
	pageTokenVersion = 2
	// DefaultPageSize is how many items a page holds when a request does not say.
	DefaultPageSize = 50
)

// pageToken is what a page token holds: where the next page begins, and which query it belongs to.
type pageToken struct {
	Version int             `json:"v"`
	Query   []byte          `json:"q"`
	Cursor  json.RawMessage `json:"c"`
}

// EncodePageToken makes a token from a cursor, any value that JSON can hold, and a text that tells this query from others.
func EncodePageToken(query string, cursor any) (string, error) {
	where, err := json.Marshal(cursor)
	if err != nil {
		return "", err
	}
	token, err := json.Marshal(pageToken{Version: pageTokenVersion, Query: fingerprint(query), Cursor: where})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(token), nil
}

// DecodePageToken reads a token into cursor. It tells whether there was one; a token that is damaged or belongs to another
// query is an invalid_argument.
func DecodePageToken(token, query string, cursor any) (bool, error) {
	if token == "" {
		return false, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return false, InvalidArgument("page_token", "not a token that Atlant gave out")
	}
	var t pageToken
	if err := json.Unmarshal(data, &t); err != nil || t.Version != pageTokenVersion {
		return false, InvalidArgument("page_token", "not a token that this version of Atlant gave out")
	}
	if string(t.Query) != string(fingerprint(query)) {
		return false, InvalidArgument("page_token", "belongs to another query: order and filters must be those of the page before")
	}
	if err := json.Unmarshal(t.Cursor, cursor); err != nil {
		return false, InvalidArgument("page_token", "not a token that Atlant gave out")
	}
	return true, nil
}

// Page cuts what a query found, asked for one item more than the page holds, down to the page. The token is that of the next
// page, which begins at the cursor of the last item; it is empty if there is none.
func Page[T any](found []T, size int, query string, cursor func(last *T) any) (page []T, token string, err error) {
	if len(found) <= size {
		return found, "", nil
	}
	page = found[:size]
	token, err = EncodePageToken(query, cursor(&page[size-1]))
	return page, token, err
}

// PageSize returns how many items to return.
func PageSize(requested int32) int {
	if requested <= 0 {
		return DefaultPageSize
	}
	return int(requested)
}

func fingerprint(query string) []byte {
	sum := sha256.Sum256([]byte(query))
	return sum[:8]
}
