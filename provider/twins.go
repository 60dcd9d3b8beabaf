package provider

import (
	"strconv"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// Twins are participants who cannot be told apart: the vendor gives them one ID, or none. They are
// listed, the second one under an ID with a suffix, and none of them can be commanded.

// Distinct gives those who cannot be told apart suffixes, and takes away what could be done to them.
// It reports whether there were any.
func distinct(list []cc.Participant) (any bool) {
	for i := range list {
		twin := list[i].ID == ""
		for j := range list {
			twin = twin || i != j && list[j].ID == list[i].ID
		}
		if !twin {
			continue
		}
		any = true
		base, n := list[i].ID, 1
		for j := i; j < len(list); j++ {
			if list[j].ID != base {
				continue
			}
			list[j].Controls = 0
			if n > 1 || base == "" {
				list[j].ID = base + "#" + cc.ParticipantID(strconv.Itoa(n))
			}
			n++
		}
	}
	return any
}

// CutTwin takes the suffix off the ID of a twin.
func cutTwin(id cc.ParticipantID) (base cc.ParticipantID, ok bool) {
	i := strings.LastIndexByte(string(id), '#')
	if i < 0 || strings.Trim(string(id[i+1:]), "0123456789") != "" || i == len(id)-1 {
		return "", false
	}
	return id[:i], true
}

// IsTwin reports whether id is of one of those in a list who cannot be told apart.
func isTwin(list []cc.Participant, id cc.ParticipantID) bool {
	i := find(list, id)
	if i < 0 || list[i].Controls != 0 {
		return false
	}
	base, suffixed := cutTwin(id)
	if suffixed && base == "" {
		return true
	}
	for j := range list {
		if j == i || list[j].Controls != 0 {
			continue
		}
		other, ok := cutTwin(list[j].ID)
		if ok && other == id || suffixed && (list[j].ID == base || ok && other == base) {
			return true
		}
	}
	return false
}

// MaybeTwin reports whether an id that the driver refuses may be one that this client has given to a
// twin. The vendor never sees it: a read tells what to answer.
func (c *client) maybeTwin(id cc.ParticipantID) bool {
	base, ok := cutTwin(id)
	return ok && c.twins.Load() && (base == "" || c.checkParticipant(base) == nil || c.maybeTwin(base))
}
