package plivo

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	maxNonces   = 100_000
	nonceWindow = 10 * time.Minute
)

// Nonces are those of the genuine requests of the last ten minutes, 100,000 at most: the oldest go
// first. Each is kept as a hash, so that what is remembered has one size whatever a nonce is.
type nonces struct {
	mu    sync.Mutex
	start time.Time
	known map[nonceKey]struct{}
	list  []nonce // a ring of count from first, in order of time
	first int
	count int
}

type nonceKey [16]byte

type nonce struct {
	key nonceKey
	at  time.Duration // since start
}

func newNonces() *nonces {
	return &nonces{start: time.Now(), known: make(map[nonceKey]struct{})}
}

// keyOf hashes what makes a request the same as another.
func keyOf(s string) nonceKey {
	h := sha256.Sum256([]byte(s))
	return nonceKey(h[:16])
}

// add remembers a nonce, and reports whether it is new. One that is not grows no younger.
func (n *nonces) add(key nonceKey) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Since(n.start)
	for n.count > 0 && now-n.list[n.first].at >= nonceWindow {
		n.drop()
	}
	if _, ok := n.known[key]; ok {
		return false
	}
	if n.count == maxNonces {
		n.drop()
	}
	if n.count == len(n.list) {
		n.grow()
	}
	n.list[(n.first+n.count)%len(n.list)] = nonce{key, now}
	n.count++
	n.known[key] = struct{}{}
	return true
}

// drop forgets the oldest. The caller holds mu.
func (n *nonces) drop() {
	delete(n.known, n.list[n.first].key)
	n.first = (n.first + 1) % len(n.list)
	n.count--
}

// grow makes room, up to what is ever remembered. The caller holds mu.
func (n *nonces) grow() {
	list := make([]nonce, min(max(2*len(n.list), 64), maxNonces))
	for i := range n.count {
		list[i] = n.list[(n.first+i)%len(n.list)]
	}
	n.list, n.first = list, 0
}
