package genesysserver

import (
	"container/heap"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"
)

// maxWaiting is how many notifications and other actions wait at most; the oldest go early beyond it.
const maxWaiting = 1 << 16

// A post is one notification.
type post struct {
	user, channel string
	data          json.RawMessage
	notify        chan struct{} // closed in place of publishing: everything before it is out
}

// A courier publishes posts at their time, and does other things later.
type courier struct {
	publish func(post)

	mu      sync.Mutex // never held across a wait
	closed  bool
	timing  Timing
	random  *rand.Rand
	queue   actions
	added   uint64
	due     map[string]time.Time // of the last post to a user
	waiting map[string]int       // posts to a user that are in the queue
	pending int                  // of what is in the queue, how much is under way
	holding map[string]int       // answers that a user's posts wait for
	held    map[string][]post
	idle    []chan struct{} // closed when nothing waits

	timer *time.Timer
	ticks sync.WaitGroup
}

func newCourier(publish func(post), t Timing) *courier {
	c := &courier{
		publish: publish, due: map[string]time.Time{}, waiting: map[string]int{},
		holding: map[string]int{}, held: map[string][]post{},
	}
	c.set(t)
	return c
}

func (c *courier) set(t Timing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timing, c.random = t, rand.New(rand.NewPCG(t.Seed, 0x67656e65737973))
}

func (c *courier) get() Timing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timing
}

// send has posts published, in their order.
func (c *courier) send(posts ...post) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range posts {
		if c.holding[p.user] > 0 && len(c.held[p.user]) < maxWaiting {
			c.held[p.user] = append(c.held[p.user], p)
			continue
		}
		c.schedule(p)
	}
	c.arm()
}

// schedule publishes a post now, or has it wait. The caller holds the mutex.
func (c *courier) schedule(p post) {
	if c.closed {
		c.deliver(p)
		return
	}
	now := time.Now()
	delay := c.timing.Min
	if span := c.timing.Max - c.timing.Min; span > 0 {
		delay += time.Duration(c.random.Int64N(int64(span) + 1))
	}
	if p.notify != nil {
		delay = 0
	}
	at := now.Add(delay)
	if c.waiting[p.user] > 0 && at.Before(c.due[p.user]) {
		at = c.due[p.user]
	}
	if c.waiting[p.user] == 0 && !at.After(now) {
		c.deliver(p)
		return
	}
	c.due[p.user] = at
	c.waiting[p.user]++
	c.pending++
	c.add(at, p.notify, func() {
		c.pending--
		if c.waiting[p.user]--; c.waiting[p.user] == 0 {
			delete(c.waiting, p.user)
			delete(c.due, p.user)
		}
		c.deliver(p)
	})
}

func (c *courier) deliver(p post) {
	if p.notify != nil {
		close(p.notify)
		return
	}
	c.publish(p)
}

// hold has the posts to a user wait until release.
func (c *courier) hold(user string) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding[user]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.holding[user]--; c.holding[user] > 0 {
			return
		}
		delete(c.holding, user)
		posts := c.held[user]
		delete(c.held, user)
		for _, p := range posts {
			c.schedule(p)
		}
		c.arm()
		c.rest()
	}
}

// sent returns what is closed when all posts to a user up to now are out.
func (c *courier) sent(user string) <-chan struct{} {
	done := make(chan struct{})
	c.send(post{user: user, notify: done})
	return done
}

// later has f called once d has passed. It is not called once the courier is closed. With counts it is
// under way until then.
func (c *courier) later(d time.Duration, counts bool, f func()) {
	if d <= 0 {
		f()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if counts {
		c.pending++
	}
	c.add(time.Now().Add(d), nil, func() {
		if counts {
			c.pending--
		}
		c.mu.Unlock()
		defer c.mu.Lock()
		f()
	})
	c.arm()
}

// quiet returns what is closed when nothing is under way; nil where that is so.
func (c *courier) quiet() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.pending == 0 && len(c.holding) == 0 {
		return nil
	}
	ch := make(chan struct{})
	c.idle = append(c.idle, ch)
	return ch
}

// rest tells whoever waits for it that nothing waits. The caller holds the mutex.
func (c *courier) rest() {
	if !c.closed && (c.pending > 0 || len(c.holding) > 0) {
		return
	}
	for _, ch := range c.idle {
		close(ch)
	}
	c.idle = nil
}

// close does what waits no more, and waits for what is being done.
func (c *courier) close() {
	c.mu.Lock()
	c.closed = true
	for _, a := range c.queue {
		if a.notify != nil {
			close(a.notify)
		}
	}
	c.queue = nil
	if c.timer != nil && c.timer.Stop() {
		c.ticks.Done()
	}
	c.timer = nil
	c.rest()
	c.mu.Unlock()
	c.ticks.Wait()
}

// An action is done at an instant, with the courier's mutex held.
type action struct {
	at     time.Time
	seq    uint64
	f      func()
	notify chan struct{} // closed where the action is given up
}

func (c *courier) add(at time.Time, notify chan struct{}, f func()) {
	c.added++
	heap.Push(&c.queue, &action{at: at, seq: c.added, f: f, notify: notify})
	if len(c.queue) > maxWaiting {
		heap.Pop(&c.queue).(*action).f()
	}
}

// arm sets the timer for what is next. The caller holds the mutex.
func (c *courier) arm() {
	if c.timer != nil && c.timer.Stop() {
		c.ticks.Done()
	}
	c.timer = nil
	if len(c.queue) == 0 || c.closed {
		return
	}
	c.ticks.Add(1)
	c.timer = time.AfterFunc(time.Until(c.queue[0].at), c.tick)
}

func (c *courier) tick() {
	defer c.ticks.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 && !c.queue[0].at.After(time.Now()) {
		heap.Pop(&c.queue).(*action).f()
	}
	c.arm()
	c.rest()
}

// actions is a heap by time and then order of adding.
type actions []*action

func (a actions) Len() int      { return len(a) }
func (a actions) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a actions) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].seq < a[j].seq
}
func (a *actions) Push(x any) { *a = append(*a, x.(*action)) }
func (a *actions) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	return last
}
