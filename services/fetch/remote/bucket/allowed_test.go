package bucket

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	var all []allowed
	for _, text := range []string{
		"s3://prices/in/?region=eu-central-1", "s3://prices/in/special?region=us-east-1", "s3://open", "gs://prices/google/", "azblob://prices",
	} {
		a, err := parseAllowed(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	for _, test := range []struct{ scheme, bucket, key, want string }{
		{"s3", "prices", "in/list.csv", "s3://prices?region=eu-central-1"},
		{"s3", "prices", "in/special/list.csv", "s3://prices?region=us-east-1"},
		{"s3", "prices", "in/specialist.csv", "s3://prices?region=eu-central-1"},
		{"s3", "prices", "inside.csv", ""},
		{"s3", "prices", "in", ""},
		{"s3", "prices", "google/list.csv", ""},
		{"gs", "prices", "google/list.csv", "gs://prices"},
		{"gs", "open", "list.csv", ""},
		{"s3", "open", "any/list.csv", "s3://open"},
		{"s3", "Open", "any/list.csv", ""},
		{"azblob", "prices", "in/list.csv", "azblob://prices"},
		{"azblob", "price", "in/list.csv", ""},
	} {
		got := ""
		if a := match(all, test.scheme, test.bucket, test.key); a != nil {
			got = a.url
		}
		if got != test.want {
			t.Errorf("%v: got %q", test, got)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if err := Check([]string{"s3://a", "gs://b/c", "azblob://d/?protocol=http"}); err != nil {
		t.Error(err)
	}
	err := Check([]string{"s3://ok", "prices", "file:///tmp", "s3://", "s3://me@prices", "gs://a#b", "s3://%zz"})
	for _, want := range []string{
		"prices must begin with s3://", "file:///tmp must begin", "s3:// names no bucket", "s3://me@prices holds more",
		"gs://a#b holds more", "s3://%zz is no URL",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := NewOpener([]string{"prices"}, nil); err == nil {
		t.Error("it was allowed")
	}
}
