package genesysserver

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
// kept. Its LogValue and the verb %#v leave everything personal out. Requests to the CometD endpoint
// are counted and not kept.
type Request struct {
	At        time.Time // when its header had been read
	Operation Operation // "" if it was for nothing that is served
	User      string    // of the session or the credentials; empty: neither
	Method    string
	Path      string // escaped, as it came
	Query     string // escaped, as it came
	Body      string // its first 4 KiB
	Status    int    // of the answer; 0 while there is none, and where a fault took it away
	Fault     bool   // an injected fault met it
}

// GoString tells what was asked for and what was answered, and of whom nothing.
func (r Request) GoString() string {
	return fmt.Sprintf("genesysserver.Request{Operation:%q, Method:%q, Status:%d, Fault:%v}", r.Operation, r.Method, r.Status, r.Fault)
}

// LogValue tells what was asked for and what was answered, and of whom nothing.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("operation", string(r.Operation)), slog.String("method", r.Method),
		slog.Int("status", r.Status), slog.Bool("fault", r.Fault))
}

// Counts is how many requests have reached a server, whatever became of them, and what came of them.
type Counts struct {
	CallPosts int // POSTs to a call: the commands of a conference, and the rest of its operations
	Posts     int // other requests that are neither GET nor HEAD, without CometD's
	Reads     int // GET or HEAD
	CometD    int // requests to the CometD endpoint

	Starts   int // StartContactCenterSession
	Sessions int // HTTP sessions opened: one for each authentication
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

// begin notes a request as received. It returns the entry, and a copy of it as it is.
func (j *journal) begin(r *http.Request, t target, op Operation, user string, body []byte) (*Request, Request) {
	q := &Request{
		At: time.Now(), Operation: op, User: user, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Body: string(body[:min(len(body), loggedBody)]),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case t.place == placeCometD:
		j.counts.CometD++
		return q, *q
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		j.counts.Reads++
	case t.place == placeCall:
		j.counts.CallPosts++
	default:
		j.counts.Posts++
	}
	if op == "StartContactCenterSession" {
		j.counts.Starts++
	}
	if len(j.ring) < j.size {
		j.ring = append(j.ring, q)
	} else {
		j.ring[j.oldest] = q
		j.oldest = (j.oldest + 1) % j.size
	}
	return q, *q
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

// Requests returns the latest requests in order of arrival, without those to the CometD endpoint.
func (s *Server) Requests() []Request { return s.journal.requests() }

// Counts returns how many requests have arrived.
func (s *Server) Counts() Counts {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	c := s.journal.counts
	_, c.Sessions = s.sessions.count()
	return c
}
