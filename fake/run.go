package fake

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A run is one life of a conference. Everything in it is guarded by the Switch's mutex.
type run struct {
	sw       *Switch
	name     string
	instance cc.ConferenceID
	rules    Rules
	status   Status
	cause    EndCause
	owner    string
	next     int // number of the next member, where this run counts on its own

	created, started, ended time.Time

	members, ringing []*Member
	departed         []MemberInfo

	seq   uint64   // of the news
	shown RoomInfo // what reads show; an empty Instance: nothing yet
}

// begin makes a new run. The caller holds the mutex.
func (s *Switch) begin(name string, rules *Rules) *run {
	if rules == nil {
		rules = &s.rules
	}
	r := &run{
		sw:       s,
		name:     name,
		instance: instancePrefix + cc.ConferenceID(newUUID()),
		rules:    *rules,
		status:   Initialized,
		next:     rules.FirstMember,
		created:  s.stamp(),
	}
	s.live[name] = r
	s.runs[r.instance] = r
	s.order = append(s.order, r)
	s.tell(r, News{Kind: NewsCreated})
	if d := r.rules.MaxDuration; d > 0 {
		s.after(d, func() { r.end(EndMaxDuration, AsEntered) })
	}
	return r
}

// number allots the id of a new member.
func (r *run) number() cc.ParticipantID {
	n := &r.sw.nextMember
	if r.rules.FirstMember > 0 {
		n = &r.next
	}
	id := strconv.Itoa(*n)
	*n++
	return cc.ParticipantID(id)
}

// full tells whether one more would be too many.
func (r *run) full() bool {
	return r.rules.Capacity > 0 && len(r.members) >= r.rules.Capacity
}

// enter makes m a member.
func (r *run) enter(m *Member) {
	m.phase = present
	m.id = r.number()
	m.joined = r.sw.stamp()
	m.call.member = m
	r.members = append(r.members, m)
	if r.owner == "" {
		r.owner = m.leg.Login
	}
	if !m.leg.Waits {
		r.activate()
	}
	r.sw.tell(r, News{Kind: NewsJoined, Member: m.info()})
}

// activate starts the conference, if it has not started.
func (r *run) activate() {
	if r.status == Initialized {
		r.status, r.started = Active, r.sw.stamp()
		r.sw.tell(r, News{Kind: NewsStarted})
	}
}

// exit takes m out of the conference and ends it where the rules say so. The call is hung up or
// goes on as hangUp tells.
func (r *run) exit(m *Member, cause ExitCause, hangUp bool) {
	if m.phase != present && m.phase != ringing {
		return
	}
	was := m.phase
	r.drop(m, cause, hangUp)
	switch {
	case r.status == Ended:
	case was == present && m.leg.EndOnExit:
		r.end(EndOnExit, AsEntered)
	case was == present && r.rules.EndAlone && len(r.members) == 1 && len(r.ringing) == 0:
		r.end(EndAlone, AsEntered)
	case len(r.members) == 0 && len(r.ringing) == 0:
		r.end(EndLastLeft, AsEntered)
	}
}

// drop takes m out and looks no further.
func (r *run) drop(m *Member, cause ExitCause, hangUp bool) {
	kind := NewsLeft
	if m.phase == ringing {
		kind, hangUp = NewsNotAnswered, true
	}
	if hangUp {
		m.call.end()
	}
	m.phase, m.cause, m.exited = gone, cause, r.sw.stamp()
	m.stopRinging()
	if m.call.member == m {
		m.call.member = nil
	}
	is := func(o *Member) bool { return o == m }
	r.members = slices.DeleteFunc(r.members, is)
	r.ringing = slices.DeleteFunc(r.ringing, is)
	info := m.info()
	r.departed = append(r.departed, info)
	r.departed = r.departed[max(len(r.departed)-maxDeparted, 0):] // what stands in it is shared, and never changed
	r.sw.tell(r, News{Kind: kind, Member: info})
}

// end puts everybody out and ends the run. It does nothing where it has ended.
func (r *run) end(cause EndCause, then Then) {
	if r.status == Ended {
		return
	}
	r.status, r.cause, r.ended = Ended, cause, r.sw.stamp()
	for _, m := range slices.Clone(r.ringing) {
		r.drop(m, ExitCanceled, true)
	}
	for _, m := range slices.Clone(r.members) {
		r.drop(m, ExitEnded, then.hangsUp(&m.leg))
	}
	r.sw.remember(r)
	r.sw.tell(r, News{Kind: NewsEnded})
}

// set applies a change to a member that is present, and tells it where it changed anything.
func (r *run) set(m *Member, change cc.Change) {
	if m.phase != present {
		return
	}
	before := m.info()
	apply(&m.mute, change.Mute)
	apply(&m.deaf, change.Deaf)
	apply(&m.hold, change.Hold)
	apply(&m.coach, change.Coach)
	if after := m.info(); after.flags() != before.flags() {
		r.sw.tell(r, News{Kind: NewsChanged, Member: after, Before: before})
	}
}

func apply(flag *bool, t cc.Toggle) {
	switch t {
	case cc.On:
		*flag = true
	case cc.Off:
		*flag = false
	}
}

// info returns the run as it is in truth. Departed is shared with what was returned before.
func (r *run) info() RoomInfo {
	infos := func(ms []*Member) []MemberInfo {
		list := make([]MemberInfo, len(ms))
		for i, m := range ms {
			list[i] = m.info()
		}
		return list
	}
	return RoomInfo{
		Name: r.name, Instance: r.instance, Status: r.status, Rules: r.rules, Cause: r.cause, Owner: r.owner,
		CreatedAt: r.created, StartedAt: r.started, EndedAt: r.ended,
		Members: infos(r.members), Ringing: infos(r.ringing), Departed: slices.Clip(r.departed),
	}
}

// stamp is now as it is kept in records. The caller holds the mutex.
func (s *Switch) stamp() time.Time { return s.now().Round(0) }

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
