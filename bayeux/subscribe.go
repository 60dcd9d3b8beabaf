package bayeux

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// An entryState says what the server knows of a pattern.
type entryState uint8

const (
	entryWanted entryState = iota
	entrySent
	entryOn
	entryLocal // nothing is sent about it
)

// An entry is a pattern with those who subscribed to it. The server has one subscription for all.
type entry struct {
	pattern string
	state   entryState
	request *request        // queued or sent
	subs    []*Subscription // never changed, only replaced: it is read without mu
}

// Subscribe subscribes to a channel, or to a pattern that ends in "/*" or "/**", and returns when the
// server has agreed. If there is no connection at the moment it waits for one. Messages are received
// from before the return until Unsubscribe, over all sessions: on a new session the client subscribes
// again. If the server refuses that, the subscription ends, and EventRefused tells.
//
// A request of which the answer gets lost is made again, with pauses, until ctx ends. An HTTP status that
// says that the request is wrong, such as 400 or 413, or 500 again and again, is the error of Subscribe.
//
// Several subscriptions to the same channel are one to the server, and each gets every message. A
// message that matches several patterns goes to the subscriptions to each; servers differ in how often
// they send it then. A subscription to a service channel, such as "/service/**", is known to the client
// only, because the server sends what it has to say there without being asked. Meta channels cannot
// be subscribed to: an Extension sees their messages.
func (s *Session) Subscribe(ctx context.Context, channel string, how Delivery) (*Subscription, error) {
	fail := func(detail string) (*Subscription, error) {
		return nil, &Error{Kind: ErrInvalid, Op: "subscribe", Detail: detail}
	}
	if problem := checkChannel(channel, true); problem != "" {
		return fail(problem)
	}
	switch {
	case isMeta(channel):
		return fail("meta channels cannot be subscribed to")
	case how.Buffer < 0:
		return fail("the buffer is negative")
	case how.Policy > Fail:
		return fail("the policy is unknown")
	case ctx.Err() != nil:
		return nil, canceled(ctx, "subscribe", false)
	}
	def(&how.Buffer, DefaultBuffer)
	sub := newSubscription(s, channel, how)
	s.mu.Lock()
	on, err := s.add(sub)
	ready := sub.ready
	if on {
		sub.ready = nil
	}
	s.unlock(false)
	if err != nil {
		return nil, err
	}
	if on {
		return sub, nil
	}
	select {
	case err := <-ready:
		if err != nil {
			return nil, err
		}
		return sub, nil
	case <-ctx.Done():
		s.mu.Lock()
		sent := s.remove(sub, canceled(ctx, "subscribe", false))
		s.unlock(false)
		return nil, canceled(ctx, "subscribe", sent)
	}
}

// add puts sub where messages find it, and asks the server if it needs to be asked. It reports
// whether that is not necessary. The caller holds mu.
func (s *Session) add(sub *Subscription) (on bool, err error) {
	if s.err != nil {
		return false, s.err.in("subscribe")
	}
	e := s.entries.get(sub.pattern)
	if e == nil {
		e = &entry{pattern: sub.pattern}
		if isService(sub.pattern) {
			e.state = entryLocal
		} else if err := s.want(e); err != nil {
			return false, err
		}
		s.entries.add(e)
	}
	sub.epoch = s.epoch
	e.subs = append(slices.Clone(e.subs), sub)
	return e.state == entryOn || e.state == entryLocal, nil
}

// want queues the request to subscribe to e.
func (s *Session) want(e *entry) error {
	r := &request{op: opSubscribe, name: e.pattern}
	e.request, e.state = r, entryWanted
	if err := s.enqueue(r); err != nil {
		return err
	}
	return nil
}

// wantAgain queues a request once more that failed on the way, unless nobody wants it now: at once the
// first time, and then after pauses.
func (s *Session) wantAgain(r *request) {
	if !s.wanted(r) {
		return
	}
	next := *r // the one that was sent may still be looked at
	next.id, next.tries = "", r.tries+1
	r = &next
	s.entries.get(r.name).request = r
	if r.tries == 1 {
		s.queue = append(s.queue, r)
		return
	}
	if s.later == nil {
		s.later = new(later)
		pause := double(s.rules.shortRetry, r.tries-2, s.rules.maxShort())
		s.later.timer = time.AfterFunc(pause/2+rand.N(pause/2+1), s.nowLater)
	}
	s.later.list = append(s.later.list, r)
}

// wanted reports whether somebody waits for what r is to subscribe to.
func (s *Session) wanted(r *request) bool {
	e := s.entries.get(r.name)
	return e != nil && e.request == r
}

// A later is requests that are queued again after a pause.
type later struct {
	list  []*request
	timer *time.Timer
}

// nowLater queues what waited. Some of it may not be wanted any more, or wanted in another request.
func (s *Session) nowLater() {
	s.mu.Lock()
	defer s.unlock(false)
	if s.later == nil {
		return
	}
	for _, r := range s.later.list {
		if s.wanted(r) {
			s.queue = append(s.queue, r)
		}
	}
	s.later = nil
	s.pump()
}

// endLater gives up what waits.
func (s *Session) endLater() {
	if s.later != nil {
		s.later.timer.Stop()
		s.later = nil
	}
}

// unsubscribed notes that the server may not know about r.
func (s *Session) unsubscribed(r *request) {
	if s.wanted(r) {
		s.entries.get(r.name).state = entryWanted
	}
}

// remove takes sub away, and reports whether the server may know of it. The caller holds mu.
func (s *Session) remove(sub *Subscription, why *Error) (sent bool) {
	sub.end(why, true)
	e := s.entries.get(sub.pattern)
	if e == nil {
		return false
	}
	i := slices.Index(e.subs, sub)
	if i < 0 {
		return false
	}
	e.subs = slices.Delete(slices.Clone(e.subs), i, i+1)
	if len(e.subs) > 0 {
		return true
	}
	s.entries.remove(e)
	if e.state == entryLocal {
		return false
	}
	if i := slices.Index(s.queue, e.request); i >= 0 && e.request != nil {
		s.queue = slices.Delete(s.queue, i, i+1)
		return false
	}
	return s.st.clientID != ""
}

// Unsubscribe ends the subscription. No handler is called for it any more, except that one may be
// running. If it was the last one to its channel, the server is told, and Unsubscribe waits for the
// answer; an error, other than that of ctx, means that the server may go on sending what the client
// then ignores. Unsubscribing twice does nothing.
func (sub *Subscription) Unsubscribe(ctx context.Context) error {
	s := sub.s
	s.mu.Lock()
	e := s.entries.get(sub.pattern)
	if e == nil || !slices.Contains(e.subs, sub) {
		s.mu.Unlock()
		return nil
	}
	tell := s.remove(sub, &Error{Kind: ErrClosed, Op: "subscription"})
	if !tell || s.entries.get(sub.pattern) != nil || s.st.phase != Connected {
		s.unlock(false) // on a session that is to come nobody will ask for it
		return nil
	}
	answered := make(chan result, 1)
	r := &request{op: opUnsubscribe, name: sub.pattern, answered: answered}
	if err := s.enqueue(r); err != nil {
		s.unlock(false)
		return err
	}
	s.unlock(false)
	_, err := s.wait(ctx, r, answered)
	return err
}

// renew subscribes to everything on a new session, in one array.
func (s *Session) renew(seq uint64) {
	if s.port == nil {
		s.open(seq, nil, false)
		return
	}
	var list []*request
	s.entries.each(func(e *entry) {
		if e.state != entryWanted {
			return
		}
		if i := slices.Index(s.queue, e.request); i >= 0 && e.request != nil {
			s.queue = slices.Delete(s.queue, i, i+1)
		}
		e.request = &request{op: opSubscribe, name: e.pattern, renewal: true}
		e.state = entrySent
		list = append(list, e.request)
	})
	if len(list) == 0 {
		s.run(input{kind: inSubscribed, seq: seq, ok: true})
		return
	}
	slices.SortFunc(list, func(a, b *request) int { return strings.Compare(a.name, b.name) })
	s.renewing = len(list)
	s.sendCommands(list, s.beatLimit)
}

// settleRequest gives a request that was answered its result.
func (s *Session) settleRequest(r *request, err *Error, lost bool) {
	if r.op != opSubscribe {
		s.answer(r, result{err: err})
		return
	}
	e := s.entries.get(r.name)
	switch {
	case e == nil || e.request != r: // nobody wants it any more
	case lost:
		e.state = entryWanted // the next session will have it
	case err != nil:
		s.refuse(r, err)
	default:
		e.state, e.request = entryOn, nil
		for _, sub := range e.subs {
			sub.agreed(nil)
		}
	}
}

// refuse ends the subscriptions that a request was for.
func (s *Session) refuse(r *request, err *Error) {
	e := s.entries.get(r.name)
	if e == nil || e.request != r {
		return
	}
	s.entries.remove(e)
	for _, sub := range e.subs {
		sub.agreed(err)
		sub.end(err, false)
	}
	if r.renewal {
		s.tell(Event{Kind: EventRefused, Channel: e.pattern, Err: err, Time: time.Now()})
	}
}

// agreed tells Subscribe, the first time, what the server said. The caller holds mu of the session.
func (sub *Subscription) agreed(err *Error) {
	if sub.ready != nil {
		sub.ready <- err // has room for one, and gets one
		sub.ready = nil
	}
}

func isPattern(channel string) bool {
	return strings.HasSuffix(channel, "/*") || strings.HasSuffix(channel, "/**")
}

// address finds out who gets which event. The caller holds mu.
func (s *Session) address(list []delivery) {
	for i := range list {
		d := &list[i]
		d.epoch = s.epoch
		s.count(&s.stats.events, Events, 1)
		raw := d.channel
		d.channel = nil
		if len(raw) < 2 {
			continue
		}
		if e := s.entries.find(raw[1 : len(raw)-1]); e != nil { // no escapes, or it is not found here
			d.message.Channel, d.subs = e.pattern, e.subs
		} else {
			d.message.Channel = unquote(raw)
			if e := s.entries.get(d.message.Channel); e != nil {
				d.subs = e.subs
			}
		}
		if s.entries.wildcards > 0 {
			s.addPatterns(d)
		}
		if len(d.subs) == 0 {
			s.count(&s.stats.unhandled, Unhandled, 1)
		}
	}
}

func (s *Session) addPatterns(d *delivery) {
	if isMeta(d.message.Channel) {
		return
	}
	shared := true
	eachPattern(d.message.Channel, s.entries.longest, func(pattern []byte) {
		e := s.entries.find(pattern)
		switch {
		case e == nil || len(e.subs) == 0:
		case len(d.subs) == 0:
			d.subs = e.subs
		default:
			if shared {
				d.subs, shared = slices.Clone(d.subs), false
			}
			d.subs = append(d.subs, e.subs...)
		}
	})
}

// ticket gives out the next turn to hand events over. Who has taken one calls hand. The caller holds
// mu, so that events are handed over in the order in which they were released.
func (s *Session) ticket() uint32 {
	s.tickets++
	return s.tickets - 1
}

// hand puts events into the queues of those who get them, waiting where a queue is full and its policy
// is to wait, and then ends the subscriptions in endings. It does so when it is the turn of ticket.
func (s *Session) hand(ticket uint32, list []delivery, endings []*Subscription, why *Error) {
	s.mu.Lock()
	for s.serving != ticket {
		if s.turned == nil {
			s.turned = sync.NewCond(&s.mu)
		}
		s.turned.Wait()
	}
	s.mu.Unlock()
	for i := range list {
		d := &list[i]
		for _, sub := range d.subs {
			sub.push(&d.message, d.epoch, ticket)
		}
	}
	for _, sub := range endings {
		sub.end(why, false)
	}
	s.mu.Lock()
	s.serving++
	if s.turned != nil {
		s.turned.Broadcast()
	}
	s.mu.Unlock()
}
