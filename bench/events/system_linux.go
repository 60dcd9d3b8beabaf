package events

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// resident is how much of this process is in the machine's memory.
func resident() (size int64, err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/self/statm has %d fields", len(fields))
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// files is how many files this process may have open, after it has asked for that many.
func files(wanted uint64) (allowed uint64) {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	if limit.Cur >= wanted {
		return limit.Cur
	}
	for _, l := range []unix.Rlimit{{Cur: wanted, Max: max(wanted, limit.Max)}, {Cur: min(wanted, limit.Max), Max: limit.Max}} {
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &l) == nil {
			return l.Cur
		}
	}
	return limit.Cur
}
