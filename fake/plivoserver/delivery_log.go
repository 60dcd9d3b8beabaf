package plivoserver

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// A Delivery is one request that a Sender made, or one callback that it lost on purpose. It is for
// tests, so it holds everything as it was sent; its LogValue and the verb %#v leave out what is
// personal.
type Delivery struct {
	Callback
	SentAt  time.Time
	Dropped bool        // lost by a Plan: nothing was sent
	Forged  Forgery     // what it is not
	Copy    int         // 0: the callback; 1 and on: the copies of it
	Attempt int         // 1; 2 and on: retries
	Nonce   string      // of its V3 signature; empty: none
	Header  http.Header // as sent
	Status  int         // of the answer; 0: none has come, or none yet
	Body    string      // the first 4 KiB of the answer's body
	// XML reports of an exit action's answer that it is XML within the vendor's limit of 100 KB, with
	// Response as its root. The call is not driven by it.
	XML bool
	Err error // why there is no answer
}

// GoString tells the event and what was answered.
func (d Delivery) GoString() string {
	return fmt.Sprintf("plivoserver.Delivery{Kind:%q, Event:%q, Dropped:%v, Forged:%q, Copy:%d, Attempt:%d, Status:%d}",
		d.Kind, d.Event, d.Dropped, d.Forged, d.Copy, d.Attempt, d.Status)
}

// LogValue tells the event and what was answered.
func (d Delivery) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(d.Kind)), slog.String("event", d.Event),
		slog.String("forged", string(d.Forged)), slog.Int("status", d.Status))
}

// CallbackCounts is what a Sender has done since it was started.
type CallbackCounts struct {
	Made       int // callbacks that something happened for
	Sent       int // requests: copies, forgeries and retries included
	Answered   int // requests with an answer of whatever status
	Failed     int // requests without
	Dropped    int // callbacks lost by a Plan
	Doubled    int // copies beyond the first
	Delayed    int
	Reordered  int
	Forged     int
	Retried    int
	Overflowed int // lost because the queue was full
	Missed     int // how often news of the Switch was lost before it came here
}

// A deliveryLog keeps the latest deliveries. Its owner's mutex guards it.
type deliveryLog struct {
	size   int
	ring   []*Delivery
	oldest int
}

func (l *deliveryLog) add(d *Delivery) {
	if len(l.ring) < l.size {
		l.ring = append(l.ring, d)
		return
	}
	l.ring[l.oldest] = d
	l.oldest = (l.oldest + 1) % l.size
}

func (l *deliveryLog) all() []Delivery {
	out := make([]Delivery, 0, len(l.ring))
	for _, d := range slices.Concat(l.ring[l.oldest:], l.ring[:l.oldest]) {
		c := *d
		c.Callback = c.clone()
		c.Header = c.Header.Clone()
		out = append(out, c)
	}
	return out
}
