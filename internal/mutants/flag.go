package mutants

import cc "github.com/callcontrol-go/callcontrol"

// A flag is one of the four fields of a change.
type flag string

// flags returns the four.
func flags() []flag { return []flag{"mute", "deaf", "hold", "coach"} }

// of is the flag's place in a change.
func (f flag) of(c *cc.Change) *cc.Toggle {
	switch f {
	case "mute":
		return &c.Mute
	case "deaf":
		return &c.Deaf
	case "hold":
		return &c.Hold
	}
	return &c.Coach
}

// to is the change that sets the flag alone.
func (f flag) to(t cc.Toggle) (c cc.Change) {
	*f.of(&c) = t
	return c
}

// second is the id that the second one to join any run has, where ids are the bridge's numbers.
const second cc.ParticipantID = "102"
