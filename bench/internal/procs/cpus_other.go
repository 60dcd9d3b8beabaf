//go:build !linux

package procs

import (
	"errors"
	"os/exec"
)

var errNotHere = errors.New("only on Linux")

func (c CPUs) start(cmd *exec.Cmd) error { return cmd.Start() }

func available() (CPUs, error) { return nil, errNotHere }

// Used is the CPU time that this process has used so far. It is not known on this system.
func Used() (nanoseconds int64, err error) { return 0, errNotHere }
