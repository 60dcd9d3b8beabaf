package bayeux

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// An operation is what a request asks for.
type operation uint8

const (
	opHandshake operation = iota
	opConnect
	opSubscribe
	opUnsubscribe
	opPublish
	opCall
	opDisconnect
)

var opText = [...]string{"handshake", "connect", "subscribe", "unsubscribe", "publish", "call", "disconnect"}

// A request is a message to the server and what becomes of it.
type request struct {
	op       operation
	now      bool   // opConnect: an answer at once
	renewal  bool   // opSubscribe: on a new session, so that nobody waits for it
	tries    int    // opSubscribe: that got no answer
	name     string // opPublish, opCall: the channel; opSubscribe, opUnsubscribe: the pattern
	data     json.RawMessage
	ext      map[string]any
	id       string
	ack      int64 // opConnect: -1 without the extension
	deadline time.Time
	answered chan result // nil if nobody waits
}

// channel is what the message goes to.
func (r *request) channel() string {
	if meta := metaChannel[r.op]; meta != "" {
		return meta
	}
	return r.name
}

// subscription is the field of that name, empty if there is none.
func (r *request) subscription() string {
	if r.op == opSubscribe || r.op == opUnsubscribe {
		return r.name
	}
	return ""
}

var metaChannel = [...]string{
	opHandshake: "/meta/handshake", opConnect: "/meta/connect", opSubscribe: "/meta/subscribe",
	opUnsubscribe: "/meta/unsubscribe", opPublish: "", opCall: "", opDisconnect: "/meta/disconnect",
}

// A result is what became of a request.
type result struct {
	err *Error
	msg Message
}

// of makes the end of a session the failure of a request.
func (e *Error) of(r *request) *Error {
	c := e.in(opText[r.op])
	c.Sent = r.id != ""
	return c
}

// in makes the end of a session the failure of an operation.
func (e *Error) in(op string) *Error {
	c := *e
	c.Op = op
	return &c
}

// Bounds of what goes out at once.
const (
	maxArray      = 64
	maxArrayBytes = 256 << 10
	maxSent       = 1024 // requests of which the answer has not come
	maxTries      = 4    // to subscribe, after which HTTP status 500 is believed
)

// batch makes a batch of requests.
func (s *Session) batch(kind BatchKind, list []*request) *Batch {
	b := new(Batch)
	s.fill(b, kind, list)
	return b
}

// single makes a batch of one request, all in one piece.
func (s *Session) single(kind BatchKind, r request) *Batch {
	one := &struct {
		batch   Batch
		request request
		list    [1]*request
	}{request: r}
	one.list[0] = &one.request
	s.fill(&one.batch, kind, one.list[:])
	return &one.batch
}

func (s *Session) fill(b *Batch, kind BatchKind, list []*request) {
	for _, r := range list {
		if r.id == "" {
			s.lastID++
			r.id = strconv.FormatUint(s.lastID, 10)
		}
	}
	*b = Batch{Kind: kind, session: s, requests: list, clientID: s.st.clientID, transport: s.typeName()}
}

// answer gives a request its result.
func (s *Session) answer(r *request, res result) {
	if r.answered != nil {
		r.answered <- res // has room for one, and gets one
		r.answered = nil
	}
}

// enqueue adds a command to the queue. The caller holds mu.
func (s *Session) enqueue(r *request) *Error {
	if s.err != nil {
		return s.err.of(r)
	}
	if len(s.queue) >= s.opts.MaxPending {
		return &Error{Kind: ErrOverflow, Op: opText[r.op], Detail: "too many requests wait for a connection"}
	}
	s.queue = append(s.queue, r)
	s.pump()
	return nil
}

// pump sends what is queued, as arrays. The caller holds mu.
func (s *Session) pump() {
	for s.ready && s.port != nil && s.command == nil && len(s.queue) > 0 && len(s.sent) < maxSent {
		n, size := 0, 0
		for n < len(s.queue) && n < maxArray && (n == 0 || size < maxArrayBytes) {
			size += len(s.queue[n].data)
			n++
		}
		list := slices.Clone(s.queue[:n])
		s.queue = slices.Delete(s.queue, 0, n)
		s.sendCommands(list, s.opts.NetworkDelay)
	}
}

// sendCommands sends one array, to be answered within limit. The caller holds mu.
func (s *Session) sendCommands(list []*request, limit time.Duration) {
	b := s.batch(CommandBatch, list)
	end := time.Now().Add(limit)
	for _, r := range list {
		r.deadline = end
		s.expect(r)
	}
	if !s.port.link.Duplex() {
		s.command = b
	}
	s.armSlow()
	s.port.link.Send(b)
}

// expect notes that r is to be answered.
func (s *Session) expect(r *request) {
	if s.sent == nil {
		s.sent = make(map[string]*request)
	}
	s.sent[r.id] = r
}

// settled notes that r has been answered, or will not be.
func (s *Session) settled(r *request) {
	delete(s.sent, r.id)
	if len(s.sent) > 0 {
		return
	}
	s.sent = nil // a session that waits needs neither
	if s.slow != nil {
		s.slow.Stop()
		s.slow = nil
	}
}

// armSlow sets the timer to the earliest deadline of what was sent.
func (s *Session) armSlow() {
	var first time.Time
	for _, r := range s.sent {
		if first.IsZero() || r.deadline.Before(first) {
			first = r.deadline
		}
	}
	switch {
	case first.IsZero():
	case s.slow == nil:
		s.slow = time.AfterFunc(time.Until(first), s.tooSlow)
	default:
		s.slow.Reset(time.Until(first))
	}
}

// tooSlow fails what has had no answer in time. A socket over which none came is taken for dead.
func (s *Session) tooSlow() {
	s.mu.Lock()
	defer s.unlock(false)
	now := time.Now()
	var late []*request
	for _, r := range s.sent {
		if !now.Before(r.deadline) {
			late = append(late, r)
		}
	}
	if len(late) == 0 || s.port == nil {
		s.armSlow()
		return
	}
	err := &Error{Kind: ErrTimeout, Sent: true, Detail: "no answer in time"}
	if s.port.link.Duplex() {
		if s.port.busy.Load() > 0 {
			s.behind(late, now)
			return
		}
		s.port.link.Close(false)
		s.fail(s.st.seq, err, false)
		return
	}
	if b := s.command; b != nil && slices.ContainsFunc(late, func(r *request) bool { return slices.Contains(b.requests, r) }) {
		s.port.link.Abort(b)
		s.commandFailed(b, err)
		return
	}
	s.failRequests(late, err)
	s.armSlow()
	s.pump()
}

// behind fails what has had no answer over a socket that is not read on, because a consumer has not taken
// what came before. It may be the consumer that waits for the answer, so to wait longer might be for ever.
// The socket is as good as before.
func (s *Session) behind(late []*request, now time.Time) {
	err := &Error{Kind: ErrTimeout, Sent: true, Detail: "no answer in time, because messages wait for their consumer"}
	for _, r := range late {
		switch {
		case r.renewal, r.op == opDisconnect: // nobody waits
			r.deadline = now.Add(s.opts.NetworkDelay)
		case r.op == opSubscribe:
			s.settled(r)
			s.refuse(r, err.in(opText[r.op]))
			_ = s.enqueue(&request{op: opUnsubscribe, name: r.name}) // the server may have agreed
		default:
			s.failRequests([]*request{r}, err)
		}
	}
	s.armSlow()
}

// commandFailed ends a batch that has no answer.
func (s *Session) commandFailed(b *Batch, err error) {
	current := s.command == b
	if current {
		s.command = nil
	}
	e := asError("", err)
	if e.Kind != ErrHook {
		c := *e
		c.Sent = true
		e = &c
	}
	if current && e.Kind != ErrHook && !e.refusal() && !s.st.ackOn && s.st.phase == Connected {
		s.epoch++ // there may have been messages in the answer
		s.log(slog.LevelWarn, "bayeux: an answer got lost", e)
		s.tell(Event{Kind: EventGap, PossibleGap: true, Err: e})
	}
	s.failRequests(b.requests, e)
	if current && e.Kind == ErrTooLarge {
		s.fail(s.st.seq, e, false)
	}
	s.pump()
}

// failSent fails everything that was sent and not answered.
func (s *Session) failSent(err *Error) {
	list := make([]*request, 0, len(s.sent))
	for _, r := range s.sent {
		list = append(list, r)
	}
	s.failRequests(list, err)
}

// failRequests fails those of list that have not been answered. What is subscribed to is asked for
// again, because that does no harm, unless the answer says that this is of no use; nothing else is.
func (s *Session) failRequests(list []*request, err *Error) {
	renewals := 0
	for _, r := range list {
		if r.id == "" || s.sent[r.id] != r {
			continue
		}
		s.settled(r)
		switch {
		case r.op == opSubscribe && r.renewal:
			renewals++
			s.unsubscribed(r)
		case r.op == opSubscribe && err.Kind != ErrHook && !err.refusal() && !(err.Status == 500 && r.tries >= maxTries):
			s.wantAgain(r)
		case r.op == opSubscribe:
			s.refuse(r, asError(opText[r.op], err))
		default:
			e := *err
			e.Op = opText[r.op]
			s.answer(r, result{err: &e})
		}
	}
	if renewals > 0 && s.renewing > 0 {
		s.renewing = 0
		s.failRenewal(err)
	}
}

// failRenewal tells the machine, in its next step, that the subscriptions could not be renewed.
func (s *Session) failRenewal(err *Error) {
	s.fail(s.st.seq, err, false)
}

// wait waits for the result of r.
func (s *Session) wait(ctx context.Context, r *request, answered <-chan result) (result, error) {
	select {
	case res := <-answered:
		if res.err != nil {
			return res, res.err
		}
		return res, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.unlock(false)
	select {
	case res := <-answered: // both at once
		if res.err != nil {
			return res, res.err
		}
		return res, nil
	default:
	}
	sent := r.id != ""
	if i := slices.Index(s.queue, r); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	r.answered = nil
	return result{}, canceled(ctx, opText[r.op], sent)
}

// Publish publishes data, which is encoded as by encoding/json, to channel, and returns when the server
// has accepted it. If there is no connection at the moment it waits for one. Whatever fails after that
// is returned and never tried again: Error.Sent tells whether the message may have been published.
func (s *Session) Publish(ctx context.Context, channel string, data any) error {
	_, err := s.publish(ctx, opPublish, channel, data)
	if err == nil {
		s.count(&s.stats.published, Published, 1)
	}
	return err
}

// Call publishes data to /service/ plus target and returns the answer, which is the message on the same
// channel with the same id. Servers know this as a remote call. It needs no subscription.
func (s *Session) Call(ctx context.Context, target string, data any) (Message, error) {
	return s.publish(ctx, opCall, "/service/"+target, data)
}

func (s *Session) publish(ctx context.Context, op operation, channel string, data any) (Message, error) {
	fail := func(detail string, err error) (Message, error) {
		return Message{}, &Error{Kind: ErrInvalid, Op: opText[op], Detail: detail, Err: err}
	}
	if problem := checkChannel(channel, false); problem != "" {
		return fail(problem, nil)
	}
	if isMeta(channel) {
		return fail("applications do not publish to meta channels", nil)
	}
	if ctx.Err() != nil {
		return Message{}, canceled(ctx, opText[op], false)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fail("the data cannot be encoded", err)
	}
	if len(raw) > s.opts.MaxMessage {
		return Message{}, &Error{Kind: ErrTooLarge, Op: opText[op]}
	}
	answered := make(chan result, 1)
	r := &request{op: op, name: channel, data: raw, answered: answered}
	s.mu.Lock()
	if e := s.enqueue(r); e != nil {
		s.mu.Unlock()
		return Message{}, e
	}
	s.unlock(false)
	res, err := s.wait(ctx, r, answered)
	return res.msg, err
}

// count adds to a counter and tells the metrics.
func (s *Session) count(c *atomic.Int64, name Counter, n int64) {
	c.Add(n)
	s.measure(name, n)
}

// sendDisconnect says goodbye, and sees to it that it does not take long.
func (s *Session) sendDisconnect(seq uint64) {
	if s.beatTimer != nil {
		s.beatTimer.Stop()
	}
	s.endPause()
	s.goodbye = time.AfterFunc(s.opts.CloseDelay, s.goodbyeOver)
	if s.port == nil {
		s.run(input{kind: inDisconnectDone, seq: seq})
		return
	}
	b := s.single(DisconnectBatch, request{op: opDisconnect})
	s.expect(b.requests[0])
	s.port.link.Send(b)
}

func (s *Session) goodbyeOver() { s.input(input{kind: inDisconnectDone}) }
