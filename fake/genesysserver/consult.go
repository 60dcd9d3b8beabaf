package genesysserver

import (
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// leg is a leg of a number: of an agent's device, or of an outsider.
func (s *Server) leg(number string) (fake.Leg, *Agent) {
	s.mu.Lock()
	a := s.byNumber[number]
	s.mu.Unlock()
	if a != nil {
		return a.Leg(), a
	}
	return fake.Leg{Address: number, Role: cc.RoleCustomer, Entry: fake.EntryCommand}, nil
}

// begin makes a call from an agent's device to a number. It is all there when it is first shown;
// before that, about is called with its Instance.
func (s *Server) begin(a *Agent, number string, about func(cc.ConferenceID) error) error {
	to, callee := s.leg(number)
	to.Rules, to.Called = s.options.Rules, number
	name := newUUID()
	legs, err := s.bridge.Dial(name, to)
	if err != nil {
		return err
	}
	if err := about(legs[0].Instance()); err != nil {
		legs[0].HangUp()
		return err
	}
	if _, err := s.bridge.Join(name, a.Leg()); err != nil {
		return err
	}
	s.answerLater(legs[0], callee)
	return nil
}

// dial makes a call. Source: "Dial".
func (s *Server) dial(q *request) reply {
	if q.id != q.agent.deviceID {
		return *s.refuse(codeNotFound, "There is no such device")
	}
	if bad := s.named(q); bad != nil {
		return *bad
	}
	number, has := q.fields.destination()
	switch {
	case !has:
		return *s.refuse(codeMissing, "destination is missing")
	case number == q.agent.options.DN:
		return *s.refuse(codeState, "The destination is the device itself")
	case !q.agent.has(FeatureVoice):
		return *s.refuse(codePermission, "The user lacks the feature api-voice")
	}
	return s.ordered(q, func() reply {
		data, _ := q.fields.object("userData")
		if err := s.begin(q.agent, number, func(c cc.ConferenceID) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.run(c).userData = data
			return nil
		}); err != nil {
			return *s.refuse(codeInternal, "The call cannot be made")
		}
		return ok(nil)
	})
}

// self tells how a destination that is the device itself is refused; nil: it is another.
func (s *Server) self(q *request) *reply {
	if number, _ := q.fields.destination(); number == q.agent.options.DN {
		return s.refuse(codeState, "The destination is the device itself")
	}
	return nil
}

// step adds a number to the call. Source: "SingleStepConference".
func (s *Server) step(q *request) *reply {
	if bad := s.self(q); bad != nil {
		return bad
	}
	number, _ := q.fields.destination()
	to, callee := s.leg(number)
	legs, err := s.bridge.Dial(q.room.Name, to)
	if err != nil {
		return s.accepted(err)
	}
	s.answerLater(legs[0], callee)
	return nil
}

// stepTransfer adds a number to the call, and releases one's own leg.
func (s *Server) stepTransfer(q *request) *reply {
	if bad := s.step(q); bad != nil {
		return bad
	}
	return s.hangUp(q)
}

// consult holds the call and begins another to a number. Source: "InitiateConference".
func (s *Server) consult(q *request) *reply {
	if bad := s.self(q); bad != nil {
		return bad
	}
	number, _ := q.fields.destination()
	data, _ := q.fields.object("userData")
	err := s.begin(q.agent, number, func(child cc.ConferenceID) error {
		s.mu.Lock()
		x, r := s.run(child), s.run(q.room.Instance)
		x.parent, x.parentID, x.userData = q.room.Instance, q.view.id, data
		if r.children == nil {
			r.children = map[*Agent]cc.ConferenceID{}
		}
		r.children[q.agent] = child
		s.mu.Unlock()
		if q.view.state == stateHeld {
			s.refresh(q.room.Instance)
			return nil
		}
		_, err := q.bridge.Set(q.room.Instance, q.own.ID, cc.Change{Hold: cc.On})
		return err
	})
	if err != nil {
		return s.refuse(codeInternal, "The call cannot be made")
	}
	return nil
}

// A pair is a call and the consultation begun from it.
type pair struct {
	parent, child fake.RoomInfo
}

// pair finds the pair that a call is one of. The consultation must have been answered.
func (s *Server) pair(q *request) (p pair, ok bool) {
	s.mu.Lock()
	x := s.extraOf(q.room.Instance)
	parent, child := x.parent, x.children[q.agent]
	s.mu.Unlock()
	if parent == "" {
		parent = q.room.Instance
	} else {
		child = q.room.Instance
	}
	var errs [2]error
	p.parent, errs[0] = s.bridge.Look(parent)
	p.child, errs[1] = s.bridge.Look(child)
	live := func(r *fake.RoomInfo, err error) bool {
		_, rings, has := q.agent.leg(r)
		return err == nil && r.Status != fake.Ended && has && !rings
	}
	return p, live(&p.parent, errs[0]) && live(&p.child, errs[1]) && len(s.others(q.agent, p.child.Members)) > 0
}

// merge moves those who were consulted into the call that it was about, and ends the consultation.
// The call keeps its identity ("TCompleteConference"), and those who are moved see another one.
func (s *Server) merge(q *request) (pair, *reply) {
	p, ok := s.pair(q)
	if !ok {
		return p, s.refuse(codeState, "There is no consultation to be completed")
	}
	// One's own leg is released first, unless that would end the call for those who are to be moved.
	own, _, _ := q.agent.leg(&p.child)
	alone := p.child.Rules.EndAlone
	if !alone {
		_, _ = q.bridge.Remove(p.child.Instance, own.ID, fake.HangUp)
	}
	for _, m := range p.child.Members {
		if m.Leg.Login == q.agent.options.User {
			continue
		}
		leg := m.Leg
		leg.Mute, leg.Deaf, leg.Hold = m.Mute, m.Deaf, m.Hold
		if _, err := s.bridge.Join(p.parent.Name, leg); err != nil {
			return p, s.accepted(err)
		}
	}
	if alone {
		_, _ = q.bridge.Remove(p.child.Instance, own.ID, fake.HangUp) // or the call has ended with the others
	}
	return p, nil
}

// completeConference: one's own leg comes back from hold. Source: "CompleteConference".
func (s *Server) completeConference(q *request) *reply {
	p, bad := s.merge(q)
	if bad != nil {
		return bad
	}
	own, _, _ := q.agent.leg(&p.parent)
	_, err := q.bridge.Set(p.parent.Instance, own.ID, cc.Change{Hold: cc.Off})
	return s.accepted(err)
}

// completeTransfer: one's own leg is released.
func (s *Server) completeTransfer(q *request) *reply {
	p, bad := s.merge(q)
	if bad != nil {
		return bad
	}
	own, _, _ := q.agent.leg(&p.parent)
	_, err := q.bridge.Remove(p.parent.Instance, own.ID, fake.HangUp)
	return s.accepted(err)
}

// swap holds one call and comes back to the other.
func (s *Server) swap(q *request) *reply {
	uri, _ := q.fields.text("otherCallUri")
	id := last(strings.TrimSpace(uri))
	for _, r := range s.bridge.LookOf(q.agent.options.User) {
		own, rings, has := q.agent.leg(&r)
		if s.callID(&r) != id || r.Instance == q.room.Instance || !has || rings {
			continue
		}
		_, err := q.bridge.Set(q.room.Instance, q.own.ID, cc.Change{Hold: toggle(!q.own.Hold)})
		if err == nil {
			_, err = q.bridge.Set(r.Instance, own.ID, cc.Change{Hold: toggle(q.own.Hold)})
		}
		return s.accepted(err)
	}
	return s.refuse(codeState, "There is no such other call")
}

func toggle(on bool) cc.Toggle {
	if on {
		return cc.On
	}
	return cc.Off
}
