package hostile

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// limit is how much a client may hold of an answer.
const limit = 64 << 20

// A meter looks at the memory of the process while a client reads.
type meter struct {
	mu     sync.Mutex
	step   int // bytes between two looks; 0: none
	unread int
	base   uint64
	peak   uint64
}

// start begins, with a look every step bytes.
func (m *meter) start(step int) {
	runtime.GC()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.step, m.base, m.peak = step, heap(), 0
}

// saw counts bytes that the client has read, and reports whether it may have more.
func (m *meter) saw(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.step == 0 {
		return true
	}
	if m.unread += n; m.unread >= m.step {
		m.unread = 0
		m.look()
	}
	return m.peak <= limit
}

// watch looks all the time, until the channel is closed.
func (m *meter) watch(gone <-chan struct{}) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.over()
		case <-gone:
			return
		}
	}
}

// over takes a last look, and reports whether the limit was passed.
func (m *meter) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.look()
	return m.peak > limit
}

func (m *meter) look() {
	if now := heap(); now > m.base {
		m.peak = max(m.peak, now-m.base)
	}
}

// heap is what objects on the heap take now, those that wait to be collected included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
