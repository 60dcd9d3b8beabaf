//go:build !linux

package procs

import "runtime"

// Quiet watches how much of the machine others use, which is not known on this system.
type Quiet struct{}

// Watch begins to watch.
func Watch() Quiet { return Quiet{} }

// Others is -1: it is not known.
func (Quiet) Others() float64 { return -1 }

// Model is the name of the CPU.
func Model() string { return runtime.GOARCH }
