//go:build !linux

// Command mongoengine runs a MongoDB-compatible engine, on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "mongoengine: needs Linux; set ATLANT_TEST_MONGO_URI to the URI of a MongoDB of your own instead")
	os.Exit(1)
}
