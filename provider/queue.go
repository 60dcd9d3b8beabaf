package provider

import (
	"context"
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A lane is what commands wait for one after the other: one participant, or a whole conference.
type lane struct {
	conference  cc.ConferenceID
	participant cc.ParticipantID
}

// Lanes let one command at a time into each lane, in order of arrival. The zero value is ready.
type lanes struct {
	mu    sync.Mutex
	taken map[lane]line // present: taken
}

// A line is of those who wait for a lane, each with the channel that is closed when its turn comes.
type line struct {
	turns []chan struct{}
	ahead int // how many of them, from the first, go before those who came earlier
}

// Enter waits for the lane. Ahead goes before all who wait and are not ahead themselves. It returns
// what ended the wait: nil when the lane is ours, the context's error, or errClosed.
func (l *lanes) enter(ctx context.Context, k lane, ahead bool, deadline time.Time, closing <-chan struct{}) error {
	l.mu.Lock()
	if l.taken == nil {
		l.taken = make(map[lane]line)
	}
	q, taken := l.taken[k]
	if !taken {
		l.taken[k] = line{}
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if ahead {
		q.turns = slices.Insert(q.turns, q.ahead, turn)
		q.ahead++
	} else {
		q.turns = append(q.turns, turn)
	}
	l.taken[k] = q
	l.mu.Unlock()

	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	var err error
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = context.DeadlineExceeded
	case <-closing:
		err = errClosed
	}
	l.mu.Lock()
	q = l.taken[k]
	if i := slices.Index(q.turns, turn); i >= 0 {
		q.turns = slices.Delete(q.turns, i, i+1)
		if i < q.ahead {
			q.ahead--
		}
		l.taken[k] = q
		l.mu.Unlock()
		return err
	}
	l.mu.Unlock()
	l.leave(k) // our turn came at the same instant: pass it on
	return err
}

// Leave lets the next one in.
func (l *lanes) leave(k lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.taken[k]
	if len(q.turns) == 0 {
		delete(l.taken, k)
		return
	}
	close(q.turns[0])
	q.turns, q.ahead = q.turns[1:], max(0, q.ahead-1)
	l.taken[k] = q
}
