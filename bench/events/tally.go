package events

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// A tally counts the events of all sessions of a contender, and times them.
type tally struct {
	got, lost, repeated, broken atomic.Int64 // since the contender was opened
	slice                       atomic.Pointer[slice]
}

// A counter is what one session has received. Its events come one at a time.
type counter struct {
	all  *tally
	last int64
}

// A slice is a part of a round.
type slice struct {
	want  int64
	n     atomic.Int64
	first atomic.Int64 // when the first event came
	last  atomic.Int64
	took  []int64 // from when it was due; nil if not asked for
	done  chan struct{}
	meter meter
}

func (t *tally) session() *counter { return &counter{all: t} }

func (t *tally) total() total {
	return total{Events: t.got.Load(), Lost: t.lost.Load(), Repeated: t.repeated.Load(), Broken: t.broken.Load()}
}

// deliver takes the data of an event: this is the consumer.
func (c *counter) deliver(data []byte) {
	t := c.all
	n, due, err := read(data)
	switch {
	case err != nil:
		t.broken.Add(1)
	case n <= c.last:
		t.repeated.Add(1)
	default:
		t.lost.Add(n - c.last - 1)
		c.last = n
	}
	t.got.Add(1)
	s := t.slice.Load()
	if s == nil {
		return
	}
	i := s.n.Add(1)
	if s.took != nil && i <= s.want {
		s.took[i-1] = time.Now().UnixNano() - due
	}
	if i == 1 {
		s.first.Store(time.Now().UnixNano())
	}
	if i == s.want {
		s.last.Store(time.Now().UnixNano())
		close(s.done)
	}
}

// A sample is what one slice has shown of one contender.
type sample struct {
	Events, Missing int64         // Missing are those that did not come
	Wall            time.Duration // from the first to the last
	CPU             float64       // nanoseconds of this process an event, in user and in kernel mode
	Allocs, Bytes   float64       // an event
	P50, P99        time.Duration // from when an event was due, where that was asked for
}

// begin begins a slice of that many events.
func (t *tally) begin(events int64, timed bool) (err error) {
	s := &slice{want: events, done: make(chan struct{})}
	if timed {
		s.took = make([]int64, events)
	}
	runtime.GC() // each slice begins alike
	s.meter, err = startMeter()
	t.slice.Store(s)
	return err
}

// end waits for the events and ends the slice.
func (t *tally) end(patience time.Duration) (out sample, err error) {
	s := t.slice.Load()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-s.done:
	case <-timer.C:
	}
	t.slice.Store(nil)
	if out, err = s.meter.stop(s.want); err != nil {
		return out, err
	}
	out.Missing = max(0, s.want-s.n.Load())
	out.Wall = time.Duration(s.last.Load() - s.first.Load())
	if s.took != nil && out.Missing == 0 {
		slices.Sort(s.took)
		out.P50 = time.Duration(s.took[(len(s.took)-1)*50/100])
		out.P99 = time.Duration(s.took[(len(s.took)-1)*99/100])
	}
	return out, nil
}

// A meter tells what this process has used between two moments.
type meter struct {
	cpu           int64
	allocs, bytes uint64
}

func startMeter() (m meter, err error) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	m.allocs, m.bytes = mem.Mallocs, mem.TotalAlloc
	m.cpu, err = procs.Used()
	return m, err
}

// stop tells it for each of n events.
func (m meter) stop(n int64) (s sample, err error) {
	cpu, err := procs.Used()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	each := 1 / float64(max(n, 1))
	s.Events = n
	s.CPU = float64(cpu-m.cpu) * each
	s.Allocs, s.Bytes = float64(mem.Mallocs-m.allocs)*each, float64(mem.TotalAlloc-m.bytes)*each
	return s, err
}
