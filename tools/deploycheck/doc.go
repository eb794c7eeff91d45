// Package deploycheck checks the files that Atlant is deployed with, as far as that goes without running containers: each
// by the parser of the program that reads it, and all of them against each other and against Atlant. Its tests are all
// there is. They want `go test -count=1`: Go does not see that files outside of the module change.
package deploycheck
