package request

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// An alarm sleeps to the microsecond. The runtime's own timers are late by up to a millisecond where
// nothing else happens in the process; a timer of the kernel wakes it as a packet does.
type alarm struct {
	file *os.File
	fd   int
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &alarm{file: os.NewFile(uintptr(fd), "alarm"), fd: fd}, nil
}

func (a *alarm) sleepUntil(t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		return os.NewSyscallError("timerfd_settime", err)
	}
	var count [8]byte
	_, err := a.file.Read(count[:])
	return err
}

func (a *alarm) close() { _ = a.file.Close() }
