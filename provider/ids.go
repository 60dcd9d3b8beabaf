package provider

import (
	"strings"
	"unicode"

	cc "github.com/callcontrol-go/callcontrol"
)

// MaxID is the most bytes that an id of the default grammar has.
const MaxID = 128

func invalid(message cc.Detail) error {
	return &cc.Error{Kind: cc.ErrInvalid, Err: message}
}

// CheckName checks a name by the house's default grammar: 1 to 128 bytes of ASCII letters, digits,
// "-", "_", "." and inner single spaces; not "." or ".."; not a [Reserved] word. Its error is
// ErrInvalid and does not hold the name.
func CheckName(name string) error {
	switch {
	case name == "":
		return invalid("an id is empty")
	case len(name) > MaxID:
		return invalid("an id is longer than 128 bytes")
	case strings.Trim(name, ".") == "":
		return invalid("an id consists of dots only")
	case Reserved(name):
		return invalid("an id is a word that providers read as everybody")
	}
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_', b == '.':
		case b == ' ' && i > 0 && i < len(name)-1 && name[i-1] != ' ':
		default:
			return invalid("an id has a character that is not a letter, a digit, '-', '_', '.' or an inner single space")
		}
	}
	return nil
}

// CheckAny refuses what no provider is given, whatever its own grammar lets pass: what is empty, a step
// in a path, a list, a word that means everybody, or cannot be seen. Its error is ErrInvalid and does
// not hold the id.
func checkAny(id string) error {
	if simple(id) {
		return nil
	}
	switch {
	case strings.TrimSpace(id) == "":
		return invalid("an id is empty")
	case strings.TrimSpace(id) != id:
		return invalid("an id begins or ends with a blank")
	case strings.Trim(id, ".") == "":
		return invalid("an id consists of dots only")
	case Reserved(id):
		return invalid("an id is a word that providers read as everybody")
	case strings.ContainsAny(id, ",/"):
		return invalid("an id is a list or a path")
	case strings.ContainsFunc(id, unicode.IsControl):
		return invalid("an id has a control character")
	}
	return nil
}

// Simple reports whether an id is of ASCII letters, digits, "-" and "_" and no word that means everybody,
// as most are: nothing else need be looked for then.
func simple(id string) bool {
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_':
		default:
			return false
		}
	}
	return id != "" && !Reserved(id)
}

// CheckConference tells whether the provider can be asked about a conference of that id.
func (c *client) checkConference(id cc.ConferenceID) error {
	if err := checkAny(string(id)); err != nil {
		return err
	}
	if err := c.driver.CheckConference(id); err != nil {
		return asInvalid(err)
	}
	return nil
}

// CheckParticipant does the same for participants.
func (c *client) checkParticipant(id cc.ParticipantID) error {
	if err := checkAny(string(id)); err != nil {
		return err
	}
	if err := c.driver.CheckParticipant(id); err != nil {
		return asInvalid(err)
	}
	return nil
}

// CheckNumber checks an id that is 1 to max ASCII digits. Its error is ErrInvalid and does not hold
// the id.
func CheckNumber(id string, max int) error {
	if id == "" || len(id) > max {
		return invalid("an id is not a number of the provider's length")
	}
	for i := 0; i < len(id); i++ {
		if id[i] < '0' || id[i] > '9' {
			return invalid("an id is not a number")
		}
	}
	return nil
}

// Reserved reports whether s is a word that some provider reads as several people or conferences, in
// any case: all, participants, last, non_moderator.
func Reserved(s string) bool {
	return strings.EqualFold(s, "all") || strings.EqualFold(s, "last") ||
		strings.EqualFold(s, "participants") || strings.EqualFold(s, "non_moderator")
}
