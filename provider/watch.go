package provider

import (
	"context"
	"errors"
	"iter"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A watch follows one conference for all who range over its Events: one goroutine, one read at a
// time. It begins with the first reader and stops with the last.
type watch struct {
	client *client
	id     cc.ConferenceID
	kick   chan struct{} // has room for one
	after  chan struct{} // closed when the watch before it has let go of the conference; nil: there was none
	gone   chan struct{} // closed when this one has

	// Guarded by client.mu:
	news  news
	reads uint64 // that have begun
	story story
	ours  bool // this client has ended the conference
	alone bool // our own leg is gone
	moved bool // the last read found another run, or this one without our own leg
	subs  map[*subscriber]struct{}
	stop  context.CancelFunc
}

// A subscriber is one range over Events.
type subscriber struct {
	reader
	watch *watch
	wake  chan struct{} // has room for one
}

// UnderWay is how long the story waits for a command of this very client before it tells what a read
// showed of it, so that it can say why.
const underWay = time.Second

// Ring says that something may have changed. The caller holds client.mu.
func (w *watch) ring(gap bool) {
	w.news.bell = true
	w.news.gap = w.news.gap || gap
	w.wake()
}

func (w *watch) wake() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// NoteOurs remembers what this client itself has done. What was done by Instance was done in that run
// alone. The caller holds client.mu.
func (w *watch) noteOurs(o order, ev evidence) {
	if w.story.have && !w.knows(o.conf) {
		return
	}
	if o.op == opEnd {
		w.ours = true
	}
	if o.op == opRemove {
		callID := ev.callID
		if commonLeg(ev.others, w.story.snap.Participants) == no {
			callID = "" // that is of an earlier run
		}
		w.story.note(Departure{ID: o.part, CallID: callID, Reason: cc.ReasonRemoved}, w.reads, true)
	}
}

func (h *conference) Events(ctx context.Context) iter.Seq2[cc.Event, error] {
	c := h.client
	return func(yield func(cc.Event, error) bool) {
		end := func(err error) { yield(cc.Event{}, c.fail(cc.OpEvents, h.id, "", err)) }
		if err := c.checkConference(h.id); err != nil {
			end(err)
			return
		}
		if err := c.require(cc.CanWatch, c.caps.Conference); err != nil {
			end(err)
			return
		}
		if ctx == nil {
			end(noContext())
			return
		}
		if c.isClosing() {
			end(cc.ErrClosed)
			return
		}
		if err := ctx.Err(); err != nil {
			end(notSent(err))
			return
		}
		sub := c.subscribe(h.id)
		if sub == nil {
			end(cc.ErrClosed)
			return
		}
		defer func() { c.unsubscribe(sub) }()
		for {
			events, over, err := sub.pending()
			for _, e := range events {
				if stop := c.interrupted(ctx); stop != nil {
					end(notSent(stop))
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if over && errors.Is(err, errElsewhere) {
				next := c.subscribe(h.id)
				if next == nil {
					end(cc.ErrClosed)
					return
				}
				next.stale = sub.stale
				c.unsubscribe(sub)
				sub = next
				continue
			}
			if over {
				if err != nil {
					end(err)
				}
				return
			}
			select {
			case <-sub.wake:
			case <-ctx.Done():
			case <-c.closing:
			}
			if stop := c.interrupted(ctx); stop != nil {
				end(notSent(stop))
				return
			}
		}
	}
}

func (c *client) subscribe(id cc.ConferenceID) *subscriber {
	c.listen()
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.watches[id]
	if w == nil {
		w = &watch{
			client: c, id: id, kick: make(chan struct{}, 1), gone: make(chan struct{}),
			subs: make(map[*subscriber]struct{}),
		}
		if before := c.leaving[id]; before != nil {
			w.after = before.gone
		}
		stop, ok := c.run(func(ctx context.Context) {
			defer w.finish()
			w.follow(ctx)
		})
		if !ok {
			return nil
		}
		w.stop = stop
		c.watches[id] = w
	} else {
		w.ring(false)
	}
	s := &subscriber{watch: w, wake: make(chan struct{}, 1)}
	s.from = w.reads + 1
	s.gaps = w.story.gaps
	w.subs[s] = struct{}{}
	return s
}

func (c *client) unsubscribe(s *subscriber) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := s.watch
	delete(w.subs, s)
	if len(w.subs) == 0 {
		w.stop()
		c.forget(w)
	}
}

// Forget lets the next reader begin a watch of its own. The caller holds c.mu.
func (c *client) forget(w *watch) {
	if c.watches[w.id] == w {
		delete(c.watches, w.id)
		c.leaving[w.id] = w
	}
}

// Finish is the end of a watch's goroutine. Watches of one conference let go of it in the order in
// which they began, so that none has the vendor fall silent for the next one.
func (w *watch) finish() {
	if w.after != nil {
		<-w.after
	}
	c := w.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving[w.id] == w {
		delete(c.leaving, w.id)
	}
	close(w.gone)
}

func (s *subscriber) pending() ([]cc.Event, bool, error) {
	c := s.watch.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.next(&s.watch.story)
}

// Follow is the shell of watching's step function.
func (w *watch) follow(ctx context.Context) {
	c := w.client
	if c.awaitListening(ctx, time.Now().Add(c.timeout)) != nil {
		return
	}
	state := watching{poll: c.poll, reconcile: c.poll, due: time.Now()}
	if state.poll == 0 {
		state.poll = defaultPoll
	}
	c.mu.Lock()
	w.news = news{}
	push := c.hearing.push
	state.standing = c.hearing.standing
	c.mu.Unlock()
	if push != no {
		// While the subscription is lost what is watched is polled as if there had never been one.
		state.poll = min(state.poll, defaultPoll)
		if w.after != nil {
			select {
			case <-w.after:
			case <-ctx.Done():
				return
			}
		}
		defer w.release(ctx)
		if !w.ask(ctx) {
			state.standing = false
		}
	}

	var last Snapshot
	in := watchInput{now: time.Now()}
	for {
		var out watchOutput
		state, out = state.step(in)
		if !w.obey(ctx, &last, in, out) {
			return
		}
		in = watchInput{}
		if out.read {
			in.read = true
			last, in.err = w.look(ctx, last)
			in.wait = backoff(state.fails+1, maxBackoff)
			if ctx.Err() != nil {
				return
			}
		} else if !w.sleep(ctx, out.wake) {
			return
		}
		c.mu.Lock()
		in.news, w.news = w.news, news{}
		c.mu.Unlock()
		if in.news.stands && !w.ask(ctx) {
			in.news.stands, in.news.lost = false, true
		}
		in.now = time.Now()
	}
}

// Ask has the vendor tell about this conference, where it needs to be asked. Where it reports false
// there is no news of it, and it is polled.
func (w *watch) ask(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, w.client.timeout)
	defer cancel()
	err := w.client.driver.Follow(ctx, w.id, true)
	return err == nil || cc.KindOf(err) == cc.ErrUnsupported
}

// Release has the vendor tell no more about this conference, unless the next watch waits to ask for it.
func (w *watch) release(ctx context.Context) {
	c := w.client
	c.mu.Lock()
	next := c.watches[w.id]
	c.mu.Unlock()
	if next != nil && next != w {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience/2)
	defer cancel()
	// That the vendor goes on telling what nobody reads harms nobody.
	_ = c.driver.Follow(ctx, w.id, false)
}

// Look reads the conference. A read that shows another run, or that our own leg is gone, is
// ErrNotFound.
func (w *watch) look(ctx context.Context, last Snapshot) (Snapshot, error) {
	c := w.client
	c.mu.Lock()
	w.reads++
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := c.fetch(WithPurpose(ctx, ForWatching), w.id)
	if err != nil {
		return last, err
	}
	switch {
	case last.Conference == "":
		return s, nil
	case anotherRun(&last, &s):
		c.mu.Lock()
		w.moved = true
		c.mu.Unlock()
		return last, cc.ErrNotFound
	case ownLeg(last.Participants) && !ownLeg(s.Participants):
		c.mu.Lock()
		w.alone, w.moved = true, true
		c.mu.Unlock()
		return last, cc.ErrNotFound
	}
	return s, nil
}

func (w *watch) sleep(ctx context.Context, until time.Time) bool {
	var alarm <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-w.kick:
	case <-alarm:
	case <-ctx.Done():
		return false
	}
	return true
}

// Obey tells the readers what the step function has decided. It reports whether the watch goes on.
func (w *watch) obey(ctx context.Context, last *Snapshot, in watchInput, out watchOutput) bool {
	c := w.client
	if out.publish || out.over {
		w.awaitOurs(ctx, last, out.over)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &w.story
	switch {
	case out.publish:
		s.have, s.snap, s.read, s.at, s.stale = true, last.Snapshot, w.reads, in.now.UTC(), nil
		if out.gap {
			s.gaps++
		}
		s.takeNote(last.Departed)
	case out.stale != nil:
		s.stale, s.at = c.fail(cc.OpEvents, w.id, "", out.stale), in.now.UTC()
	case out.over && !s.have:
		s.err, s.over = cc.ErrNotFound, w.reads
	case out.over:
		s.ended, s.why, s.at = true, w.ending(), in.now.UTC()
		s.over, s.moved = w.reads, w.moved
	case out.fail != nil:
		s.err = out.fail
	default:
		return true
	}
	for sub := range w.subs {
		select {
		case sub.wake <- struct{}{}:
		default:
		}
	}
	if s.ended || s.err != nil {
		c.forget(w)
		return false
	}
	return true
}

// Ending tells why the run is over for us. The caller holds client.mu.
func (w *watch) ending() ending {
	if (w.alone || w.client.caps.SessionOnly) && !w.ours {
		// All that is known is that our own leg is gone; the others may talk on.
		return ending{reason: cc.ReasonHungUp, self: cc.ReasonHungUp, others: cc.ReasonLost}
	}
	return ending{reason: cc.ReasonEnded, self: cc.ReasonEnded, others: cc.ReasonEnded}
}

// AwaitOurs waits, not long, for a command of this very client whose effect the last read may show,
// so that the story can say why someone is gone.
func (w *watch) awaitOurs(ctx context.Context, last *Snapshot, over bool) {
	c := w.client
	deadline := time.Now().Add(underWay)
	for {
		c.mu.Lock()
		waiting := false
		for p := c.pending; p != nil; p = p.next {
			if p.order.op == opSet || !c.sameConference(w.id, p.order.conf) {
				continue
			}
			there := func(list []cc.Participant) bool { return find(list, p.order.part) >= 0 }
			if over || p.order.op == opRemove && there(w.story.snap.Participants) && !there(last.Participants) {
				waiting = true
			}
		}
		enough := !waiting || !time.Now().Before(deadline)
		if enough && w.news != (news{}) {
			w.wake() // what rang meanwhile is still to be looked at
		}
		c.mu.Unlock()
		if enough || !w.sleep(ctx, deadline) {
			return
		}
	}
}
