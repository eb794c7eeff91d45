// Package mongotest gives tests a real engine that speaks the protocol of MongoDB. It needs no driver.
//
// The engine is that of tools/mongoengine, or what ATLANT_TEST_MONGO_URI points at. Without either, a test that asks for one
// is skipped, loudly; where CI=true, it fails.
package mongotest

import (
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"testing"
)

const variable = "ATLANT_TEST_MONGO_URI"

// shared outlives every test: it ends with the process, because its stdin does.
var shared = sync.OnceValues(start)

// URI returns the URI of ATLANT_TEST_MONGO_URI, or else of an engine that all tests of this process share. The first call
// starts it and blocks until it answers, less than a second but for the first time on a machine, which takes minutes. It
// skips or fails the test if there is no engine.
func URI(tb testing.TB) string {
	tb.Helper()
	if uri := os.Getenv(variable); uri != "" {
		return uri
	}
	engine, err := shared()
	if err != nil {
		unavailable(tb, err)
	}
	return engine.URI
}

// Start returns an engine of the test's own, which the test may stop, whatever ATLANT_TEST_MONGO_URI says. It blocks as URI
// does, and skips or fails the test if there is no engine. The engine and its data end with the test.
func Start(tb testing.TB) *Engine {
	tb.Helper()
	engine, err := start()
	if err != nil {
		unavailable(tb, err)
	}
	tb.Cleanup(engine.Stop)
	return engine
}

// Database returns a name for a database that is the test's own, even on an engine that others use at the same time. To drop
// it is left to the test, which has a driver; on an engine of ours nothing is left anyway.
func Database(tb testing.TB) string {
	tb.Helper()
	const enough, random = 40, 8 // MongoDB takes names of up to 63 bytes
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(tb.Name()))
	return name[:min(len(name), enough)] + "_" + strings.ToLower(rand.Text()[:random])
}
