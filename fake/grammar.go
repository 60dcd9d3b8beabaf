package fake

import (
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

const (
	maxNumber  = 20 // digits of a member's number
	maxAddress = 128
	maxSuffix  = 8  // characters of a suffix to a number
	maxCall    = 64 // characters of a conference's id where it is the id of a call
)

// checkConference applies the profile's grammar for conferences.
func (p Profile) checkConference(c cc.ConferenceID) error {
	if uuid, ok := strings.CutPrefix(string(c), instancePrefix); ok {
		if !p.RunIDs || !isUUID(uuid) {
			return fail(cc.ErrInvalid, "no id of a run")
		}
		return nil
	}
	if p.IDs == ByAddress && (len(c) > maxCall || strings.ContainsAny(string(c), "_. ")) {
		return fail(cc.ErrInvalid, "no id of a call")
	}
	return provider.CheckName(string(c))
}

// checkParticipant applies the profile's grammar for participants.
func (p Profile) checkParticipant(id cc.ParticipantID) error {
	if p.IDs == ByNumber {
		return provider.CheckNumber(string(id), maxNumber)
	}
	return checkAddress(string(id))
}

// checkAddress checks an id that is a number in the telephone network.
func checkAddress(id string) error {
	switch {
	case id == "", len(id) > maxAddress:
		return fail(cc.ErrInvalid, "an address is empty or too long")
	case provider.Reserved(id):
		return fail(cc.ErrInvalid, "a word that vendors read as everybody")
	}
	for i := range len(id) {
		if b := id[i]; b <= ' ' || b > '~' || b == ',' || b == '/' {
			return fail(cc.ErrInvalid, "an address has a character that none can have")
		}
	}
	return nil
}

// isUUID tells whether s is a UUID in its usual form, in lower case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
				return false
			}
		}
	}
	return true
}
