package plivoserver

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Request is what the server received, and what it answered. It is for tests: path, query and
// body are told as they came, so they may hold names and numbers of people. Credentials are not
// kept. Its LogValue and the verb %#v leave everything personal out.
type Request struct {
	At        time.Time // when its header had been read
	Operation Operation // "" if it was for nothing that is served
	Method    string
	Path      string // escaped, as it came
	Query     string // escaped, as it came
	Body      string // its first 4 KiB
	Status    int    // of the answer; 0 while there is none, and where a fault took it away
	Fault     bool   // an injected fault met it
}

// GoString tells what was asked for and what was answered, and of whom nothing.
func (r Request) GoString() string {
	return fmt.Sprintf("plivoserver.Request{Operation:%q, Method:%q, Status:%d, Fault:%v}", r.Operation, r.Method, r.Status, r.Fault)
}

// LogValue tells what was asked for and what was answered, and of whom nothing.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("operation", string(r.Operation)), slog.String("method", r.Method),
		slog.Int("status", r.Status), slog.Bool("fault", r.Fault))
}

// Counts is how many requests have reached a server, whatever became of them.
type Counts struct {
	Commands int // neither GET nor HEAD
	Reads    int // GET or HEAD
}

const (
	defaultLogSize = 4096
	loggedBody     = 4 << 10
)

// A journal keeps the latest requests, and counts all.
type journal struct {
	mu     sync.Mutex
	size   int
	ring   []*Request
	oldest int
	counts Counts
}

// begin notes a request as received.
func (j *journal) begin(r *http.Request, op Operation) *Request {
	q := &Request{
		At: time.Now(), Operation: op, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if isRead(r.Method) {
		j.counts.Reads++
	} else {
		j.counts.Commands++
	}
	if len(j.ring) < j.size {
		j.ring = append(j.ring, q)
	} else {
		j.ring[j.oldest] = q
		j.oldest = (j.oldest + 1) % j.size
	}
	return q
}

// note changes a request that begin returned.
func (j *journal) note(change func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change()
}

func (j *journal) requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Request, 0, len(j.ring))
	for _, q := range slices.Concat(j.ring[j.oldest:], j.ring[:j.oldest]) {
		out = append(out, *q)
	}
	return out
}

func (j *journal) count() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts
}
