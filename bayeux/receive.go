package bayeux

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// deliveries are lists of them, used again.
var deliveries = sync.Pool{New: func() any { return new([]delivery) }}

// Receive takes a body. All of it is decoded before any of it counts.
func (p *port) Receive(b *Batch, body []byte) {
	s := p.s
	p.busy.Add(1)
	defer p.busy.Add(-1)
	s.count(&s.stats.bytesIn, BytesIn, int64(len(body)))
	room := takeEnvelopes()
	defer giveEnvelopes(room)
	list, err := decode(body, (*room)[:0])
	if err != nil {
		p.Fail(b, &Error{Kind: ErrProtocol, Detail: "the response is " + err.Error()})
		return
	}
	*room = list
	var kept []Incoming
	if len(s.opts.Extensions) > 0 {
		kept = s.filter(body, list)
	}
	arrived := deliveries.Get().(*[]delivery)
	defer func() {
		if cap(*arrived) <= 256 {
			clear(*arrived)
			*arrived = (*arrived)[:0]
			deliveries.Put(arrived)
		}
	}()
	events := events(body, list, kept, (*arrived)[:0])
	*arrived = events

	s.mu.Lock()
	if s.port != p || b != nil && b != s.beat && !s.expects(b) {
		s.unlock(true) // late: all of it is void
		return
	}
	if b != nil && b == s.command {
		s.command = nil
	}
	s.address(events)
	x := receipt{s: s, port: p, batch: b, body: body}
	beat := b != nil && (b.Kind == HandshakeBatch || b.Kind == ConnectBatch)
	holding := (beat || p.link.Duplex()) && (s.st.ackOn || s.st.doing == doHandshake)
	direct := !holding
	if holding || beat {
		direct = false
		x.hold(events)
	}
	x.events = len(events)
	for i := range list {
		e := &list[i]
		if kept != nil && kept[i].Channel == dropped {
			continue
		}
		if e.reply(body) {
			x.reply(e, kept, i)
		} else if len(s.sent) > 0 && e.data.present() {
			x.answerCall(e)
		}
	}
	if beat && b == s.beat { // the answer has no reply to what was asked
		if !s.st.ackOn && len(s.held) > 0 {
			s.release, s.held, s.heldBytes = append(s.release, s.held...), nil, 0
		}
		s.fail(s.beatSeq, &Error{Kind: ErrProtocol, Detail: "the response has no reply"}, false)
	}
	s.pump()
	if !direct {
		s.unlock(true)
		return
	}
	// Nothing holds these back, so they need not be copied.
	if len(s.release) > 0 || s.releasing != 0 || s.ending != nil {
		s.release = append(s.release, events...)
		s.unlock(true)
		return
	}
	var ticket uint32
	if len(events) > 0 {
		ticket = s.ticket()
	}
	s.unlock(true)
	if len(events) > 0 {
		s.hand(ticket, events, nil, nil)
	}
}

// expects reports whether an answer to b still counts.
func (s *Session) expects(b *Batch) bool {
	return b == s.command || b.Kind == DisconnectBatch
}

// A receipt is a body while its replies are looked at. Session.mu is held.
type receipt struct {
	s      *Session
	port   *port
	batch  *Batch
	body   []byte
	events int
}

// hold keeps events until their batch is finished.
func (x *receipt) hold(events []delivery) {
	s := x.s
	for i := range events {
		if s.skip > 0 {
			s.skip--
			continue
		}
		s.held = append(s.held, events[i])
		s.heldBytes += events[i].size
	}
	if s.heldBytes > s.opts.MaxMessage || len(s.held) > maxMessages {
		s.run(input{kind: inFatal, err: &Error{Kind: ErrTooLarge, Op: "connect", Detail: "a batch is longer than the limit"}})
	}
}

// reply acts on a reply, or on a meta message that the server sends of its own accord.
func (x *receipt) reply(e *envelope, kept []Incoming, i int) {
	s, body := x.s, x.body
	ext := e.ext.of(body)
	if kept != nil {
		ext = kept[i].Ext
	}
	id := e.identity(body)
	channel := string(e.channel.of(body))
	if channel != "" {
		channel = e.channel.str(body)
	}
	if s.beat != nil && s.beat.requests[0].id == id && s.beat.requests[0].channel() == channel {
		x.beat(e, ext)
		return
	}
	if channel == "/meta/disconnect" && (id == "" || s.sent[id] == nil) {
		s.run(input{kind: inDisconnected, err: x.error(e, ErrDisconnected, "disconnect", "the server ended the session")})
		return
	}
	r := s.sent[id]
	if r == nil || channel != "" && channel != r.channel() {
		return // nobody waits for it
	}
	a := parseAdvice(e.advice.of(body), s.typeName())
	if r.op == opCall && e.success == yes {
		return // that it was accepted; the answer is another message
	}
	s.settled(r)
	var err *Error
	if e.success == no {
		err = x.error(e, ErrDenied, opText[r.op], "")
		if a.reconnect == reconnectHandshake {
			err.Kind = ErrSessionLost
		}
	}
	lost := err != nil && err.Kind == ErrSessionLost && r.op != opDisconnect
	s.settleRequest(r, err, lost)
	if r.op == opDisconnect {
		s.run(input{kind: inDisconnectDone})
		return
	}
	if lost {
		s.run(input{kind: inLost, err: err})
		return
	}
	if e.advice.present() {
		s.run(input{kind: inAdvice, advice: a})
	}
	if r.renewal && s.renewing > 0 {
		s.renewing--
		if s.renewing == 0 {
			s.run(input{kind: inSubscribed, seq: s.st.seq, ok: true})
		}
	}
}

// error makes the Error of an unsuccessful reply.
func (x *receipt) error(e *envelope, kind Kind, op, detail string) *Error {
	err := replyError(op, e.errorText.str(x.body), x.s.st.clientID)
	if err.Kind == ErrDenied {
		err.Kind = kind
	}
	err.Detail = detail
	return err
}

// beat acts on the reply to the handshake or connect that is outstanding.
func (x *receipt) beat(e *envelope, ext []byte) {
	s := x.s
	op := s.beat.requests[0].op
	now := s.beat.requests[0].now
	s.beat = nil
	s.beatTimer.Stop()
	in := input{
		seq: s.beatSeq, ok: e.success == yes, events: max(x.events, len(s.held)), // over a socket they came before
		advice: parseAdvice(e.advice.of(x.body), s.typeName()),
		ack:    parseAck(ext),
	}
	if !in.ok {
		in.err = x.error(e, ErrDenied, opText[op], "")
	}
	if op == opConnect {
		in.kind, s.skip = inConnect, 0
		if in.ok {
			s.count(&s.stats.connects, Connects, 1)
			if now && s.opts.Metrics != nil {
				s.opts.Metrics.Observe(ConnectSeconds, (s.beatLimit - time.Until(s.beatEnd)).Seconds())
			}
		}
		s.run(in)
		if !s.st.ackOn {
			s.letGo()
		}
		return
	}
	in.kind = inHandshake
	in.clientID = e.clientID.str(x.body)
	in.types = stringsOf(e.types.of(x.body))
	in.complete = !x.port.link.Duplex() || int64(x.events) >= in.ack.size
	s.run(in)
	if s.st.ackOn && !in.complete {
		s.skip = in.ack.size - int64(x.events)
	}
	if !s.st.ackOn {
		s.letGo()
	}
}

// letGo releases what is held though nothing will finish it.
func (s *Session) letGo() {
	s.release = append(s.release, s.held...)
	s.held, s.heldBytes = nil, 0
}

// answerCall gives a call its answer: the one case in which a message with data is one.
func (x *receipt) answerCall(e *envelope) {
	if !e.id.present() {
		return
	}
	r := x.s.sent[e.identity(x.body)]
	if r == nil || r.op != opCall || e.channel.str(x.body) != r.name {
		return
	}
	x.s.settled(r)
	x.s.answer(r, result{msg: Message{
		Channel: r.name, ID: r.id,
		Data: slices.Clone(json.RawMessage(e.data.of(x.body))), Ext: slices.Clone(json.RawMessage(e.ext.of(x.body))),
	}})
}

// maxTogether bounds what one event that somebody keeps can hold in memory of others.
const maxTogether = 64 << 10

// events makes deliveries of the events in a body. What they keep of it is copied, together as far as
// that goes.
func events(body []byte, list []envelope, kept []Incoming, out []delivery) []delivery {
	size, n := 0, 0
	for i := range list {
		e := &list[i]
		if e.reply(body) || kept != nil && kept[i].Channel == dropped {
			continue
		}
		n++
		data, ext := e.raw(body, kept, i)
		size += len(data) + len(ext)
	}
	if n == 0 {
		return out
	}
	out = slices.Grow(out, n)
	store := make([]byte, 0, min(size, maxTogether))
	keep := func(b []byte) json.RawMessage {
		size -= len(b)
		switch {
		case len(b) == 0:
			return nil
		case len(b) <= cap(store)-len(store):
		case len(b) > maxTogether/4:
			return bytes.Clone(b)
		default:
			store = make([]byte, 0, min(size+len(b), maxTogether))
		}
		from := len(store)
		store = append(store, b...)
		return store[from:len(store):len(store)]
	}
	for i := range list {
		e := &list[i]
		if e.reply(body) || kept != nil && kept[i].Channel == dropped {
			continue
		}
		data, ext := e.raw(body, kept, i)
		d := delivery{size: len(data) + len(ext) + int(e.id.to-e.id.from) + int(e.channel.to-e.channel.from)}
		d.message.Data, d.message.Ext = keep(data), keep(ext)
		if e.id.present() {
			d.message.ID = e.identity(body)
		}
		d.channel = e.channel.of(body)
		out = append(out, d)
	}
	return out
}

func (e *envelope) raw(body []byte, kept []Incoming, i int) (data, ext []byte) {
	if kept != nil {
		return kept[i].Data, kept[i].Ext
	}
	return e.data.of(body), e.ext.of(body)
}

// dropped marks in place of the channel what a hook does not want.
const dropped = "\x00"

// filter runs the hooks on the messages of a body.
func (s *Session) filter(body []byte, list []envelope) []Incoming {
	kept := make([]Incoming, len(list))
	for i := range list {
		e := &list[i]
		m := &kept[i]
		*m = Incoming{
			Channel: e.channel.str(body), ID: e.identity(body), Subscription: stringsOf(e.subscription.of(body)),
			Reply: e.reply(body), Successful: e.success == yes, Error: e.errorText.str(body),
			Advice: e.advice.of(body), Data: e.data.of(body), Ext: e.ext.of(body),
		}
		if !s.incoming(m) {
			m.Channel = dropped
		}
	}
	return kept
}
