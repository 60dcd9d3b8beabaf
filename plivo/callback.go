package plivo

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A RawEvent is one genuine callback in Plivo's own terms, for what the neutral contract does not
// have: digits, who speaks, recordings, and whatever Plivo may send one day. It tells what was so when
// Plivo sent it, if that: callbacks come late, twice, in any order, or not at all.
//
// A signature does not prove where one field ends and the next begins (see [Verifier]). Of a Known
// event each field that this library knows has its own format; of any other only the text as a whole is
// Plivo's. The fields may hold numbers and names of people. JSON has them all; log lines and package
// fmt show only what kind of event it is.
type RawEvent struct {
	// Event is the value of EventName or of ConferenceAction, and "record" for the callback of a
	// recording that was begun by REST. It is empty where the callback has neither, or more than one.
	Event string
	// Provider is whose event it is, MPC or Conference, if it is Known.
	Provider string
	// Known says that it is an event which Plivo documents, that each field documented for it is
	// there, and that no field which this library knows is there twice or in another format. Fields
	// that the event need not have may be empty.
	Known bool
	// Conference is the conference of a Known event, by name; by Instance where this library would refuse
	// the name, and empty where there is no such thing either. Instance is the run; it is the name for
	// the Conference API.
	Conference, Instance cc.ConferenceID

	Fields url.Values // the form of a POST, the query of a GET
	Query  url.Values // of a POST: the query of the address, which is of whoever gave the address to Plivo
	Path   string     // of the address, as it was requested
	At     time.Time  // when it was received; UTC

	// Missed is how many events went by unread before this one, because their reader was slow.
	Missed int
}

// String tells what kind of event it is, and hides whom it is about.
func (e RawEvent) String() string {
	return fmt.Sprintf("{Event:%s Provider:%s Known:%t Missed:%d}", e.word(), word(e.Provider), e.Known, e.Missed)
}

// word is the event's name for a log, unless it could be something else.
func (e RawEvent) word() string {
	if _, ok := mpcEvents[e.Event]; ok {
		return e.Event
	}
	return word(e.Event)
}

// GoString tells what String tells.
func (e RawEvent) GoString() string { return "plivo.RawEvent" + e.String() }

// Format writes what String tells, whatever the verb.
func (e RawEvent) Format(f fmt.State, verb rune) {
	text := e.String()
	if verb == 'v' && f.Flag('#') {
		text = e.GoString()
	}
	_, _ = f.Write([]byte(text))
}

// LogValue tells what kind of event it is, and hides whom it is about.
func (e RawEvent) LogValue() slog.Value {
	return slog.GroupValue(slog.String("event", e.word()), slog.String("provider", word(e.Provider)), slog.Bool("known", e.Known))
}

// own is a copy that shares nothing.
func (e RawEvent) own() RawEvent {
	e.Fields, e.Query = cloneValues(e.Fields), cloneValues(e.Query)
	return e
}

func cloneValues(v url.Values) url.Values {
	v = maps.Clone(v)
	for key := range v {
		v[key] = slices.Clone(v[key])
	}
	return v
}

const (
	maxRawEvents = 256     // that wait for one reader
	maxRawBytes  = 1 << 20 // of requests that wait for one reader
)

// A rawReader is one range over the raw events.
type rawReader struct {
	wake   chan struct{} // has room for one
	events []rawWaiting  // guarded by Receiver.mu, as is missed
	bytes  int
	missed int
}

type rawWaiting struct {
	event RawEvent // shared by all readers
	bytes int
}

// RawEvents gives the genuine callbacks that come from now on, known or not, those of the other API of
// Plivo's included; a repeated one is not among them. Every range over the result is a reader of its own
// with its own copies. It ends with ctx, with the receiver, or with the range.
//
// For a reader that is slow 256 events wait, of 1 MiB in all; then the oldest go unread, and the next one
// that is read tells how many in Missed.
func (r *Receiver) RawEvents(ctx context.Context) iter.Seq[RawEvent] {
	return func(yield func(RawEvent) bool) {
		if ctx == nil {
			return
		}
		reader := &rawReader{wake: make(chan struct{}, 1)}
		if !r.join(reader) {
			return
		}
		defer r.leave(reader)
		for {
			for ctx.Err() == nil {
				e, ok := r.next(reader)
				if !ok {
					break
				}
				if !yield(e.own()) {
					return
				}
			}
			select {
			case <-reader.wake:
			case <-ctx.Done():
				return
			case <-r.closing:
				return
			}
		}
	}
}

func (r *Receiver) join(reader *rawReader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.readers[reader] = struct{}{}
	return true
}

func (r *Receiver) leave(reader *rawReader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.readers, reader)
}

// next takes the oldest event that waits for a reader.
func (r *Receiver) next(reader *rawReader) (RawEvent, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(reader.events) == 0 {
		return RawEvent{}, false
	}
	e := reader.events[0].event
	e.Missed, reader.missed = reader.missed, 0
	reader.shift()
	return e, true
}

// shift forgets the oldest event.
func (w *rawReader) shift() {
	w.bytes -= w.events[0].bytes
	w.events[0] = rawWaiting{}
	w.events = w.events[1:]
}

// push has an event wait for the reader. It reports how many others went unread for it.
func (w *rawReader) push(e RawEvent, bytes int) (lost int) {
	w.events = append(w.events, rawWaiting{e, bytes})
	w.bytes += bytes
	for len(w.events) > maxRawEvents || w.bytes > maxRawBytes {
		w.shift()
		lost++
	}
	w.missed += lost
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return lost
}
