package plivo

import (
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	maxWaiting    = 1024 // conferences that wait to be told of
	closePatience = 2 * time.Second
)

// A notifier tells a function of the application which conferences may have changed: each once,
// however often the bell has rung for it meanwhile, and one after the other, so that a slow function
// holds up nothing but itself. It has a goroutine while somebody waits, and none else.
type notifier struct {
	call func(cc.ConferenceID)

	mu      sync.Mutex
	waiting map[cc.ConferenceID]struct{} // those of the queue
	queue   []cc.ConferenceID
	over    chan struct{} // of the goroutine; nil: there is none
	closed  bool
	dropped uint64
}

// ring has a conference told of. It never blocks.
func (n *notifier) ring(id cc.ConferenceID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.waiting[id]; ok {
		return
	}
	if n.closed || len(n.queue) >= maxWaiting {
		n.dropped++
		return
	}
	if n.waiting == nil {
		n.waiting = make(map[cc.ConferenceID]struct{})
	}
	n.waiting[id] = struct{}{}
	n.queue = append(n.queue, id)
	n.start()
}

func (n *notifier) run(over chan struct{}) {
	defer n.end(over)
	for {
		id, ok := n.next()
		if !ok {
			return
		}
		n.call(id)
	}
}

// end lets the goroutine end. If it does so in the midst of a call (runtime.Goexit), those who wait are
// for another one.
func (n *notifier) end(over chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over == over {
		n.over = nil
		n.start()
	}
	close(over)
}

// start has a goroutine tell of those who wait, if there are any and it has none. The caller holds mu.
func (n *notifier) start() {
	if n.over == nil && len(n.queue) > 0 {
		n.over = make(chan struct{})
		go n.run(n.over)
	}
}

// next takes whoever has waited longest. Where nobody waits the goroutine is over.
func (n *notifier) next() (cc.ConferenceID, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		n.over, n.queue = nil, nil
		return "", false
	}
	id := n.queue[0]
	n.queue = n.queue[1:]
	delete(n.waiting, id)
	return id, true
}

// close forgets those who wait, and waits for the call under way, not long. It reports whether that has
// returned.
func (n *notifier) close() bool {
	n.mu.Lock()
	n.closed = true
	n.dropped += uint64(len(n.queue))
	n.waiting, n.queue = nil, nil
	over := n.over
	n.mu.Unlock()
	if over == nil {
		return true
	}
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	select {
	case <-over:
		return true
	case <-patience.C:
		return false
	}
}

func (n *notifier) lost() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dropped
}
