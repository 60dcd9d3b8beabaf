package plivoserver

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A request is one that has been let in and understood so far.
type request struct {
	target
	query  url.Values
	fields fields // of a POST
	bad    *reply // what is wrong with it
	bridge fake.Timed
	dry    bool // answer as if, and change nothing: accepted and never done
}

// parse reads what there is beside the path. What libraries send with GET and DELETE is looked at
// only for being JSON.
func parse(r *http.Request, t target, body []byte) request {
	q := request{target: t}
	contentType := r.Header.Get("Content-Type")
	if r.Method == http.MethodPost {
		q.fields, q.bad = parseBody(contentType, body)
	} else {
		q.bad = checkIgnored(contentType, body)
	}
	var err error
	if q.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		q.bad = refuse("the query is malformed")
	}
	return q
}

// handlers is what each operation does.
var handlers = map[Operation]func(*Server, request) reply{
	ListRooms:         (*Server).listRooms,
	GetRoom:           (*Server).getRoom,
	ActivateRoom:      (*Server).activateRoom,
	EndRoom:           (*Server).endRoom,
	ListParticipants:  (*Server).listParticipants,
	AddParticipant:    (*Server).addParticipant,
	GetParticipant:    (*Server).getParticipant,
	UpdateParticipant: (*Server).updateParticipant,
	KickParticipant:   (*Server).kickParticipant,

	StartRoomRecording:         (*Server).startRoomRecording,
	StopRoomRecording:          (*Server).stopRecording,
	PauseRoomRecording:         (*Server).pauseRecording,
	ResumeRoomRecording:        (*Server).resumeRecording,
	StartParticipantRecording:  (*Server).startParticipantRecording,
	StopParticipantRecording:   (*Server).stopRecording,
	PauseParticipantRecording:  (*Server).pauseRecording,
	ResumeParticipantRecording: (*Server).resumeRecording,
	StartPlay:                  (*Server).startPlay,
	StopPlay:                   (*Server).stopPlay,
	StartSpeak:                 (*Server).startSpeak,
	StopSpeak:                  (*Server).stopSpeak,

	ListConferences: (*Server).listConferences,
	EndConferences:  (*Server).endConferences,
	GetConference:   (*Server).getConference,
	EndConference:   (*Server).endConference,
	HangUpMember:    (*Server).hangUpMember,
	KickMember:      (*Server).kickMember,
	MuteMember:      (*Server).muteMember,
	UnmuteMember:    (*Server).unmuteMember,
	DeafMember:      (*Server).deafMember,
	UndeafMember:    (*Server).undeafMember,

	PlayToMember:         (*Server).playToMember,
	StopPlayToMember:     (*Server).stopPlayToMember,
	SpeakToMember:        (*Server).speakToMember,
	StopSpeakToMember:    (*Server).stopSpeakToMember,
	RecordConference:     (*Server).recordConference,
	StopRecordConference: (*Server).stopRecordConference,

	HangUpCall: (*Server).hangUpCall,
}

// bridgeOps is what the operations are to the Switch, which counts them and may have faults on them.
// Those that are not here are nothing that a conference provider does.
var bridgeOps = map[Operation]fake.Op{
	ListRooms: fake.OpList, ListConferences: fake.OpList,
	GetRoom: fake.OpSnapshot, ListParticipants: fake.OpSnapshot, GetConference: fake.OpSnapshot,
	GetParticipant:  fake.OpParticipant,
	KickParticipant: fake.OpRemove, KickMember: fake.OpRemove, HangUpMember: fake.OpRemove, HangUpCall: fake.OpRemove,
	UpdateParticipant: fake.OpSet,
	MuteMember:        fake.OpSet, UnmuteMember: fake.OpSet, DeafMember: fake.OpSet, UndeafMember: fake.OpSet,
	EndRoom: fake.OpEnd, EndConference: fake.OpEnd, EndConferences: fake.OpEnd,
}

// The two forms that name a room in a path ("Multiparty Calls").
const (
	byName   = "name_"
	byUUID   = "uuid_"
	instance = "uuid:" // of the contract's Instance
)

// conference is the contract's id of what a path names, or "" if it cannot be one. A conference's
// name stands in the path as it is, a room's behind a prefix.
func (t target) conference() cc.ConferenceID {
	name := t.room
	if t.isRoom() {
		if uuid, ok := strings.CutPrefix(t.room, byUUID); ok {
			return cc.ConferenceID(instance + uuid)
		}
		var ok bool
		if name, ok = strings.CutPrefix(t.room, byName); !ok {
			return ""
		}
	}
	if strings.HasPrefix(name, instance) { // a name that would be taken for an Instance
		return ""
	}
	return cc.ConferenceID(name)
}

// isRoom reports whether the path is one of the MultiPartyCall API.
func (t target) isRoom() bool {
	switch t.op {
	case GetRoom, ActivateRoom, EndRoom, ListParticipants, AddParticipant,
		GetParticipant, UpdateParticipant, KickParticipant,
		StartRoomRecording, StopRoomRecording, PauseRoomRecording, ResumeRoomRecording,
		StartParticipantRecording, StopParticipantRecording, PauseParticipantRecording, ResumeParticipantRecording,
		StartPlay, StopPlay, StartSpeak, StopSpeak:
		return true
	}
	return false
}

// shown returns what a read shows of the room in the path.
func (s *Server) shown(q request) (fake.RoomInfo, bool) {
	c := q.conference()
	if c == "" {
		return fake.RoomInfo{}, false
	}
	room, err := s.bridge.Read(c)
	return room, err == nil
}

// live returns the room in the path as it is in truth, if it is not over. Commands go to the
// Instance that this tells, so that all of one request go to the same run.
func (s *Server) live(q request) (fake.RoomInfo, bool) {
	c := q.conference()
	if c == "" {
		return fake.RoomInfo{}, false
	}
	room, err := s.bridge.Look(c)
	return room, err == nil && room.Status != fake.Ended
}

// everybody is the word for all members of a room.
const everybody = "all"

// A selection is whom a path names.
type selection struct {
	asked   string
	ids     []string // as asked for: {"all"}, {"12"}, {"12", "15"}
	members []fake.MemberInfo
	all     bool
}

// choose finds the members that the path names in a room. With list a comma separates several. One
// of them who is not there means that nothing is found.
func choose(room fake.RoomInfo, member string, list, all bool) (selection, bool) {
	sel := selection{asked: member, ids: []string{member}}
	if all && member == everybody {
		sel.all, sel.members = true, room.Members
		return sel, true
	}
	if list {
		sel.ids = strings.Split(member, ",")
	}
	for _, id := range sel.ids {
		m, ok := room.Member(cc.ParticipantID(id))
		if !ok {
			return selection{}, false
		}
		if !slices.ContainsFunc(sel.members, func(o fake.MemberInfo) bool { return o.ID == m.ID }) {
			sel.members = append(sel.members, m)
		}
	}
	return sel, true
}

// each does something to the chosen members. Of several one who has left meanwhile is passed over.
func (q request) each(sel selection, do func(cc.ParticipantID) error) *reply {
	if q.dry {
		return nil
	}
	for _, m := range sel.members {
		err := do(m.ID)
		if err == nil || errors.Is(err, cc.ErrNotFound) && (sel.all || len(sel.members) > 1) {
			continue
		}
		return new(refused(err))
	}
	return nil
}

// remove takes the chosen members out.
func (q request) remove(room fake.RoomInfo, sel selection, then fake.Then) *reply {
	return q.each(sel, func(p cc.ParticipantID) error {
		_, err := q.bridge.Remove(room.Instance, p, then)
		return err
	})
}

// set changes the chosen members.
func (q request) set(room fake.RoomInfo, sel selection, change cc.Change) *reply {
	return q.each(sel, func(p cc.ParticipantID) error {
		_, err := q.bridge.Set(room.Instance, p, change)
		return err
	})
}

// end ends a room.
func (q request) end(room fake.RoomInfo, then fake.Then) *reply {
	if q.dry {
		return nil
	}
	if _, err := q.bridge.End(room.Instance, then); err != nil {
		return new(refused(err))
	}
	return nil
}

// refused is what the vendor might say where the bridge will not do something.
func refused(err error) reply {
	switch {
	case errors.Is(err, cc.ErrNotFound):
		return notFound()
	case errors.Is(err, cc.ErrConflict), errors.Is(err, cc.ErrInvalid):
		return invalid("not possible in the present state")
	}
	return failed(http.StatusServiceUnavailable, "service unavailable")
}

func toggle(on bool) cc.Toggle {
	if on {
		return cc.On
	}
	return cc.Off
}
