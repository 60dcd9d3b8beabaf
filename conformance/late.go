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
type lateness struct {
	most atomic.Int64
	due  atomic.Pointer[time.Time] // when the goroutine that keeps time is to wake next; nil: it does not run
}

// tooLate is when a failure may be the machine's: a case takes many wakings, and each may be as late.
const tooLate = 20 * time.Millisecond

// patienceForCalm is how long it is waited for a machine that keeps time.
const patienceForCalm = 10 * time.Second

// worst is the most that was measured; nothing in fake time. A machine that stood still wakes everybody
// at once, and who asks may be awake before the goroutine that keeps time: what that one is late by now
// is counted as well.
func (l *lateness) worst() time.Duration {
	if l == nil {
		return 0
	}
	return l.worstAt(time.Now())
}

func (l *lateness) worstAt(now time.Time) time.Duration {
	most := time.Duration(l.most.Load())
	if due := l.due.Load(); due != nil {
		most = max(most, now.Sub(*due))
	}
	return most
}

// measure begins to keep time. The function that it returns ends it.
func (l *lateness) measure() (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			due := time.Now().Add(beat)
			l.due.Store(&due)
			if !sleepABeat(stopped) {
				l.due.Store(nil)
				return
			}
			l.most.Store(int64(l.worst()))
		}
	}()
	return func() {
		close(stopped)
		<-done
	}
}

// sleepABeat tells whether it did: not if it was told to stop.
func sleepABeat(stop <-chan struct{}) bool {
	timer := time.NewTimer(beat)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}

// calm waits until this machine has kept time for a quarter of a second, or has not for so long that
// there is no point in waiting.
func calm(ctx context.Context) {
	kept := time.Duration(0)
	for end := time.Now().Add(patienceForCalm); kept < allowance && time.Now().Before(end); kept += beat {
		due := time.Now().Add(beat)
		if !sleepABeat(ctx.Done()) {
			return
		}
		if time.Since(due) >= tooLate/2 {
			kept = 0
		}
	}
}
