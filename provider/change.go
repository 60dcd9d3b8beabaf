package provider

import (
	cc "github.com/callcontrol-go/callcontrol"
)

// A field is one of the states that a change can set.
type field struct {
	control cc.Controls
	want    func(cc.Change) cc.Toggle
	have    func(cc.ParticipantState) cc.Toggle
	set     func(*cc.Change, cc.Toggle)
}

var fields = [...]field{
	{
		cc.CanMute,
		func(c cc.Change) cc.Toggle { return c.Mute },
		func(s cc.ParticipantState) cc.Toggle { return s.Mute },
		func(c *cc.Change, t cc.Toggle) { c.Mute = t },
	},
	{
		cc.CanDeaf,
		func(c cc.Change) cc.Toggle { return c.Deaf },
		func(s cc.ParticipantState) cc.Toggle { return s.Deaf },
		func(c *cc.Change, t cc.Toggle) { c.Deaf = t },
	},
	{
		cc.CanHold,
		func(c cc.Change) cc.Toggle { return c.Hold },
		func(s cc.ParticipantState) cc.Toggle { return s.Hold },
		func(c *cc.Change, t cc.Toggle) { c.Hold = t },
	},
	{
		cc.CanCoach,
		func(c cc.Change) cc.Toggle { return c.Coach },
		func(s cc.ParticipantState) cc.Toggle { return s.Coach },
		func(c *cc.Change, t cc.Toggle) { c.Coach = t },
	},
}

// Needs is the set of controls that a change needs.
func needs(c cc.Change) cc.Controls {
	var n cc.Controls
	for i := range fields {
		if fields[i].want(c) != cc.Unset {
			n |= fields[i].control
		}
	}
	return n
}

// CheckChange refuses a change that sets nothing, and a toggle that is none.
func checkChange(c cc.Change) error {
	if c == (cc.Change{}) {
		return invalid("the change sets nothing")
	}
	for i := range fields {
		if fields[i].want(c) > cc.Off {
			return invalid("a toggle is neither on, off nor unset")
		}
	}
	return nil
}

// Steps cuts a change into changes of one field, restricting ones (on) before releasing ones (off),
// so that nobody hears or is heard for a moment whom the whole change silences. Fields that skip
// already has are left out. It returns how many of the array's elements are set.
func steps(c cc.Change, skip cc.ParticipantState) (out [len(fields)]cc.Change, n int) {
	set, open := 0, 0
	for i := range fields {
		if want := fields[i].want(c); want != cc.Unset {
			set++
			if fields[i].have(skip) != want {
				open++
			}
		}
	}
	if set == 1 && open == 1 { // as most are
		out[0] = c
		return out, 1
	}
	return cut(c, skip)
}

func cut(c cc.Change, skip cc.ParticipantState) (out [len(fields)]cc.Change, n int) {
	for _, t := range [...]cc.Toggle{cc.On, cc.Off} {
		for i := range fields {
			if fields[i].want(c) == t && fields[i].have(skip) != t {
				fields[i].set(&out[n], t)
				n++
			}
		}
	}
	return out, n
}

// Merge adds the fields that c sets to the fields of into.
func merge(into *cc.Change, c cc.Change) {
	for i := range fields {
		if t := fields[i].want(c); t != cc.Unset {
			fields[i].set(into, t)
		}
	}
}
