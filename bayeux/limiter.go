package bayeux

import (
	"context"
	"sync"
	"time"
)

// NewLimiter returns a Limiter that lets burst handshakes go at once and then one every interval, in
// the order of arrival. It is safe for concurrent use. A burst below one counts as one.
func NewLimiter(interval time.Duration, burst int) Limiter {
	return &pacer{interval: interval, slack: time.Duration(max(burst, 1)-1) * interval}
}

// A pacer keeps the instant at which the next handshake is due.
type pacer struct {
	interval, slack time.Duration

	mu  sync.Mutex
	due time.Time
}

// Wait waits for the next turn. A turn that is not waited for is lost to all.
func (p *pacer) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-p.slack); p.due.Before(earliest) {
		p.due = earliest
	}
	wait := p.due.Sub(now)
	p.due = p.due.Add(p.interval)
	p.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
