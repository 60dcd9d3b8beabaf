package conformance

import (
	"sync/atomic"
	"time"
)

// allowance is what a rule about an instant allows in real time. A machine that is busy with other
// things is allowed more: three times as much as it was late for a goroutine that only keeps time.
const allowance = 250 * time.Millisecond

// beat is how often that goroutine wakes.
const beat = 10 * time.Millisecond

// A lateness is the most that this machine was late for a timer while it was measured.
type lateness struct{ most atomic.Int64 }

// tooLate is when a failure may be the machine's.
const tooLate = 50 * time.Millisecond

// worst is the most that was measured; nothing in fake time.
func (l *lateness) worst() time.Duration {
	if l == nil {
		return 0
	}
	return time.Duration(l.most.Load())
}

// measure begins to keep time. The function that it returns ends it.
func (l *lateness) measure() (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			due := time.Now().Add(beat)
			timer := time.NewTimer(beat)
			select {
			case <-timer.C:
			case <-stopped:
				timer.Stop()
				return
			}
			if late := int64(time.Since(due)); late > l.most.Load() {
				l.most.Store(late)
			}
		}
	}()
	return func() {
		close(stopped)
		<-done
	}
}
