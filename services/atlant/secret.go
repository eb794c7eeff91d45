package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// secret returns what only its owner should see: the one line of a file, if a file is named, or what a variable holds; empty if
// there is neither. There is no flag for it, because every program on a machine can read the command lines of the others.
func secret(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", failed("", "cannot read what is secret: %v", err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", failed("", "%s must hold one line of text, and nothing else", file)
	}
	return text, nil
}

// passwordInURL finds one, in whichever of several URLs. In a URL of NATS what stands alone before the host is a token.
var passwordInURL = regexp.MustCompile(`://[^/?#\s:@,]*:[^/?#\s@]+@|\b(?:nats|nats-leaf|tls|wss?)://[^/?#\s@,]+@`)

// refuseSecrets refuses a command line that holds a password, which every program on the machine could read there.
func refuseSecrets(arguments []string) error {
	for _, argument := range arguments {
		if passwordInURL.MatchString(argument) {
			before := argument[:strings.Index(argument, "://")+len("://")]
			return &failure{
				text: fmt.Sprintf("there is a password on the command line, where every program of this machine can read it: %s…", before),
				hint: "flags have variables, like ATLANT_NATS and ATLANT_VIEWS; that of a list goes into --password-file",
				code: exitUsage,
			}
		}
	}
	return nil
}
