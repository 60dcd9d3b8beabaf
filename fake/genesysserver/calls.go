package genesysserver

import (
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A callOperation is what can be posted to a call.
type callOperation struct {
	op      fake.Op   // what it is to the Switch; empty: nothing
	change  cc.Change // of fake.OpSet
	feature string    // besides api-voice
	// params tells which parameter is missing; nil: there is none.
	params func(f fields) string
	// may tells how the operation is refused; nil: by the name in the capabilities.
	may func(s *Server, q *request) *reply
	// do does it; what it returns, where not nil, is answered in place of success.
	do func(s *Server, q *request) *reply
}

// callOperations is every operation on a call. Source: the pages of the operations; the ones of
// SwapCalls and of transfers are known from clients.
var callOperations map[Operation]callOperation

func init() {
	set := func(c cc.Change) callOperation {
		return callOperation{op: fake.OpSet, change: c, do: (*Server).set}
	}
	callOperations = map[Operation]callOperation{
		opAnswer:   {do: (*Server).answerCall},
		opHangup:   {op: fake.OpRemove, do: (*Server).hangUp},
		opHold:     set(cc.Change{Hold: cc.On}),
		opRetrieve: set(cc.Change{Hold: cc.Off}),
		opMute:     set(cc.Change{Mute: cc.On}),
		opUnmute:   set(cc.Change{Mute: cc.Off}),
		opSendDtmf: {params: needText("digits"), do: (*Server).sendDigits},
		opSwap:     {params: needText("otherCallUri"), do: (*Server).swap},

		opRemove:    {op: fake.OpRemove, params: needNumber("participant"), may: (*Server).mayRemoveNow, do: (*Server).remove},
		opClear:     {op: fake.OpEnd, may: (*Server).mayClearNow, do: (*Server).clear},
		opStepC:     {params: needDestination, do: (*Server).step},
		opStepT:     {params: needDestination, do: (*Server).stepTransfer},
		opInitiateC: {params: needDestination, do: (*Server).consult},
		opInitiateT: {params: needDestination, do: (*Server).consult},
		opCompleteC: {do: (*Server).completeConference},
		opCompleteT: {do: (*Server).completeTransfer},

		opListen:   {op: fake.OpSet, change: cc.Change{Mute: cc.On, Coach: cc.Off}, feature: FeatureMonitoring, do: (*Server).set},
		opBarge:    {op: fake.OpSet, change: cc.Change{Mute: cc.Off, Coach: cc.Off}, feature: FeatureMonitoring, do: (*Server).set},
		opMuteUser: {feature: FeatureMonitoring, may: (*Server).mayMuteUser, do: (*Server).muteUser},
		opFreeUser: {feature: FeatureMonitoring, may: (*Server).mayMuteUser, do: (*Server).muteUser},

		opAttach:    {params: needObject("userData"), do: (*Server).mergeData},
		opUpdate:    {params: needObject("userData"), do: (*Server).mergeData},
		opDelete:    {do: (*Server).deleteData},
		opDeleteKey: {params: needText("key"), do: (*Server).deleteData},
		opRecord:    {feature: FeatureRecording, do: (*Server).record},
		opStopRec:   {feature: FeatureRecording, do: (*Server).record},
		opPauseRec:  {feature: FeatureRecording, do: (*Server).record},
		opResumeRec: {feature: FeatureRecording, do: (*Server).record},
	}
}

func needText(name string) func(fields) string {
	return func(f fields) string {
		if _, ok := f.text(name); !ok {
			return name
		}
		return ""
	}
}

func needNumber(name string) func(fields) string {
	return func(f fields) string {
		if _, ok := f.number(name); !ok {
			return name
		}
		return ""
	}
}

func needObject(name string) func(fields) string {
	return func(f fields) string {
		if _, ok := f.object(name); !ok {
			return name
		}
		return ""
	}
}

func needDestination(f fields) string {
	if _, ok := f.destination(); !ok {
		return "destination"
	}
	return ""
}

// postCall does an operation on a call.
func (s *Server) postCall(q *request) reply {
	operation := callOperations[q.op]
	return s.bridged(q, operation.op, func(dry bool) reply {
		if bad := s.vet(q, operation); bad != nil {
			return *bad
		}
		if dry {
			return ok(nil)
		}
		return s.ordered(q, func() reply {
			if bad := operation.do(s, q); bad != nil {
				return *bad
			}
			return ok(nil)
		})
	})
}

// vet finds the call, and tells what is wrong with an operation on it; nil: nothing.
func (s *Server) vet(q *request, operation callOperation) *reply {
	if !s.findCall(q) {
		return s.refuse(codeNotFound, "There is no such call")
	}
	if bad := s.named(q); bad != nil {
		return bad
	}
	if operation.params != nil {
		if missing := operation.params(q.fields); missing != "" {
			return s.refuse(codeMissing, missing+" is missing")
		}
	}
	may := operation.may
	if may == nil {
		may = (*Server).mayNow
	}
	if bad := may(s, q); bad != nil {
		return bad
	}
	for _, f := range []string{FeatureVoice, operation.feature} {
		if f != "" && !q.agent.has(f) {
			return s.refuse(codePermission, "The user lacks the feature "+f)
		}
	}
	return nil
}

// findCall finds the call of a request as it is in truth.
func (s *Server) findCall(q *request) bool {
	rooms := s.bridge.LookOf(q.agent.options.User)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rooms {
		if s.callID(&rooms[i]) != q.id {
			continue
		}
		v, ok := s.see(q.agent, &rooms[i], s.extraOf(rooms[i].Instance))
		q.room, q.view = rooms[i], v
		q.own, _, _ = q.agent.leg(&rooms[i])
		return ok
	}
	return false
}

// mayNow refuses what the capabilities do not have.
func (s *Server) mayNow(q *request) *reply {
	if slices.Contains(q.view.can, q.op) {
		return nil
	}
	return s.refuse(s.options.NotNow, "The operation is not allowed in the current state")
}

// accepted is how a call that went wrong after all is told; nil: it did not.
func (s *Server) accepted(err error) *reply {
	if err == nil {
		return nil
	}
	return s.refuse(codeNotFound, "The call or the party is gone")
}

// set changes one's own leg.
func (s *Server) set(q *request) *reply {
	_, err := q.bridge.Set(q.room.Instance, q.own.ID, callOperations[q.op].change)
	return s.accepted(err)
}

// hangUp releases one's own leg.
func (s *Server) hangUp(q *request) *reply {
	_, err := q.bridge.Remove(q.room.Instance, q.own.ID, fake.HangUp)
	return s.accepted(err)
}

// answerCall answers one's own leg.
func (s *Server) answerCall(q *request) *reply {
	m, found := s.bridge.Find(q.own.CallID)
	if !found || m.Answer() != nil {
		return s.refuse(codeState, "The call does not ring any more")
	}
	return nil
}

func (s *Server) sendDigits(q *request) *reply {
	digits, _ := q.fields.text("digits")
	s.mu.Lock()
	defer s.mu.Unlock()
	q.agent.digits += digits
	if over := len(q.agent.digits) - maxDigits; over > 0 {
		q.agent.digits = q.agent.digits[over:]
	}
	return nil
}

const maxDigits = 4096

// mayClearNow lets any agent on the call end it, listed or not: older releases do not list it.
func (s *Server) mayClearNow(q *request) *reply {
	if s.mayClear(q.view.monitoring) {
		return nil
	}
	return s.refuse(s.options.NotNow, "The operation is not allowed")
}

func (s *Server) clear(q *request) *reply {
	_, err := q.bridge.End(q.room.Instance, fake.HangUp)
	return s.accepted(err)
}

// mayRemoveNow lets the owner of a conference, and whoever monitors it, remove others.
func (s *Server) mayRemoveNow(q *request) *reply {
	up := q.view.state == stateEstablished || q.view.state == stateHeld
	if !up || len(q.view.numbers) < 2 {
		return s.refuse(s.options.NotNow, "The call is not a conference")
	}
	if !s.mayRemove(q.agent, &q.room, &q.own) {
		return s.late(q, s.options.NotOwner, "Only the owner of the conference may do this")
	}
	number, _ := q.fields.number("participant")
	switch found := s.matching(q, number); {
	case len(found) == 0:
		return s.late(q, s.options.Absent, "There is no such participant")
	case len(found) > 1 && s.options.Duplicates == RefuseRemove:
		return s.late(q, codeState, "The participant is ambiguous")
	}
	return nil
}

// late refuses, or, with LateRefusals, accepts a request whose failure is told afterwards.
func (s *Server) late(q *request, code int, text string) *reply {
	if !s.options.LateRefusals {
		return s.refuse(code, text)
	}
	q.failure = &Failure{Text: text, Code: code}
	rep := ok(nil)
	return &rep
}

// matching is the legs of a number that an agent is told of.
func (s *Server) matching(q *request, number string) []fake.MemberInfo {
	return slices.DeleteFunc(s.others(q.agent, q.room.Members), func(m fake.MemberInfo) bool {
		return m.Address != number
	})
}

// remove takes the legs of a number out of the conference.
func (s *Server) remove(q *request) *reply {
	number, _ := q.fields.number("participant")
	found := s.matching(q, number)
	switch s.options.Duplicates {
	case RemoveLast:
		found = found[len(found)-1:]
	case RemoveFirst, RefuseRemove:
		found = found[:1]
	}
	for _, m := range found {
		if _, err := q.bridge.Remove(q.room.Instance, m.ID, fake.HangUp); err != nil {
			return s.accepted(err)
		}
	}
	return nil
}
