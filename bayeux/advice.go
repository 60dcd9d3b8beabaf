package bayeux

import (
	"math"
	"strconv"
	"time"
)

// Bounds of what a server may advise.
const (
	maxAdvisedInterval = 10 * time.Minute
	maxAdvisedTimeout  = 10 * time.Minute
)

// A reconnect is the advised way to go on.
type reconnect uint8

const (
	reconnectUnset reconnect = iota
	reconnectRetry
	reconnectHandshake
	reconnectNone
	reconnectUnknown
)

// An advice is what one message advised. What it does not have is -1 or unset.
type advice struct {
	reconnect                      reconnect
	interval, timeout, maxInterval time.Duration // -1: not there
	forbidden                      bool          // the interval is negative: do not retry
	multiple                       truth
}

// parseAdvice reads an advice for the transport named. What it says about that transport in
// particular overrides what it says about all.
func parseAdvice(raw []byte, transport string) advice {
	a := advice{interval: -1, timeout: -1, maxInterval: -1}
	var own []byte
	fields(raw, func(key string, v []byte) {
		if key == transport && v[0] == '{' {
			own = v
			return
		}
		a.set(key, v)
	})
	fields(own, a.set)
	return a
}

func (a *advice) set(key string, v []byte) {
	switch key {
	case "reconnect":
		if v[0] != '"' {
			return
		}
		switch unquote(v) {
		case "retry":
			a.reconnect = reconnectRetry
		case "handshake":
			a.reconnect = reconnectHandshake
		case "none":
			a.reconnect = reconnectNone
		default:
			a.reconnect = reconnectUnknown
		}
	case "interval":
		if d, ok := millis(v); ok {
			a.forbidden = d < 0
			a.interval = min(max(d, 0), maxAdvisedInterval)
		}
	case "timeout":
		if d, ok := millis(v); ok && d >= 0 {
			a.timeout = min(d, maxAdvisedTimeout)
		}
	case "maxInterval":
		if d, ok := millis(v); ok && d >= 0 {
			a.maxInterval = min(d, maxAdvisedTimeout)
		}
	case "multiple-clients":
		switch v[0] {
		case 't':
			a.multiple = yes
		case 'f':
			a.multiple = no
		}
	}
}

// millis reads a number of milliseconds, which some servers send as a string.
func millis(v []byte) (time.Duration, bool) {
	s := string(v)
	if v[0] == '"' {
		s = unquote(v)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) {
		return 0, false
	}
	const most = float64(1<<62) / float64(time.Millisecond)
	f = min(max(f, -most), most)
	return time.Duration(f * float64(time.Millisecond)), true
}

// An acknowledgement is the extension of that name in a reply.
type acknowledgement struct {
	present bool
	enabled bool
	batch   int64 // -1: not there
	size    int64 // how many events of the batch come with a handshake reply
}

// parseAck finds the acknowledgement in the ext field of a reply: a boolean or an object in a
// handshake reply, a number in a connect reply.
func parseAck(ext []byte) (a acknowledgement) {
	a.batch = -1
	fields(ext, func(key string, v []byte) {
		if key != "ack" {
			return
		}
		a = acknowledgement{present: true, batch: -1}
		switch v[0] {
		case 't':
			a.enabled = true
		case '{':
			fields(v, func(key string, v []byte) {
				switch key {
				case "enabled":
					a.enabled = v[0] == 't'
				case "batch":
					a.batch = whole(v)
				case "size":
					a.size = max(whole(v), 0)
				}
			})
		case 'f', 'n', '[':
		default:
			a.enabled = true
			a.batch = whole(v)
		}
	})
	return a
}

// whole reads a whole number, in a string or not, or returns -1.
func whole(v []byte) int64 {
	s := string(v)
	if v[0] == '"' {
		s = unquote(v)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
