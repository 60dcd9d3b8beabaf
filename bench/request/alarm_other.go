//go:build !linux

package request

import "time"

// An alarm sleeps as exactly as the runtime's timers do.
type alarm struct{}

func newAlarm() (*alarm, error) { return &alarm{}, nil }

func (*alarm) sleepUntil(t time.Time) error {
	time.Sleep(time.Until(t))
	return nil
}

func (*alarm) close() {}
