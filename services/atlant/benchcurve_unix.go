//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// alone keeps signals of the terminal from a process.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
