package hostile

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A name is an input: an identifier in the place of a participant's or of a conference's.
type name struct {
	room  bool
	value string
}

// people and rooms are inputs in either place.
func people(values ...string) (list []name) {
	for _, v := range values {
		list = append(list, name{value: v})
	}
	return list
}

func rooms(values ...string) (list []name) {
	for _, v := range values {
		list = append(list, name{room: true, value: v})
	}
	return list
}

// identifiers are the cases in which the caller misbehaves.
func identifiers() []Case {
	const (
		refused = "an error, and nothing sent"
		whole   = "an error and nothing sent, or one path segment that decodes to it"
	)
	row := func(id, does, expected string, inputs ...[]name) Case {
		return Case{ID: id, Does: does, Expected: expected, play: func(t *trial) {
			t.identify(expected == refused, slices.Concat(inputs...))
		}}
	}
	return []Case{
		row("id-climbing", "participant `../../x`", refused, people("../../x")),
		row("id-dots", "participant `..`", refused, people("..")),
		row("id-room-climbing", "conference `a/../../b`", refused, rooms("a/../../b")),
		row("id-room-slash", "conference `name with space/%2F`", whole, rooms("name with space/%2F")),
		row("id-query", "participants `10?x=1` and `10#f`", whole, people("10?x=1", "10#f")),
		row("id-escaped", "participant `%2e%2e%2f`", whole, people("%2e%2e%2f")),
		row("id-control", "participants and conferences with CR LF and with NUL", whole,
			people("10\r\nX-Evil: 1", "10\x00"), rooms("a\r\nX-Evil: 1", "a\x00")),
		row("id-not-ascii", "participants and conferences that are not ASCII", whole,
			people("ä", "１０"), rooms("zoë", "会議")),
		row("id-everybody", "participants `all`, `10,11`, `10<11` and `*`", refused, people("all", "10,11", "10<11", "*")),
		row("id-empty", "no participant, no conference", refused, people(""), rooms("")),
	}
}

// elsewhere is a conference that nobody has heard of.
const elsewhere = "elsewhere"

// identify tries every operation that takes the identifiers. The server refuses everything, and only
// what arrives is looked at.
func (t *trial) identify(refused bool, inputs []name) {
	t.begin()
	t.meet(func(x *exchange) { x.refuse(403) })
	v := t.site.vendor
	for _, in := range inputs {
		ops, good := []Op{Remove, Mute, Unmute}, name{value: v.Person}
		if in.room {
			ops, good = []Op{Snapshot, Remove, Mute, Unmute, End}, name{room: true, value: elsewhere}
		}
		for _, op := range ops {
			_, model := t.name(op, good)
			o, got := t.name(op, in)
			switch {
			case len(got) == 0 && o.err != nil:
			case len(got) == 0:
				panic(lost(fmt.Sprintf("%q: reports success", in.value)))
			case refused:
				panic(lost(fmt.Sprintf("%q: sent", in.value)))
			default:
				for _, q := range got {
					if !slices.ContainsFunc(model, func(m request) bool { return q.is(m, good.value, in.value) }) {
						panic(lost(fmt.Sprintf("%q: not one segment", in.value)))
					}
				}
			}
		}
	}
}

// name does something with an identifier, and returns what arrived.
func (t *trial) name(op Op, n name) (outcome, []request) {
	before := len(t.site.requests())
	room, person := t.site.vendor.Room, n.value
	if n.room {
		room, person = n.value, t.site.vendor.Person
	}
	o := t.do(op, room, person)
	return o, t.site.requests()[before:]
}

// is reports whether a request is the model, with another identifier in the one segment that has it.
func (r request) is(model request, good, other string) bool {
	want, got := strings.Split(model.path, "/"), strings.Split(r.path, "/")
	if r.method != model.method || r.query != model.query || len(want) != len(got) {
		return false
	}
	found := false
	for i := range want {
		before, after, has := strings.Cut(want[i], good)
		if !has {
			if want[i] != got[i] {
				return false
			}
			continue
		}
		is, err := url.PathUnescape(got[i])
		if err != nil || is != before+other+after {
			return false
		}
		found = true
	}
	return found
}
