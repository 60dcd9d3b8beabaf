package procs

import (
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

const tick = 10_000_000 // nanoseconds of a unit in /proc/stat

// Quiet watches how much of the machine others use.
type Quiet struct{ busy, ours, total int64 }

// Watch begins to watch.
func Watch() Quiet {
	var q Quiet
	q.busy, q.total = machine()
	q.ours = family()
	return q
}

// Others is which part of the CPUs others than this process and the ended ones that it has started
// have used since Watch, from 0 to 1, the hypervisor's other guests included. It is -1 if that is not known.
func (q Quiet) Others() float64 {
	busy, total := machine()
	if total <= q.total || q.total == 0 {
		return -1
	}
	others := (busy - q.busy) - (family() - q.ours)
	return max(0, float64(others)/float64(total-q.total))
}

// machine tells what all CPUs have spent since they were started, in nanoseconds: in user and kernel
// mode and for other guests, and in all. What the kernel does for interrupts is not in the first.
func machine() (busy, total int64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	// cpu user nice system idle iowait irq softirq steal
	for i, field := range bytes.Fields(line) {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil || i > 8 {
			continue
		}
		total += n * tick
		if i <= 3 || i == 8 {
			busy += n * tick
		}
	}
	return busy, total
}

// family is what this process and its ended children have used.
func family() int64 {
	var sum int64
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) == nil {
			sum += u.Utime.Nano() + u.Stime.Nano()
		}
	}
	return sum
}

// Model is the name of the CPU.
func Model() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range bytes.Lines(text) {
			if key, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(key)) == "model name" {
				return string(bytes.TrimSpace(value))
			}
		}
	}
	return runtime.GOARCH
}
