package worlds_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// This file keeps the truth: what a bridge was like at each step, and who made it so. All that
// changes it (the people, the requests) goes through one lock, so that every change has one author.

// A soul is one leg in one run, as the session ought to know it.
type soul struct {
	key     cc.ParticipantID // the bridge's own number, which the run gives to nobody else
	id      cc.ParticipantID // the session's name for it
	call    string
	address string
	name    string
	role    cc.Role
	twin    bool
	self    bool
	flags   cc.ParticipantState // all that the bridge keeps, Coach of everybody
}

// A version is what a run was like from its seq to that of the next one.
type version struct {
	seq    int
	at     time.Time
	over   bool
	owned  bool // our own leg is in it, or the session needs none
	mine   bool // the session owns it
	listed int  // how many a list of everybody who ever was in it has
	souls  []soul
}

// A life is one run of a conference.
type life struct {
	name     string
	instance cc.ConferenceID
	versions []version
}

func (l *life) now() *version { return &l.versions[len(l.versions)-1] }

func (v *version) find(id cc.ParticipantID) (soul, bool) {
	for _, p := range v.souls {
		if p.id == id {
			return p, true
		}
	}
	return soul{}, false
}

func (v *version) byKey(key cc.ParticipantID) (soul, bool) {
	for _, p := range v.souls {
		if p.key == key {
			return p, true
		}
	}
	return soul{}, false
}

// An effect is one change of the truth.
type effect struct {
	seq    int
	life   *life
	what   string // "joined", "left", "set", "ended"
	key    cc.ParticipantID
	change cc.Change // set: the one flag that is another now
}

func (e effect) String() string {
	return fmt.Sprintf("%s %s of %s/%.13s %v", e.what, e.key, e.life.name, e.life.instance, e.change)
}

// A truth is the bridge with its history.
type truth struct {
	sw    *fake.Switch
	cast  *cast
	names []string

	mu    sync.Mutex // never held across a wait
	seq   int
	times []time.Time // of each place
	lives []*life     // oldest first
	byID  map[cc.ConferenceID]*life
	live  map[string]*life
	late  []*request // accepted, and not due yet
	wrong func(format string, args ...any)
}

// step runs f as one step of the history, and returns what it changed.
func (h *truth) step(f func()) []effect {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locked(f)
}

func (h *truth) locked(f func()) []effect {
	h.settle()
	h.next()
	if f == nil {
		return nil
	}
	f()
	return h.observe()
}

// next begins a place in the history.
func (h *truth) next() {
	h.seq++
	h.times = append(h.times, time.Now())
}

// when tells the instant of a place in the history.
func (h *truth) when(seq int) time.Time { return h.times[seq-1] }

// mark makes an entry of the history that changes nothing, and returns its place.
func (h *truth) mark() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.locked(nil)
	return h.seq
}

// settle writes down what accepted requests have done since the last step.
func (h *truth) settle() {
	now := time.Now()
	if !slices.ContainsFunc(h.late, func(r *request) bool { return !r.due.After(now) }) {
		return
	}
	var due []*request
	h.late = slices.DeleteFunc(h.late, func(r *request) bool {
		if r.due.After(now) {
			return false
		}
		due = append(due, r)
		return true
	})
	h.next()
	for _, e := range h.observe() {
		explained := false
		for _, r := range due {
			if r.life == e.life && r.explains(e) {
				r.effects, explained = append(r.effects, e), true
				break
			}
		}
		if !explained {
			h.wrong("%v has no author; due were %v", e, due)
		}
	}
}

// observe compares the bridge with the last known truth, and writes down what has changed.
func (h *truth) observe() []effect {
	var effects []effect
	for _, name := range h.names {
		if l := h.live[name]; l != nil {
			r, err := h.sw.Look(l.instance)
			if err != nil {
				h.wrong("a run is forgotten: %v", err)
				continue
			}
			effects = append(effects, h.write(l, r)...)
		}
		r, err := h.sw.Look(cc.ConferenceID(name))
		if err != nil || h.byID[r.Instance] != nil {
			continue
		}
		l := &life{name: name, instance: r.Instance}
		h.lives = append(h.lives, l)
		h.byID[l.instance] = l
		h.live[name] = l
		l.versions = []version{{seq: h.seq, at: time.Now()}}
		effects = append(effects, h.write(l, r)...)
	}
	return effects
}

// write adds what is new about a run.
func (h *truth) write(l *life, r fake.RoomInfo) []effect {
	last, is := l.now(), h.cast.sees(r)
	effects := differ(l, last, &is)
	if is.over {
		effects = append(effects, effect{life: l, what: "ended"})
		delete(h.live, l.name)
	}
	if len(effects) == 0 && is.owned == last.owned {
		return nil
	}
	for i := range effects {
		effects[i].seq = h.seq
	}
	is.seq, is.at = h.seq, time.Now()
	if last.seq == h.seq {
		*last = is
	} else {
		l.versions = append(l.versions, is)
	}
	return effects
}

func differ(l *life, a, b *version) []effect {
	var effects []effect
	for _, was := range a.souls {
		if is, ok := b.byKey(was.key); !ok {
			effects = append(effects, effect{life: l, what: "left", key: was.key})
		} else {
			for _, f := range flags {
				if to := f.have(&is.flags); to != f.have(&was.flags) {
					e := effect{life: l, what: "set", key: was.key}
					*f.want(&e.change) = to
					effects = append(effects, e)
				}
			}
		}
	}
	for _, is := range b.souls {
		if _, ok := a.byKey(is.key); !ok {
			effects = append(effects, effect{life: l, what: "joined", key: is.key})
		}
	}
	return effects
}

// A flag is one of the four that a change can set.
type flag struct {
	can  cc.Controls
	want func(*cc.Change) *cc.Toggle
	have func(*cc.ParticipantState) cc.Toggle
}

var flags = []flag{
	{cc.CanMute, func(c *cc.Change) *cc.Toggle { return &c.Mute }, func(s *cc.ParticipantState) cc.Toggle { return s.Mute }},
	{cc.CanDeaf, func(c *cc.Change) *cc.Toggle { return &c.Deaf }, func(s *cc.ParticipantState) cc.Toggle { return s.Deaf }},
	{cc.CanHold, func(c *cc.Change) *cc.Toggle { return &c.Hold }, func(s *cc.ParticipantState) cc.Toggle { return s.Hold }},
	{cc.CanCoach, func(c *cc.Change) *cc.Toggle { return &c.Coach }, func(s *cc.ParticipantState) cc.Toggle { return s.Coach }},
}

// within reports whether all that part sets is set to the same in whole.
func within(part, whole cc.Change) bool {
	for _, f := range flags {
		if t := *f.want(&part); t != cc.Unset && t != *f.want(&whole) {
			return false
		}
	}
	return true
}

// asAsked reports whether a state has all that a change sets.
func asAsked(s cc.ParticipantState, c cc.Change) bool {
	for _, f := range flags {
		if t := *f.want(&c); t != cc.Unset && t != f.have(&s) {
			return false
		}
	}
	return true
}

func (c *cast) sees(r fake.RoomInfo) version {
	v := version{
		over: r.Status == fake.Ended, owned: !c.profile.OwnLeg, mine: r.Owner == fake.Me,
		listed: len(r.Members) + len(r.Departed),
	}
	count, nth := map[string]int{}, map[string]int{}
	for _, m := range r.Members {
		count[m.Address]++
	}
	onOff := func(b bool) cc.Toggle {
		if b {
			return cc.On
		}
		return cc.Off
	}
	for _, m := range r.Members {
		p := soul{
			key: m.ID, id: m.ID, call: m.CallID, address: m.Address, name: m.Leg.Name, role: m.Leg.Role,
			self: c.profile.OwnLeg && m.Leg.Login == fake.Me,
			flags: cc.ParticipantState{
				Mute: onOff(m.Mute), Deaf: onOff(m.Deaf), Hold: onOff(m.Hold), Coach: onOff(m.Coach),
			},
		}
		if c.profile.IDs == fake.ByAddress {
			p.id, p.twin = cc.ParticipantID(m.Address), count[m.Address] > 1
			if nth[m.Address]++; nth[m.Address] > 1 {
				p.id += cc.ParticipantID("#" + strconv.Itoa(nth[m.Address]))
			}
		}
		v.owned = v.owned || p.self
		v.souls = append(v.souls, p)
	}
	return v
}

// can is what the session could do to someone, in this run as it is.
func (c *cast) can(v *version, p soul) cc.Controls {
	have := c.reach(p)
	if c.profile.OwnLeg && !p.self && c.profile.RemoveBy == fake.OwnerOnly && !v.mine {
		have &^= cc.CanRemove
	}
	if p.twin {
		have = 0
	}
	return have
}

// reach is what the session could ever do to someone like that.
func (c *cast) reach(p soul) cc.Controls {
	have := c.profile.Capabilities.Others
	if p.self {
		have = c.profile.Capabilities.Self
	}
	if p.role != cc.RoleSupervisor {
		have &^= cc.CanCoach
	}
	return have
}

// state is what the session is told of someone's flags.
func (c *cast) state(p soul) (s cc.ParticipantState) {
	told := c.profile.Capabilities.Others
	if p.self {
		told = c.profile.Capabilities.Self
	}
	if told.Has(cc.CanMute) {
		s.Mute = p.flags.Mute
	}
	if told.Has(cc.CanDeaf) {
		s.Deaf = p.flags.Deaf
	}
	if told.Has(cc.CanHold) {
		s.Hold = p.flags.Hold
	}
	if told.Has(cc.CanCoach) && p.role == cc.RoleSupervisor {
		s.Coach = p.flags.Coach
	}
	return s
}

// shows reports whether a list of participants is how the session ought to see a version.
func (c *cast) shows(v *version, list []cc.Participant) bool {
	if len(list) != len(v.souls) {
		return false
	}
	for _, p := range list {
		is, ok := v.find(p.ID)
		if !ok || p.State != c.state(is) || p.Self != is.self {
			return false
		}
		if p.CallID != is.call && (p.CallID != "" || c.profile.CallIDs || is.self) {
			return false
		}
	}
	return true
}

func (v *version) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d @%s", v.seq, clock(v.at))
	if v.over {
		b.WriteString(" over")
	}
	for _, p := range v.souls {
		fmt.Fprintf(&b, " %s(%.4s)%s", p.id, p.call, short(p.flags))
	}
	return b.String()
}

func clock(t time.Time) string { return t.Format("05.000") }

// short tells which flags are on.
func short(s cc.ParticipantState) string {
	b := []byte("----")
	for i, f := range flags {
		if f.have(&s) == cc.On {
			b[i] = "mdhc"[i]
		}
	}
	return string(b)
}
