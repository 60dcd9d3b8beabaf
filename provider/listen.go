package provider

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Hearing is what is known of the vendor's news. It is guarded by client.mu.
type hearing struct {
	started  bool
	began    time.Time     // when it was started
	push     tri           // whether the vendor pushes; unknown until it has answered
	standing bool          // the subscription stands now
	settled  chan struct{} // closed when the first subscription stands, or has failed
	done     bool          // settled is closed
	round    uint64        // of Listen; what an earlier one still reports is not heard
}

const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// Backoff is the wait before the n-th repeat, from 0: doubling, with full jitter above a half.
func backoff(n int, most time.Duration) time.Duration {
	d := min(minBackoff<<min(n, 20), most)
	return d/2 + rand.N(d/2+1)
}

// Listen has the vendor's news told to this client from now on, and tells since when they are, and
// whether the first subscription stands or has failed. It does not wait.
func (c *client) listen() (began time.Time, settled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.hearing
	if !h.started {
		h.began = time.Now()
		_, h.started = c.run(c.keepListening)
	}
	return h.began, h.done
}

// AwaitListening waits until the subscription stands or has failed once, or until that time.
func (c *client) awaitListening(ctx context.Context, until time.Time) error {
	c.listen()
	select {
	case <-c.hearing.settled:
		return nil
	default:
	}
	if !time.Now().Before(until) {
		return nil
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-c.hearing.settled:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closing:
		return errClosed
	}
	return nil
}

func (c *client) keepListening(ctx context.Context) {
	round := uint64(0)
	for n := 0; ; n++ {
		began, mine := time.Now(), round
		err := c.driver.Listen(ctx, func(u Update) {
			if c.stands(mine) {
				c.heard(u)
			}
		})
		round++
		switch {
		case cc.KindOf(err) == cc.ErrUnsupported:
			c.settleHearing(no)
			return
		case ctx.Err() != nil:
			return
		}
		if err == nil {
			err = &cc.Error{Kind: cc.ErrUnavailable, Err: cc.Detail("the subscription ended")}
		}
		if c.settleHearing(yes) && time.Since(began) >= maxBackoff {
			n = 0 // a subscription that does not last is not asked for at once, again and again
		}
		if c.log != nil {
			c.log.LogAttrs(ctx, slog.LevelWarn, "news of conferences lost", logError(err))
		}
		timer := time.NewTimer(backoff(n, maxBackoff))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Stands notes that the subscription of that round stands. It reports whether it is the present one.
func (c *client) stands(round uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.hearing
	if h.standing || c.closed || h.round != round {
		return h.round == round
	}
	h.push, h.standing = yes, true
	h.settle()
	for _, w := range c.watches {
		w.news.stands = true
		w.wake()
	}
	return true
}

// SettleHearing notes that there is no subscription now, or that there can be none. It reports
// whether there was one.
func (c *client) settleHearing(push tri) (stood bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.hearing
	stood = h.standing
	h.push, h.standing = push, false
	h.round++
	h.settle()
	for _, w := range c.watches {
		w.news.stands = false
		if stood {
			w.news.lost = true
			w.wake()
		}
	}
	return stood
}

func (h *hearing) settle() {
	if !h.done {
		h.done = true
		close(h.settled)
	}
}

// Heard rings the bell of those whom an update concerns. It never blocks.
func (c *client) heard(u Update) {
	c.mu.Lock()
	defer c.mu.Unlock()
	concerned := func(p *pending) bool { return u.Conference == "" || c.sameConference(p.order.conf, u.Conference) }
	several := 0
	for p := c.pending; p != nil; p = p.next {
		if concerned(p) {
			several++
		}
	}
	for p := c.pending; p != nil; p = p.next {
		if !concerned(p) {
			continue
		}
		if u.Failure != nil && several == 1 {
			p.failure = u.Failure // where it cannot be told whose it is, it is only a bell
		}
		select {
		case p.bell <- struct{}{}:
		default:
		}
	}
	for _, w := range c.watches {
		if u.Conference == "" || c.sameConference(w.id, u.Conference) || w.knows(u.Conference) {
			w.ring(u.Gap)
		}
	}
}

// SameConference reports whether two ids name the same conference, as far as this client has read
// which Instance has which name. The caller holds c.mu.
func (c *client) sameConference(a, b cc.ConferenceID) bool {
	return a == b || c.nameOf(a) == c.nameOf(b)
}

// Knows reports whether an id is one of those of the conference that this watch has read last, which the
// memory may have forgotten: others are read in the meantime. The caller holds client.mu.
func (w *watch) knows(id cc.ConferenceID) bool {
	s := &w.story.snap
	return id == s.Conference || id == s.Instance
}

func (c *client) nameOf(id cc.ConferenceID) cc.ConferenceID {
	if e := c.memory.entries[id]; e != nil && e.conference != "" {
		return e.conference
	}
	return id
}
