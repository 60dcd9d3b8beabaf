package genesys

import (
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Some failures are told twice: in the answer to the request, and in a message soon before or after
// it. The second telling must not pass for the failure of the next command on that call.
const (
	echoSpan  = 5 * time.Second // how long after the answer the message may come
	orderSpan = 15 * time.Second
)

// failures is which orders are with the server, and of which the failure is still to be told once more.
// The zero value is ready.
type failures struct {
	mu      sync.Mutex // never held across a wait
	orders  map[*posted]struct{}
	waiters map[*waiter]struct{}
}

// A posted is an order on a call.
type posted struct {
	failures *failures
	call     string
	handle   cc.ConferenceID // by which it was ordered
	heard    bool            // its failure has been told in a message
	echo     time.Time       // the failure was answered; until then a message tells it again
	gone     time.Time       // not of interest after that; zero: it is with the server
}

// A waiter is an order of a handle, which hears of its failure by itself.
type waiter struct {
	call, device string
	failed       chan error // has room for one
	bell         chan struct{}
}

// begin notes an order that is about to be sent.
func (f *failures) begin(call string, handle cc.ConferenceID) *posted {
	p := &posted{failures: f, call: call, handle: handle}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prune(time.Now())
	if f.orders == nil {
		f.orders = make(map[*posted]struct{})
	}
	f.orders[p] = struct{}{}
	return p
}

// end notes the answer to it.
func (p *posted) end(err error) {
	f := p.failures
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	p.gone = now.Add(orderSpan)
	if err == nil {
		return
	}
	if p.heard || cc.KindOf(err) != cc.ErrUnavailable { // a refusal is told once
		p.gone = now
		return
	}
	p.echo = now.Add(echoSpan)
	p.gone = p.echo
}

// prune forgets what is over. The caller holds mu.
func (f *failures) prune(now time.Time) {
	for p := range f.orders {
		if !p.gone.IsZero() && !now.Before(p.gone) {
			delete(f.orders, p)
		}
	}
}

// told judges a message about a failure on a call, or on a device, or on nothing that it names. It
// reports whether it is for the command under way, and by what id that was ordered, if known; else it
// is a bell.
func (f *failures) told(call, device string, err error) (handle cc.ConferenceID, report bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.prune(now)
	var echo, under *posted
	for p := range f.orders {
		switch {
		case call != "" && p.call != call:
		case !p.echo.IsZero():
			echo = p
		default:
			under = p
		}
	}
	var mine *waiter
	several := false
	for w := range f.waiters {
		if call != "" && w.call == call || call == "" && (device == "" || w.device == device || w.device == "") {
			several = several || mine != nil
			mine = w
		}
	}
	switch {
	case several || mine != nil && under != nil:
		return "", false // it cannot be told whose it is
	case mine != nil:
		select {
		case mine.failed <- err:
		default:
		}
		return "", false
	case echo != nil:
		// It may be that of another order as well, which is then found out by reads alone.
		delete(f.orders, echo)
		return "", false
	case under == nil:
		return "", true
	}
	under.heard = true
	if call == "" {
		return "", true
	}
	return under.handle, true
}

// await registers an order of a handle.
func (f *failures) await(call, device string) *waiter {
	w := &waiter{call: call, device: device, failed: make(chan error, 1), bell: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiters == nil {
		f.waiters = make(map[*waiter]struct{})
	}
	f.waiters[w] = struct{}{}
	return w
}

// leave forgets it.
func (f *failures) leave(w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiters, w)
}

// ring brings the next read of the handles' orders forward.
func (f *failures) ring() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.waiters {
		select {
		case w.bell <- struct{}{}:
		default:
		}
	}
}
