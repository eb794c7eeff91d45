package bucket

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// schemes are those of the stores: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.
var schemes = []string{"s3", "gs", "azblob"}

// allowed is a bucket, or a part of one, that lists may be taken from.
type allowed struct {
	scheme, bucket string
	prefix         string // of keys: empty, or it ends with a slash
	url            string // with which to open the bucket
}

// parseAllowed reads what an operator allows: s3://bucket or s3://bucket/folder, and parameters that say how to reach it.
func parseAllowed(text string) (allowed, error) {
	u, err := url.Parse(text)
	if err != nil {
		return allowed{}, errors.New("is no URL")
	}
	isStore := false
	for _, scheme := range schemes {
		isStore = isStore || u.Scheme == scheme
	}
	switch {
	case !isStore:
		return allowed{}, errors.New("must begin with s3://, gs:// or azblob://")
	case u.Host == "":
		return allowed{}, errors.New("names no bucket")
	case u.User != nil, u.Fragment != "":
		return allowed{}, errors.New("holds more than a bucket, a folder and parameters")
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	opened := url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: u.RawQuery}
	return allowed{scheme: u.Scheme, bucket: u.Host, prefix: prefix, url: opened.String()}, nil
}

// Check tells what is wrong with what an operator allows.
func Check(urls []string) error {
	var all []error
	for _, text := range urls {
		if _, err := parseAllowed(text); err != nil {
			all = append(all, fmt.Errorf("%s %w", text, err))
		}
	}
	return errors.Join(all...)
}

// match returns what allows a key, nil if nothing does. Of several the one that says most counts.
func match(all []allowed, scheme, bucket, key string) *allowed {
	var best *allowed
	for i, a := range all {
		fits := a.scheme == scheme && a.bucket == bucket && strings.HasPrefix(key, a.prefix)
		if fits && (best == nil || len(a.prefix) > len(best.prefix)) {
			best = &all[i]
		}
	}
	return best
}

// climbs tells whether a key has a part that a server or a library could take for the folder above.
func climbs(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}
