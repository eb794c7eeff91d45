package rpc

import (
	"encoding/base64"
	"net/http"

	"connectrpc.com/connect"
)

// checkMessage refuses GET requests whose message is said to be base64 and is not. Connect itself answers them with an unknown
// error, as if the fault were here.
func checkMessage(next http.Handler) http.Handler {
	writer := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if query := r.URL.Query(); query.Get("base64") == "1" && !isBase64(query.Get("message")) {
				_ = writer.Write(w, r, InvalidArgument("message", "is no base64 for URLs")) // the client is gone if this fails
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// isBase64 tells whether a text is base64 for URLs, with padding or without.
func isBase64(text string) bool {
	encoding := base64.URLEncoding
	if len(text)%4 != 0 {
		encoding = base64.RawURLEncoding
	}
	_, err := encoding.DecodeString(text)
	return err == nil
}
