package alert

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// keyPrefix begins a key in text, and minKeyBytes to maxKeyBytes is how long it may be, as Standard Webhooks has it
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
const (
	keyPrefix   = "whsec_"
	minKeyBytes = 24
	maxKeyBytes = 64
)

// errKey says what a key looks like. What was given is not in it: it may be a key all the same.
var errKey = fmt.Errorf("a key is %s and %d to %d bytes in base64, on a line of its own", keyPrefix, minKeyBytes, maxKeyBytes)

// Keys sign webhooks, all of them each: so receivers can go over from one to the next.
type Keys []*webhooks.Webhook

// ParseKeys reads keys, one a line; empty lines and those that begin with # are passed over. Its errors hold no key.
func ParseKeys(text string) (Keys, error) {
	var keys Keys
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		encoded, ok := strings.CutPrefix(line, keyPrefix)
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(raw) < minKeyBytes || len(raw) > maxKeyBytes {
			return nil, errKey
		}
		key, err := webhooks.NewWebhookRaw(raw)
		if err != nil {
			return nil, errKey
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key: " + errKey.Error())
	}
	return keys, nil
}

// NewKey returns a new key in text.
func NewKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails
	return keyPrefix + base64.StdEncoding.EncodeToString(raw)
}

// sign returns the signatures of a body that is posted under an id at a time, as webhook-signature has them.
func (k Keys) sign(id string, at time.Time, body []byte) (string, error) {
	all := make([]string, len(k))
	for i, key := range k {
		var err error
		if all[i], err = key.Sign(id, at, body); err != nil {
			return "", err
		}
	}
	return strings.Join(all, " "), nil
}
