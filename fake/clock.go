package fake

import (
	"container/heap"
	"sync"
	"time"
)

// A scheduler does things at their time, in order of time and then of adding. All its methods but
// done and wait are called with the owner's mutex held.
type scheduler struct {
	queue actions
	added uint64
	doing *action // what is being done

	timer *time.Timer
	armed time.Time      // when the timer fires
	ticks sync.WaitGroup // timers that are armed, or whose function runs
}

type action struct {
	at  time.Time
	seq uint64
	f   func()
}

// add has f called at an instant.
func (q *scheduler) add(at time.Time, f func()) {
	q.added++
	heap.Push(&q.queue, &action{at: at, seq: q.added, f: f})
}

// run does what is due by now.
func (q *scheduler) run(now time.Time) {
	for len(q.queue) > 0 && !q.queue[0].at.After(now) {
		a := heap.Pop(&q.queue).(*action)
		q.doing = a
		a.f()
	}
	q.doing = nil
}

// current returns the instant of what is being done.
func (q *scheduler) current() (time.Time, bool) {
	if q.doing == nil {
		return time.Time{}, false
	}
	return q.doing.at, true
}

// arm sets the timer for what is due next.
func (q *scheduler) arm(now time.Time, tick func()) {
	if len(q.queue) == 0 {
		q.disarm()
		return
	}
	next := q.queue[0].at
	if q.timer != nil && q.armed.Equal(next) && next.After(now) {
		return
	}
	q.disarm()
	q.armed = next
	q.ticks.Add(1)
	q.timer = time.AfterFunc(next.Sub(now), tick)
}

// disarm stops the timer, if there is one.
func (q *scheduler) disarm() {
	if q.timer != nil && q.timer.Stop() {
		q.ticks.Done()
	}
	q.timer = nil
}

// clear forgets everything.
func (q *scheduler) clear() {
	q.queue = nil
	q.disarm()
}

// done says that the timer's function has ended.
func (q *scheduler) done() { q.ticks.Done() }

// wait waits for timer functions that are running. The mutex must not be held.
func (q *scheduler) wait() { q.ticks.Wait() }

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
