package cometd

import (
	"net/http"
	"strings"
)

// An exchange is what a client sent at once.
type exchange struct {
	server  *Server
	request *http.Request
	user    string
	cookie  string  // the browser's, over long polling
	fresh   bool    // the cookie is to be set
	sock    *socket // nil: long polling
	events  sink    // where events go that leave with the answer
	alone   bool    // there is one message
	session *session
}

// handle answers one message, unless it is a connect that is held.
func (e *exchange) handle(m *message) (reply, *held) {
	if m.Channel == metaHandshake {
		return e.handshake(m), nil
	}
	x := e.server.find(e, m.ClientID)
	if x == nil {
		return e.server.stranger(m.ClientID, m), nil
	}
	e.session = x
	switch m.Channel {
	case metaConnect:
		return x.connect(e, m)
	case metaDisconnect:
		return e.disconnect(x, m), nil
	}
	return x.serve(e, m), nil
}

// stranger is the answer to a session that is not known.
func (s *Server) stranger(id string, m *message) reply {
	s.tallies.unknown.Add(1)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return unknown(m, s.silent.has(id))
}

// stranger is the answer to a session that has ended just now.
func (x *session) stranger(m *message) reply {
	x.server.tallies.unknown.Add(1)
	return unknown(m, x.gone == endSilent)
}

func (e *exchange) handshake(m *message) reply {
	s := e.server
	if s.options.Refuse(e.request) {
		s.tallies.handshakesRefused.Add(1)
		return to(m).failed("403::Handshake denied").advised("none")
	}
	if e.sock == nil && e.cookie == "" {
		e.cookie, e.fresh = token(), true
	}
	x := s.admit(e, m.acks() && s.options.Ack)
	if x == nil {
		return unknown(m, true) // closed
	}
	s.tallies.handshakes.Add(1)
	e.session = x
	r := to(m).ok()
	r.ClientID, r.Version, r.MinimumVersion, r.Types = x.id, "1.0", "1.0", s.types
	r.Advice = retry(s.options.Interval, s.options.Hold)
	if x.acks {
		r.Ext = &extension{Ack: true}
	}
	return r
}

func (e *exchange) disconnect(x *session, m *message) reply {
	if !e.server.end(x, endDisconnected) {
		return e.server.stranger(x.id, m)
	}
	e.server.tallies.disconnects.Add(1)
	return to(m).ok()
}

// serve answers a message that neither makes nor keeps nor ends a session.
func (x *session) serve(e *exchange, m *message) reply {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.server
	if x.gone != alive {
		return x.stranger(m)
	}
	if x.held == nil {
		x.keep(s.options.Interval)
	}
	if e.sock != nil && x.sock != e.sock {
		x.sock = e.sock
		x.flush(e.events, false) // before anything newer
	}
	switch {
	case m.Channel == metaSubscribe:
		return x.subscribe(m)
	case m.Channel == metaUnsubscribe:
		return x.unsubscribe(m)
	case strings.HasPrefix(m.Channel, "/meta/"):
		return to(m).failed("404::unknown_meta")
	case strings.HasPrefix(m.Channel, "/service/"):
		return to(m).ok()
	}
	s.tallies.publishesRefused.Add(1)
	return to(m).failed("403::publish_denied")
}

// subscribe subscribes to all channels that m names, or to none.
func (x *session) subscribe(m *message) reply {
	r := to(m)
	r.Subscription = m.Subscription
	list := m.subscriptions()
	refuse := func(text string) reply {
		x.server.tallies.subscribesRefused.Add(1)
		return r.failed(text)
	}
	if len(list) == 0 {
		return refuse("403::subscription_missing")
	}
	for _, name := range list {
		if !validPattern(name) {
			return refuse("403::subscription_invalid")
		}
	}
	if len(x.subs)+len(list) > maxSubscriptions {
		return refuse("403::subscribe_failed")
	}
	for _, name := range list {
		x.subs[name] = struct{}{}
	}
	x.server.tallies.subscribes.Add(1)
	return r.ok()
}

// unsubscribe is refused for a channel that there is no subscription to.
func (x *session) unsubscribe(m *message) reply {
	r := to(m)
	r.Subscription = m.Subscription
	list := m.subscriptions()
	if len(list) == 0 {
		return r.failed("403::subscription_missing")
	}
	for _, name := range list {
		if _, ok := x.subs[name]; !ok {
			return r.failed("400::channel_missing")
		}
	}
	for _, name := range list {
		delete(x.subs, name)
	}
	x.server.tallies.unsubscribes.Add(1)
	return r.ok()
}
