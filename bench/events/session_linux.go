package events

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A session is a client's.
type session struct {
	site    *site
	id      string
	ack     bool   // batches are numbered
	held    *conn  // over which a connect came that is not answered yet
	connect string // its id
	until   time.Time
	batch   int64
	last    int64   // event
	queue   []int64 // when the events were due that wait
}

var (
	quote      = []byte(`"`)
	channelKey = []byte(`"channel":"`)
	idKey      = []byte(`"id":"`)
	clientKey  = []byte(`"clientId":"`)
	patternKey = []byte(`"subscription":"`)
	atOnce     = []byte(`"timeout":0`)
	ackOffer   = []byte(`"ack":true`)
	cookie     = []byte("BAYEUX_BROWSER=")
)

// message answers the one message of an array, as a server in Java does.
func (s *server) message(c *conn, head, body []byte) {
	l := c.site
	name, id := after(body, channelKey, quote), string(after(body, idKey, quote))
	if bytes.Count(body, channelKey) != 1 {
		s.refuse(c)
		return
	}
	if string(name) == "/meta/handshake" {
		s.handshake(c, id, bytes.Contains(body, ackOffer))
		return
	}
	session := l.sessions[string(after(body, clientKey, quote))]
	// Long polling finds sessions by their cookies, sockets are their own proof.
	if session == nil || !c.socket && !bytes.HasPrefix(after(head, cookie, endOfLine), []byte(session.id)) {
		l.counts.Refused++
		s.reply(c, fmt.Sprintf(`{"id":%q,"channel":%q,"successful":false,"error":"402::session_unknown","advice":{"reconnect":"none"}}`, id, name))
		return
	}
	switch string(name) {
	case "/meta/connect":
		l.counts.Connects++
		if bytes.Contains(body, atOnce) {
			session.batch++
			s.reply(c, session.connected(id))
			return
		}
		if session.held != nil {
			s.refuse(c)
			return
		}
		c.session, session.held, session.connect = session, c, id
		session.until = time.Now().Add(l.Hold)
		l.held++
		s.feed(session)
	case "/meta/subscribe":
		s.reply(c, fmt.Sprintf(`{"id":%q,"channel":"/meta/subscribe","successful":true,"subscription":%q}`, id, after(body, patternKey, quote)))
	case "/meta/disconnect":
		s.forget(session)
		s.reply(c, fmt.Sprintf(`{"id":%q,"channel":"/meta/disconnect","successful":true}`, id))
	default:
		s.refuse(c)
	}
}

// forever is how long a server that is awake is said to hold a poll.
const forever = 24 * time.Hour

func (s *server) handshake(c *conn, id string, ack bool) {
	l := c.site
	// Events over a socket wait for no connect, so that they are not acknowledged.
	session := &session{site: l, id: fmt.Sprintf("c%d-%d", l.fd, len(l.list)+1), ack: ack && !c.socket}
	l.sessions[session.id] = session
	l.list = append(l.list, session)
	agreed := ""
	if session.ack {
		agreed = `"ext":{"ack":true},`
	}
	hold := l.Hold
	if l.Awake {
		hold = forever
	}
	body := fmt.Sprintf(`[{"id":%q,"channel":"/meta/handshake","successful":true,"clientId":%q,"version":"1.0",`+
		`"supportedConnectionTypes":["websocket","long-polling"],%s"advice":{"reconnect":"retry","interval":0,"timeout":%d}}]`,
		id, session.id, agreed, hold.Milliseconds())
	if c.socket {
		c.session = session
		l.sockets = append(l.sockets, c)
		s.reply(c, body[1:len(body)-1])
		return
	}
	s.write(c, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nSet-Cookie: %s%s;Path=/;HttpOnly\r\nContent-Length: %d\r\n\r\n%s",
		cookie, session.id, len(body), body))
}

// forget ends a session; a connect that is held is answered.
func (s *server) forget(session *session) {
	delete(session.site.sessions, session.id)
	if session.held != nil {
		s.answerConnect(session, 0)
	}
}

// reply answers with one message.
func (s *server) reply(c *conn, message string) {
	out := append(append(append(c.begin(s.out[:0]), '['), message...), ']')
	c.end(out, 0)
	s.write(c, out)
}

// connected is the reply to a connect.
func (x *session) connected(id string) string {
	if x.ack {
		return `{"id":"` + id + `","channel":"/meta/connect","successful":true,"ext":{"ack":` + strconv.FormatInt(x.batch, 10) + `}}`
	}
	return `{"id":"` + id + `","channel":"/meta/connect","successful":true}`
}

// feed answers the connect of a session if there are events.
func (s *server) feed(session *session) {
	l := session.site
	switch {
	case session.held == nil || session.held.socket:
	case len(session.queue) > 0:
		s.answerConnect(session, min(len(session.queue), most))
	case l.budget > 0:
		n := min(int64(l.perPoll), l.budget)
		l.budget -= n
		now := time.Now().UnixNano()
		for range n {
			session.queue = append(session.queue, now)
			l.waiting++
		}
		s.answerConnect(session, int(n))
	}
}

// answerConnect answers the connect that is held, with n events of the queue.
func (s *server) answerConnect(session *session, n int) {
	c, l := session.held, session.site
	session.held = nil
	l.held--
	session.batch++
	out := append(c.begin(s.out[:0]), '[')
	for _, due := range session.queue[:n] {
		session.last++
		out = append(appendEvent(out, session.last, due), ',')
	}
	session.queue = session.queue[:copy(session.queue, session.queue[n:])]
	l.waiting -= n
	l.counts.Events += int64(n)
	out = append(append(out, session.connected(session.connect)...), ']')
	c.end(out, 0)
	s.write(c, out)
}

// frames is how many events are written to a socket at once, each in a frame of its own.
const frames = 16

// pour sends events over sockets, as long as they take them.
func (s *server) pour(l *site) {
	for l.budget > 0 {
		sent := false
		for _, c := range l.sockets {
			if c.out != nil || l.budget == 0 {
				continue
			}
			sent = true
			out, now := s.out[:0], time.Now().UnixNano()
			for n := min(frames, l.budget); n > 0; n-- {
				from := len(out)
				c.session.last++
				out = append(appendEvent(append(c.begin(out), '['), c.session.last, now), ']')
				c.end(out, from)
				l.budget--
				l.counts.Events++
			}
			s.write(c, out)
			break // it may be gone from the list
		}
		if !sent {
			return
		}
	}
}

// A stream is events that become due by themselves.
type stream struct {
	random *rand.Rand
	rate   float64
	left   int64
	next   float64 // nanoseconds since 1970
}

func newStream(f flow) *stream {
	st := &stream{random: rand.New(rand.NewPCG(f.Seed, f.Seed)), rate: f.Rate, left: f.Events, next: float64(time.Now().UnixNano())}
	st.step()
	return st
}

func (st *stream) step() { st.next += st.random.ExpFloat64() / st.rate * float64(time.Second) }

// come sends what has become due.
func (s *server) come(l *site) {
	st := l.stream
	now := time.Now().UnixNano()
	for ; st.left > 0 && int64(st.next) <= now; st.left-- {
		session := l.list[st.random.IntN(len(l.list))]
		session.queue = append(session.queue, int64(st.next))
		l.waiting++
		s.feed(session)
		st.step()
	}
	if st.left == 0 {
		l.stream = nil
	}
}
