package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsAreRefusedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]bool{
		"https://me:sesame@shop.example/list.csv": true, "--views=mongodb://me:sesame@a,b/atlant": true, "nats://a:4222,nats://me:sesame@b:4222": true,
		"sftp://me:a%40b@shop.example/~/list.csv": true, "mongodb+srv://me:sesame@cluster.example": true,
		"nats://sesame@a:4222": true, "--nats=nats://a:4222,tls://sesame@b:4222": true,
		"https://me@shop.example/list.csv": false, "http://127.0.0.1:8080": false, "http://shop.example/a:b@c": false, "Milk: 1 l @ shop": false,
		"http://[::1]:80/a@b": false, "mongodb://mongo-1:27017,mongo-2:27017/atlant": false, "nats://n1:4222,nats://n2:4222": false, "me:sesame": false,
	} {
		err := refuseSecrets([]string{"fetch", argument})
		if (err != nil) != want || err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestSecretOfAFile(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"sesame\n": "sesame", "sesame\r\n": "sesame", "a b": "a b", "": "", "a\nb\n": "", "\n": ""} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := secret(path, "ATLANT_TEST_NOTHING")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", content, got, err)
		}
	}
	if _, err := secret(filepath.Join(t.TempDir(), "none"), ""); err == nil {
		t.Error("a file that is not there")
	}
}

// writeSecret puts a text into a file and returns its path.
func writeSecret(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
