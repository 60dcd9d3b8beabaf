package interop_test

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// An audio is one of what is heard: a file, or a text.
type audio struct {
	start   string // the operation
	message string
	body    string
	spoken  bool
}

var (
	played = audio{start: startPlay, message: "play queued into MPC", body: `{"url":"` + anAudio + `"}`}
	spoken = audio{start: startSpeak, message: "speak queued into MPC", body: `{"text":"` + aText + `"}`, spoken: true}

	playedToMember = audio{start: playMember, message: "play queued into conference", body: played.body}
	spokenToMember = audio{start: speakMember, message: "speak queued into conference", body: spoken.body, spoken: true}
)

// heard tells who hears it.
func (a audio) heard(r *run, m *fake.Member) bool {
	r.Helper()
	for _, p := range r.server.Playing(m.Instance()) {
		if !p.All && !slices.Contains(p.Members, m.ID()) {
			continue
		}
		if a.spoken {
			require.Equal(r, aText, p.Text)
		} else {
			require.Equal(r, []string{anAudio}, p.URLs)
		}
		return true
	}
	return false
}

// groups are the ways in which members of a room of three can be named.
var groups = []struct {
	name   string
	chosen []int
	all    bool
}{{"one", []int{1}, false}, {"two of three", []int{0, 2}, false}, {"everybody", []int{0, 1, 2}, true}}

// each makes a scenario for each of the groups: those who are named hear it afterwards and nobody else,
// or, where it is stopped, the others still hear what is for them.
func (a audio) each(stopped bool, do func(r *run, q query, ids []any)) []scenario {
	var all []scenario
	for _, g := range groups {
		all = append(all, scenario{name: g.name, several: g.name != "one", run: func(r *run) {
			var members []*fake.Member
			var ids []any
			var words []string
			for i := range 3 {
				m := r.join(blankRoom, fake.Leg{})
				members = append(members, m)
				if slices.Contains(g.chosen, i) {
					ids = append(ids, string(m.ID()))
					words = append(words, string(m.ID()))
				}
			}
			q := r.about(members[1])
			q.member = strings.Join(words, ",")
			if g.all {
				q.member, ids = "all", []any{"all"}
			}
			for i, m := range members {
				if stopped && !slices.Contains(g.chosen, i) {
					r.order(a.start, r.about(m), a.body)
				}
			}
			do(r, q, ids)
			for i, m := range members {
				require.Equal(r, stopped != slices.Contains(g.chosen, i), a.heard(r, m), "member %d", i)
			}
		}})
	}
	return append(all, scenario{name: "unknown participant", several: true, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		q := r.about(m)
		q.member = "999"
		r.fails(r.ask(q), 404, "not found")
		require.False(r, a.heard(r, m))
	}}, unknownRoom())
}

func (a audio) starts() []scenario {
	return a.each(false, func(r *run, q query, ids []any) {
		r.succeeds(r.ask(q), 202, object{"api_id": something{}, "message": a.message, "mpcMemberId": ids, "mpcName": blankRoom})
		if r.lib.column == "Java" {
			r.book.found(r.lib, r.op.id, javaPlay)
		}
	})
}

func (a audio) stops() []scenario {
	return append(a.each(true, func(r *run, q query, _ []any) {
		r.order(a.start, q, a.body)
		r.done(r.ask(q))
	}), scenario{name: "one, of what everybody hears", several: true, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		q := r.about(m)
		q.member = "all"
		r.order(a.start, q, a.body)
		r.fails(r.ask(r.about(m)), 404, "not found")
		require.True(r, a.heard(r, m))
	}})
}

// memberStarts and memberStops are the same for the Conference API, whose answers are those of the
// other things that are done to members.
func (a audio) memberStarts() []scenario {
	return action{status: 202, message: a.message, list: true, did: a.heard}.scenarios()
}

// voices are the scenarios of a text with a voice and a language.
func (a audio) voices(voice string) []scenario {
	return []scenario{{name: "in a voice", form: byName, quirks: server.Quirks{MemberID: server.MemberIDList}, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		q := r.about(m)
		q.more = map[string]any{"voice": voice, "language": "en-GB"}
		rep := r.ask(q)
		r.once(202)
		require.True(r, rep.OK, rep.Error)
		require.True(r, a.heard(r, m))
		playing := r.server.Playing("")[0]
		require.Equal(r, []string{voice, "en-GB"}, []string{playing.Voice, playing.Language})
	}}}
}

func (a audio) memberStops() []scenario {
	return action{
		status: 204, list: true,
		did: func(r *run, m *fake.Member) bool { return !a.heard(r, m) },
		begin: func(r *run, conference string, member cc.ParticipantID) {
			r.order(a.start, query{name: conference, member: string(member)}, a.body)
		},
	}.scenarios()
}
