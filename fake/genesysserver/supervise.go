package genesysserver

import (
	"cmp"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// postDevice sets a supervisor's device to monitor another one. Source: "ListenIn", "Coach",
// "BargeIn", "CancelSupervisionMonitoring".
func (s *Server) postDevice(q *request) reply {
	if q.id != q.agent.deviceID {
		return *s.refuse(codeNotFound, "There is no such device")
	}
	if bad := s.named(q); bad != nil {
		return *bad
	}
	m, bad := s.wanted(q)
	if bad != nil {
		return *bad
	}
	for _, f := range []string{FeatureVoice, FeatureMonitoring} {
		if !q.agent.has(f) {
			return *s.refuse(codePermission, "The user lacks the feature "+f)
		}
	}
	return s.ordered(q, func() reply {
		s.mu.Lock()
		q.agent.monitoring = m
		s.deviceNews(q.agent)
		s.mu.Unlock()
		if m == nil || !s.options.Intrude {
			return ok(nil)
		}
		for _, r := range s.bridge.LookOf(m.target.options.User) {
			if _, rings, _ := m.target.leg(&r); !rings {
				s.deliver(q.agent, m, &r)
			}
		}
		return ok(nil)
	})
}

// wanted is the monitoring that a request asks for; nil for none.
func (s *Server) wanted(q *request) (*monitoring, *reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.op == "CancelSupervisorMonitoring" {
		if q.agent.monitoring == nil {
			return nil, s.refuse(s.options.NotNow, "The device does not monitor")
		}
		return nil, nil
	}
	m := &monitoring{state: string(q.op), mode: "AllCalls", scope: "Call"}
	uri, byURI := q.fields.text("targetDeviceUri")
	number, byNumber := q.fields.number("phoneNumber")
	switch {
	case byURI:
		m.target = s.byDevice[last(uri)]
	case byNumber:
		m.target = s.byNumber[number]
	default:
		return nil, s.refuse(codeMissing, "targetDeviceUri or phoneNumber is missing")
	}
	if m.target == nil || m.target == q.agent {
		return nil, s.refuse(codeState, "There is no such device to be monitored")
	}
	for name, p := range map[string]struct {
		to   *string
		a, b string
	}{
		"supervisorMonitoringScope": {&m.scope, "Agent", "Call"},
		"supervisorMonitoringMode":  {&m.mode, "NextCall", "AllCalls"},
	} {
		if _, has := q.fields[name]; !has {
			continue
		}
		text, _ := q.fields.text(name)
		if text != p.a && text != p.b {
			return nil, s.refuse(codeRange, name+" has no such value")
		}
		*p.to = text
	}
	return m, nil
}

// deliver has a supervisor's device ring for a call.
func (s *Server) deliver(a *Agent, m *monitoring, r *fake.RoomInfo) {
	if _, _, already := a.leg(r); already {
		return
	}
	leg := a.MonitorLeg(Mode(m.state))
	leg.Data = m
	legs, err := s.bridge.Dial(r.Name, leg)
	if err == nil {
		s.answerLater(legs[0], a)
	}
}

// follow has supervisors follow whom they monitor. The caller holds the mutex.
func (s *Server) follow(n *fake.News) {
	target := s.byUser[n.Member.Leg.Login]
	if target == nil || n.Room.Status == fake.Ended || supervises(&n.Member) {
		if n.Kind == fake.NewsLeft && supervises(&n.Member) {
			s.finish(&n.Member)
		}
		return
	}
	switch n.Kind {
	case fake.NewsJoined:
		for _, a := range s.agents {
			if m := a.monitoring; m != nil && m.target == target {
				room := n.Room
				// Not under the mutex: an answer at once would be told under it.
				s.courier.later(followDelay, true, func() { s.deliver(a, m, &room) })
			}
		}
	case fake.NewsLeft:
		for i := range n.Room.Members {
			leg := &n.Room.Members[i]
			if m, ok := leg.Leg.Data.(*monitoring); ok && m.target == target && m.scope == "Agent" {
				_, _ = s.bridge.Remove(n.Room.Instance, leg.ID, fake.HangUp) // or it is gone
			}
		}
	}
}

// finish ends a monitoring of one call with it. The caller holds the mutex.
func (s *Server) finish(leg *fake.MemberInfo) {
	a := s.byUser[leg.Leg.Login]
	m, ok := leg.Leg.Data.(*monitoring)
	if a != nil && ok && a.monitoring == m && m.mode == "NextCall" {
		a.monitoring = nil
		s.deviceNews(a)
	}
}

const followDelay = time.Millisecond // between an agent on a call and the supervisor who is offered it

// mayMuteUser lets whoever monitors a call mute the monitored agent: the capabilities do not have it
// ("MuteMonitoredUser").
func (s *Server) mayMuteUser(q *request) *reply {
	if q.view.monitoring && q.view.state != stateRinging && (q.op == opMuteUser || q.view.muted) {
		return nil
	}
	return s.refuse(s.options.NotNow, "Only a supervisor on the call may do this")
}

// muteUser mutes the monitored agent, or not any more.
func (s *Server) muteUser(q *request) *reply {
	s.mu.Lock()
	s.run(q.room.Instance).muted = q.op == opMuteUser
	s.mu.Unlock()
	s.announce(q.Context(), q.room.Instance, userMuteChange)
	return nil
}

// MonitoredMuted tells whether the monitored agent of a call is muted by a supervisor. It is not the
// mute of the agent's leg on the Switch, which is the agent's own.
func (s *Server) MonitoredMuted(c cc.ConferenceID) bool {
	r, err := s.bridge.Look(c)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.extraOf(cmp.Or(r.Instance, c)).muted
}
