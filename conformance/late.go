package conformance

import (
	"context"
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

// tooLate is when a failure may be the machine's: a case takes many wakings, and each may be as late.
const tooLate = 20 * time.Millisecond

// patienceForCalm is how long it is waited for a machine that keeps time.
const patienceForCalm = 10 * time.Second

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
			late, ok := wake(stopped)
			if !ok {
				return
			}
			if int64(late) > l.most.Load() {
				l.most.Store(int64(late))
			}
		}
	}()
	return func() {
		close(stopped)
		<-done
	}
}

// wake sleeps for a beat, and tells how much longer it was; not ok if it was told to stop.
func wake(stop <-chan struct{}) (late time.Duration, ok bool) {
	due := time.Now().Add(beat)
	timer := time.NewTimer(beat)
	defer timer.Stop()
	select {
	case <-timer.C:
		return time.Since(due), true
	case <-stop:
		return 0, false
	}
}

// calm waits until this machine has kept time for a quarter of a second, or has not for so long that
// there is no point in waiting.
func calm(ctx context.Context) {
	kept := time.Duration(0)
	for end := time.Now().Add(patienceForCalm); kept < allowance && time.Now().Before(end); kept += beat {
		late, ok := wake(ctx.Done())
		if !ok {
			return
		}
		if late >= tooLate/2 {
			kept = 0
		}
	}
}
