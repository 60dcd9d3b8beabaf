package conformance

import (
	"fmt"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

func identityRules() []rule {
	return []rule{
		{"identity/empty", "An id that is empty or blank is ErrInvalid without a request.", func(p *probe) {
			mustRefuse(p, "", " ", "   ", "\t")
		}},
		{"identity/reserved", "A word that vendors read as everybody is ErrInvalid without a request, in any case.", func(p *probe) {
			mustRefuse(p, "all", "ALL", "All", "aLL", "participants", "Participants", "last", "LAST", "non_moderator", "Non_Moderator")
		}},
		{"identity/list", "An id with a comma is ErrInvalid without a request.", func(p *probe) {
			mustRefuse(p, "{0},{1}", "{0},", ",{0}", ",", "{0}, {1}", "all,{0}")
		}},
		{"identity/slash", "An id with a slash is ErrInvalid without a request.", func(p *probe) {
			mustRefuse(p, "/", "{0}/", "/{0}", "../../x", "../{0}", "a/../../b", "{0}/Mute", "..\\..\\/x")
		}},
		{"identity/control", "An id with a control character or a blank at an end is ErrInvalid without a request.", func(p *probe) {
			mustRefuse(p, "{0}\r\n", "{0}\n", "\x00", "{0}\x00", "{0}\x7f", " {0}", "{0} ", "{0}\t{1}", "{0}\r\nX: y")
		}},
		{"identity/non-ascii", "An id with a character that is not ASCII touches nobody: it is refused, or is nobody's.", func(p *probe) {
			touchesNobody(p, "é", "{0}é", "\u00a0{0}", "{0}\u200b", "{0}\u0301", "\u0661", "\xff", "{0}\xff", "ａｌｌ", "{wide}")
		}},
		{"identity/long", "An id of more than 128 bytes touches nobody: it is refused, or is nobody's.", func(p *probe) {
			touchesNobody(p, cc.ParticipantID(strings.Repeat("1", 129)), cc.ParticipantID("{0}"+strings.Repeat("0", 128)),
				cc.ParticipantID(strings.Repeat("0", 128)+"{0}"), cc.ParticipantID(strings.Repeat("1", 5000)))
		}},
		{"identity/odd", "An id with dots, escapes, wildcards or separators touches nobody: it is refused, or is nobody's.", func(p *probe) {
			touchesNobody(p, ".", "..", "...", "%2e%2e", "%2e%2e%2f", "{0}%2f..", "{0}?x=1", "{0}#f", "{0};{1}", "{0}<{1}",
				"*", "{0}*", "{0}|{1}", "{0}&{1}", "{0}+{1}", "{0}:{1}", "{0}%2c{1}", "%61ll", "{0}@x", "-1", "0")
		}},
		{"identity/prefix", "An id that begins like somebody's, or that somebody's begins like, touches nobody.", func(p *probe) {
			touchesNobody(p, "{0-}", "{0}0", "0{0}", "{0}.0", "{0}-", "_{0}", "{0}a")
		}},
		{"identity/hostile", "What the harness names as hostile at this vendor touches nobody: it is refused, or is nobody's.", func(p *probe) {
			if len(p.h.Hostile) == 0 {
				p.cannotArise("the harness names nothing that is hostile at this vendor")
			}
			touchesNobody(p, p.h.Hostile...)
		}},
		{"identity/conference", "A conference id that is empty, reserved, a list, or has blanks at its ends, slashes or control characters is ErrInvalid without a request.", identityConference},
		{"identity/conference-dots", "A conference id of dots is refused without a request, or is nobody's.", identityDots},
		{"identity/twins-listed", "Two who cannot be told apart are both listed, under distinct ids and with empty Controls.", twinsListed},
		{"identity/twins-removed", "RemoveParticipant of one of two who cannot be told apart, or of both, is ErrConflict, and removes nobody.", twinsRemoved},
		{"identity/twins-set", "SetParticipantState of one of two who cannot be told apart, or of both, is refused, and changes nobody.", twinsSet},
		{"identity/other-conference", "Somebody of another conference is ErrNotParticipant here, and is not touched there.", otherConference},
		{"identity/same-id", "A command on an id that people of two conferences have reaches the one in the conference that was named.", sameID},
	}
}

// fill puts ids of people into a pattern.
func fill(pattern cc.ParticipantID, people []cc.ParticipantID) cc.ParticipantID {
	a, b := string(people[0]), string(people[1])
	return cc.ParticipantID(strings.NewReplacer("{0}", a, "{1}", b, "{0-}", a[:len(a)-1], "{wide}", wide(a)).Replace(string(pattern)))
}

// wide writes digits and letters in their full-width forms.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 'ａ' - 'a'
		}
		return r
	}, s)
}

// verbs calls both commands on a participant.
func (r *room) verbs(id cc.ParticipantID, each func(verb string, do func() error)) {
	each("RemoveParticipant", func() error { return r.conf.RemoveParticipant(r.ctx, id) })
	for _, f := range fields() {
		if r.declared()&f.can != 0 {
			each("SetParticipantState", func() error { return r.conf.SetParticipantState(r.ctx, id, f.order(cc.On)) })
			return
		}
	}
}

func mustRefuse(p *probe, patterns ...cc.ParticipantID) {
	r := p.start(3)
	p.mustRemoveOrSet()
	for _, pattern := range patterns {
		id := fill(pattern, r.people)
		r.verbs(id, func(verb string, do func() error) {
			what := fmt.Sprintf("%s of %q", verb, id)
			c, n := p.site.World.Requests()
			err := do()
			if c2, n2 := p.site.World.Requests(); c2 != c || n2 != n {
				p.failf("%s: %d commands and %d reads were made", what, c2-c, n2-n)
			}
			p.wantKind(err, what, cc.ErrInvalid)
		})
	}
}

// mustRemoveOrSet ends the case where nobody can be commanded at all.
func (p *probe) mustRemoveOrSet() {
	if p.declared()&cc.CanRemove == 0 {
		p.cannotArise("nobody can be removed at this vendor")
	}
}

func touchesNobody(p *probe, patterns ...cc.ParticipantID) {
	r := p.start(3)
	p.mustRemoveOrSet()
	for _, pattern := range patterns {
		id := fill(pattern, r.people)
		if _, real := person(r.truth(), id); real {
			continue
		}
		r.verbs(id, func(verb string, do func() error) {
			what := fmt.Sprintf("%s of %q", verb, id)
			before := r.truth()
			c, n := p.site.World.Requests()
			err := do()
			c2, n2 := p.site.World.Requests()
			if cc.KindOf(err) == cc.ErrInvalid && (c2 != c || n2 != n) {
				p.failf("%s: %d commands and %d reads were made", what, c2-c, n2-n)
			}
			r.untouched(what, before)
		})
	}
}

// untouched fails unless everybody is there, as they were.
func (r *room) untouched(what string, before cc.Snapshot) {
	after, live := r.look()
	if !live {
		r.failf("%s ended the conference", what)
	}
	for _, was := range before.Participants {
		is, ok := person(after, was.ID)
		if !ok {
			r.failf("%s removed participant %s", what, was.ID)
		}
		if is.State != was.State {
			r.failf("%s changed participant %s", what, was.ID)
		}
	}
}

func identityConference(p *probe) {
	r := p.start(2)
	names := []cc.ConferenceID{"", " ", "all", "ALL", "participants", "last", "non_moderator", "Non_Moderator",
		r.id + ",x", r.id + "/", "/" + r.id, "../" + r.id, r.id + "\n", " " + r.id, r.id + " ", r.id + "\x00"}
	for _, name := range names {
		conf := p.site.Client.Conference(name)
		for verb, do := range map[string]func() error{
			"Snapshot":            func() error { _, err := conf.Snapshot(p.ctx); return err },
			"RemoveParticipant":   func() error { return conf.RemoveParticipant(p.ctx, r.people[0]) },
			"SetParticipantState": func() error { _, f := r.field(); return conf.SetParticipantState(p.ctx, r.people[0], f.order(cc.On)) },
			"End":                 func() error { return conf.End(p.ctx) },
			"Events":              func() error { return firstOf(conf.Events(p.ctx)) },
		} {
			if verb == "SetParticipantState" && p.declared()&(cc.CanMute|cc.CanDeaf|cc.CanHold) == 0 ||
				verb == "Events" && p.site.Client.Capabilities().Conference&cc.CanWatch == 0 ||
				verb == "End" && p.site.Client.Capabilities().Conference&cc.CanEnd == 0 {
				continue
			}
			what := fmt.Sprintf("%s of conference %q", verb, name)
			c, n := p.site.World.Requests()
			err := do()
			if c2, n2 := p.site.World.Requests(); c2 != c || n2 != n {
				p.failf("%s: %d commands and %d reads were made", what, c2-c, n2-n)
			}
			p.wantKind(err, what, cc.ErrInvalid)
		}
	}
}

func identityDots(p *probe) {
	r, before := p.start(2), cc.Snapshot{}
	before = r.truth()
	for _, name := range []cc.ConferenceID{".", "..", "...", "%2e%2e"} {
		conf := p.site.Client.Conference(name)
		what := fmt.Sprintf("a command on conference %q", name)
		p.wantKind(conf.RemoveParticipant(p.ctx, r.people[0]), what, cc.ErrInvalid, cc.ErrNotFound)
		if p.site.Client.Capabilities().Conference&cc.CanEnd != 0 {
			p.wantKind(conf.End(p.ctx), what, cc.ErrInvalid, cc.ErrNotFound)
		}
		r.untouched(what, before)
	}
}

// twins starts a conference in which somebody has a twin.
func (p *probe) twins(can cc.Controls) (*room, cc.ParticipantID) {
	r := p.start(3)
	id := r.needWho(can)
	p.needs(p.site.World.Twin(r.id, id), "somebody who cannot be told from another")
	return r, id
}

// among returns those of a snapshot that are told under the id, suffixed or not.
func among(s cc.Snapshot, id cc.ParticipantID) []cc.Participant {
	var list []cc.Participant
	for _, who := range s.Participants {
		if who.ID == id || strings.HasPrefix(string(who.ID), string(id)+"#") {
			list = append(list, who)
		}
	}
	return list
}

func twinsListed(p *probe) {
	r, id := p.twins(cc.CanRemove)
	s := r.read()
	if got, want := len(s.Participants), len(r.truth().Participants); got != want {
		p.failf("%d people are told, and %d are there", got, want)
	}
	seen := map[cc.ParticipantID]bool{}
	for _, who := range s.Participants {
		if who.ID == "" || seen[who.ID] {
			p.failf("the id %q is empty, or told twice", who.ID)
		}
		seen[who.ID] = true
	}
	both := among(s, id)
	if len(both) != 2 {
		p.failf("%d people are told under the id %s, want 2", len(both), id)
	}
	for _, who := range both {
		if who.Controls != 0 {
			p.failf("a twin can be given %s", words(who.Controls))
		}
	}
}

func twinsRemoved(p *probe) {
	r, id := p.twins(cc.CanRemove)
	before := r.truth()
	for _, who := range append(among(r.read(), id), cc.Participant{ID: id}) {
		err := r.conf.RemoveParticipant(p.ctx, who.ID)
		p.wantKind(err, fmt.Sprintf("RemoveParticipant of %q", who.ID), cc.ErrConflict)
		if after := r.truth(); len(after.Participants) != len(before.Participants) {
			p.failf("%d people were there, and %d are", len(before.Participants), len(after.Participants))
		}
	}
}

func twinsSet(p *probe) {
	r := p.start(3)
	id, f := r.field()
	p.needs(p.site.World.Twin(r.id, id), "somebody who cannot be told from another")
	for _, who := range append(among(r.read(), id), cc.Participant{ID: id}) {
		err := r.conf.SetParticipantState(p.ctx, who.ID, f.order(cc.On))
		p.wantKind(err, fmt.Sprintf("SetParticipantState of %q", who.ID), cc.ErrConflict, cc.ErrUnsupported, cc.ErrForbidden)
		for _, twin := range r.truth().Participants {
			if f.in(twin.State) == cc.On {
				p.failf("%s of participant %s was set", f.name, twin.ID)
			}
		}
	}
}

func otherConference(p *probe) {
	r, other := p.start(2), p.start(2)
	id := other.foreign(r)
	before := other.truth()
	p.wantKind(r.conf.RemoveParticipant(p.ctx, id), "somebody of another conference", cc.ErrNotParticipant)
	other.untouched("a command on another conference", before)
}

// foreign returns somebody of r who may be removed, and whose id nobody in other has.
func (r *room) foreign(other *room) cc.ParticipantID {
	for range 8 {
		here, there := r.truth(), other.truth()
		for _, who := range here.Participants {
			if _, ok := person(there, who.ID); !ok && who.Controls&cc.CanRemove != 0 && !who.Self {
				return who.ID
			}
		}
		r.join("")
	}
	r.cannotArise("people of all conferences have the same ids here")
	return ""
}

func sameID(p *probe) {
	r, other := p.start(3), p.start(3)
	for _, who := range r.truth().Participants {
		twin, ok := person(other.truth(), who.ID)
		if !ok || who.Controls&cc.CanRemove == 0 || who.Self || twin.Self {
			continue
		}
		before := other.truth()
		p.must(r.conf.RemoveParticipant(p.ctx, who.ID), "RemoveParticipant")
		other.untouched("a command on another conference", before)
		if r.present(who.ID) {
			p.failf("the one who was named is there")
		}
		return
	}
	p.cannotArise("nobody's id is given out twice here")
}
