package mongo

import (
	"context"
	"net"
	"strings"
	"testing"
)

const testPassword = "s3cr%t"

func TestURI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ uri, database, err string }{
		{"mongodb://host", "atlant", ""},
		{"mongodb://host/", "atlant", ""},
		{"mongodb://host/prices", "prices", ""},
		{"mongodb://host/?tlsCAFile=/etc/x", "", "no such file"},
		{"mongodb://a:1,b:2,[::1]:3/prices?replicaSet=rs0&retryWrites=false", "prices", ""},
		{"mongodb://user:p%40ss%2F@host/a%2Db?authSource=admin", "a-b", ""},
		{"mongodb://user:p%40ss%2F@host/prices?authSource=admin", "prices", ""},
		{"mongodb://user:p%40ss%2F@host/?authSource=admin", "atlant", ""},
		{"mongodb://user:secret@host/admin", "", "the database admin is MongoDB's own"},
		{"mongodb://host/?maxPoolSize=many", "", `"many"`},
		{"mongodb://user:secret@host/?maxPoolSize=many", "", `"many"`},
		{"mongodb://user:" + testPassword + "@host/prices", "", "escaped"},
		{"mongodb://user:s3c/r%t@host/prices", "", "escaped"},
		{"mongodb://user:s3c@r%t@host/prices", "", "escaped"},
		{"mongodb://user:s3c:r%t@host/prices", "", "escaped"},
		{"postgres://user:secret@host/", "", "scheme must be"},
		{"", "", "scheme must be"},
	} {
		target, err := parseURI(test.uri)
		switch {
		case test.err == "" && err != nil:
			t.Errorf("%s: %v", test.uri, err)
		case test.err == "" && target.database != test.database:
			t.Errorf("%s: the database is %s", test.uri, target.database)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: got error %v", test.uri, err)
		case err != nil && (strings.Contains(err.Error(), "s3c") || strings.Contains(err.Error(), "%t") || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: the error shows the password: %v", test.uri, err)
		}
	}
}

// TestURIOptions: what is not the URI's to say.
func TestURIOptions(t *testing.T) {
	t.Parallel()
	target, err := parseURI("mongodb://host/?w=1&readConcernLevel=majority&readPreference=secondary")
	if err != nil {
		t.Fatal(err)
	}
	if w := target.options.WriteConcern.W; w != "majority" {
		t.Errorf("writes wait for %v", w)
	}
	if level := target.options.ReadConcern.Level; level != "local" {
		t.Errorf("reads are %s", level)
	}
	if mode := target.options.ReadPreference.Mode(); mode.String() != "primary" {
		t.Errorf("reads ask a %s", mode)
	}
	if name := *target.options.AppName; name != "atlant" {
		t.Errorf("it calls itself %s", name)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for version, good := range map[string]bool{
		"5.0.0": true, "7.0.77": true, "8.2.1-rc0": true, "10.0.1": true, "4.4.29": false, "3.6.0": false, "": false, "x": false,
	} {
		err := checkVersion(version)
		if (err == nil) != good {
			t.Errorf("%s: %v", version, err)
		}
		if err != nil && !strings.Contains(err.Error(), version) {
			t.Errorf("%s is not named: %v", version, err)
		}
	}
}

// TestOpenWithoutServer: the error says where nobody answered, and what to do, and no password.
func TestOpenWithoutServer(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), "mongodb://user:secret@"+address+"/prices?serverSelectionTimeoutMS=200")
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{address, "/prices", "refused", "Is it running"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}
