package bayeux

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// A port is what a link tells about itself. Only the port that the session has now is listened to.
type port struct {
	s    *Session
	link Link
	busy atomic.Int32 // bodies being worked on, waits for subscriptions included
}

var _ Sink = (*port)(nil)

// open opens a link on a goroutine of its own and then goes on with what seq is about: a handshake,
// before which the application is asked for credentials, or whatever the machine waits for.
func (s *Session) open(seq uint64, cause *Error, handshake bool) {
	ctx, cancel := context.WithCancel(s.base)
	s.stopOpen = cancel
	t := s.opts.Transports[s.st.transport]
	limit := s.opts.NetworkDelay
	if !handshake { // the session does not last long without
		limit = min(limit, s.beatLimit)
	}
	s.spawn(func() {
		defer cancel()
		header, ext, err := s.header(), map[string]any(nil), error(nil)
		if handshake {
			header, ext, err = s.authorize(ctx, cause)
		}
		p := &port{s: s}
		if err == nil {
			address, _ := checkURL(s.url) // it was valid before
			opening, stop := context.WithTimeout(ctx, limit)
			p.link, err = t.Open(opening, LinkParams{
				URL: address, RoundTripper: s.roundTripper(t, address.Scheme), Jar: s.opts.Jar, Header: header,
				MaxMessage: s.opts.MaxMessage, Timeout: s.opts.NetworkDelay, Sink: p, Go: s.spawn,
				session: s, given: s.own.Load() == nil,
			})
			stop()
		}
		s.mu.Lock()
		stale := s.st.seq != seq
		if !stale {
			s.stopOpen = nil
		}
		switch {
		case stale && p.link != nil:
			p.link.Close(false)
		case stale:
		case err != nil:
			s.fail(seq, err, true)
		default:
			s.port = p
			s.authHeader = header
			if handshake {
				s.count(&s.stats.handshakes, Handshakes, 1)
				s.sendBeat(seq, s.single(HandshakeBatch, request{op: opHandshake, ext: ext}), s.opts.NetworkDelay)
			} else {
				s.resend()
			}
		}
		s.unlock(false)
	})
}

// roundTripper is the application's, or one that is made when it is first needed.
func (s *Session) roundTripper(t Transport, scheme string) http.RoundTripper {
	if c := s.opts.HTTPClient; c != nil && c.Transport != nil {
		return c.Transport
	}
	if _, ok := t.(WebSocket); ok {
		return nil
	}
	if s.own.Load() == nil {
		s.own.CompareAndSwap(nil, ownTransport(scheme == "https"))
	}
	return s.own.Load()
}

// header is what the application last said goes with requests.
func (s *Session) header() http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authHeader
}

// authorize waits for a turn and for the application's credentials, and returns what they put into the
// requests and into the handshake.
func (s *Session) authorize(ctx context.Context, cause *Error) (http.Header, map[string]any, error) {
	if l := s.opts.Limiter; l != nil {
		if err := s.guardHook("/meta/handshake", func() error { return l.Wait(ctx) }); err != nil {
			return nil, nil, &Error{Kind: ErrHook, Detail: "the limiter failed", Err: err}
		}
	}
	if s.opts.Authenticate == nil {
		return s.opts.Header, nil, nil
	}
	a := &Authentication{Header: s.opts.Header.Clone(), Ext: make(map[string]any)}
	if a.Header == nil {
		a.Header = make(http.Header)
	}
	if cause != nil {
		a.Cause = cause
	}
	ctx, cancel := context.WithTimeout(ctx, authenticateDelay)
	defer cancel()
	err := s.guardHook("/meta/handshake", func() error { return s.opts.Authenticate(ctx, a) })
	if err == nil {
		return a.Header, a.Ext, nil
	}
	return nil, nil, &Error{Kind: ErrHook, Detail: "authentication failed", Err: err}
}

// fail tells the machine that what seq is about has failed. opening says that there was no link yet.
func (s *Session) fail(seq uint64, err error, opening bool) {
	op := "connect"
	if s.st.doing == doHandshake {
		op = "handshake"
	}
	e := asError(op, err)
	f := faultNetwork
	switch {
	case e.Kind == ErrHook:
		if errors.Is(e.Err, ErrUnauthorized) || errors.Is(e.Err, ErrDenied) {
			f = faultFatal
		}
	case e.Kind == ErrTooLarge:
		f = faultFatal
	case opening && e.Status != 0 && e.Status != 401:
		f = faultRefused
	case e.Status == 401, e.Status == 403:
		f = faultAuth
	case e.Status >= 300 && e.Status < 500 && e.Status != 408 && e.Status != 429:
		f = faultSetup
	}
	s.run(input{kind: inFail, seq: seq, fault: f, err: e})
}

// sendBeat sends a handshake or connect, if need be over a new link, and sets its deadline.
func (s *Session) sendBeat(seq uint64, b *Batch, limit time.Duration) {
	s.beatSeq, s.beatLimit = seq, limit
	s.beat = b
	if s.port == nil {
		s.open(seq, nil, false)
		return
	}
	s.beatEnd = time.Now().Add(limit)
	if s.beatTimer == nil {
		s.beatTimer = time.AfterFunc(limit, s.beatLate)
	} else {
		s.beatTimer.Reset(limit)
	}
	s.port.link.Send(s.beat)
}

// resend goes on with what waited for a link.
func (s *Session) resend() {
	switch {
	case s.beat != nil:
		s.sendBeat(s.beatSeq, s.beat, s.beatLimit)
	case s.st.doing == doSubscribe:
		s.renew(s.st.seq)
	}
}

// beatLate gives the beat up, unless it is the application that keeps the answer from being read.
func (s *Session) beatLate() {
	s.mu.Lock()
	defer s.unlock(false)
	if s.beat == nil || s.port == nil || time.Now().Before(s.beatEnd) {
		return
	}
	if s.port.link.Duplex() && s.port.busy.Load() > 0 {
		end := time.Now().Add(s.opts.NetworkDelay)
		s.beatEnd, s.beatLimit = end, s.beatLimit+end.Sub(s.beatEnd)
		s.beatTimer.Reset(s.opts.NetworkDelay)
		return
	}
	s.fail(s.beatSeq, &Error{Kind: ErrTimeout, Sent: true, Detail: "no answer in time"}, false)
}

// Fail takes the failure of a batch, or of the link.
func (p *port) Fail(b *Batch, err error) {
	s := p.s
	s.mu.Lock()
	defer s.unlock(false)
	if s.port != p {
		return
	}
	switch {
	case b == nil && s.st.phase == Closing: // some servers do not wait for the client to hang up
		s.run(input{kind: inDisconnectDone})
	case b == nil:
		p.link.Close(false)
		s.fail(s.st.seq, err, false)
		if s.port == p { // the machine had no use for the news
			s.port, s.command = nil, nil
			s.failSent(asError("", err))
		}
	case b == s.beat:
		s.fail(s.beatSeq, err, false)
	case b == s.command || b.Kind == CommandBatch:
		s.commandFailed(b, err)
	case b.Kind == DisconnectBatch:
		s.run(input{kind: inDisconnectDone})
	}
}
