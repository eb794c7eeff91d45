// Package blackbox tests Atlant from outside: its tests build the program, run it as its users do, serve price lists to it
// from loopback, and look at what it answers. They know the wire contract and the command line, and nothing else.
//
// Variables that help when a test fails:
//
//	ATLANT_BLACKBOX_SEED    the seed that a kill test printed, to kill at the same times again
//	ATLANT_BLACKBOX_BINARY  a program to test instead of one built from this tree
package blackbox
