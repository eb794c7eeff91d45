// Package blackbox tests Atlant from outside: its tests build the program, run it as its users do, serve price lists to it
// from loopback, and look at what it answers. They know the wire contract and the command line, and nothing else; but where
// NATS servers, the database or the disk are made to fail, they bring these about, and count what the log holds.
//
// Variables, for when a test fails or shall be larger:
//
//	ATLANT_BLACKBOX_SEED      the seed that a kill test printed, to kill at the same times again
//	ATLANT_BLACKBOX_FAULTS    all: faults as many and as long as they are meant to be, less of them otherwise
//	ATLANT_BLACKBOX_ROWS      how many rows a large list has, 20,000 otherwise
//	ATLANT_BLACKBOX_WATCHERS  how many clients watch at once, 500 otherwise
//	ATLANT_BLACKBOX_BINARY    a program to test instead of one built from this tree
package blackbox
