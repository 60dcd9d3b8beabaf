package plivoserver

import (
	"net/http"
	"slices"
)

// An Operation names what a request asks for, whatever it is asked of. Its values are stable words.
type Operation string

// The operations of the MultiPartyCall API ("Multiparty Calls"), of the older Conference API
// ("Conference API"), and the one of the Call API that is served.
const (
	ListRooms         Operation = "list-rooms"         // GET /MultiPartyCall/
	GetRoom           Operation = "get-room"           // GET /MultiPartyCall/{room}/
	ActivateRoom      Operation = "activate-room"      // POST /MultiPartyCall/{room}/
	EndRoom           Operation = "end-room"           // DELETE /MultiPartyCall/{room}/
	ListParticipants  Operation = "list-participants"  // GET /MultiPartyCall/{room}/Participant/
	AddParticipant    Operation = "add-participant"    // POST /MultiPartyCall/{room}/Participant/
	GetParticipant    Operation = "get-participant"    // GET /MultiPartyCall/{room}/Participant/{member}/
	UpdateParticipant Operation = "update-participant" // POST /MultiPartyCall/{room}/Participant/{member}/
	KickParticipant   Operation = "kick-participant"   // DELETE /MultiPartyCall/{room}/Participant/{member}/

	StartRoomRecording         Operation = "start-room-recording"         // POST /MultiPartyCall/{room}/Record/
	StopRoomRecording          Operation = "stop-room-recording"          // DELETE /MultiPartyCall/{room}/Record/
	PauseRoomRecording         Operation = "pause-room-recording"         // POST /MultiPartyCall/{room}/Record/Pause/
	ResumeRoomRecording        Operation = "resume-room-recording"        // POST /MultiPartyCall/{room}/Record/Resume/
	StartParticipantRecording  Operation = "start-participant-recording"  // POST /MultiPartyCall/{room}/Participant/{member}/Record/
	StopParticipantRecording   Operation = "stop-participant-recording"   // DELETE /MultiPartyCall/{room}/Participant/{member}/Record/
	PauseParticipantRecording  Operation = "pause-participant-recording"  // POST /MultiPartyCall/{room}/Participant/{member}/Record/Pause/
	ResumeParticipantRecording Operation = "resume-participant-recording" // POST /MultiPartyCall/{room}/Participant/{member}/Record/Resume/
	StartPlay                  Operation = "start-play"                   // POST /MultiPartyCall/{room}/Member/{member}/Play/
	StopPlay                   Operation = "stop-play"                    // DELETE /MultiPartyCall/{room}/Member/{member}/Play/
	StartSpeak                 Operation = "start-speak"                  // POST /MultiPartyCall/{room}/Member/{member}/Speak/
	StopSpeak                  Operation = "stop-speak"                   // DELETE /MultiPartyCall/{room}/Member/{member}/Speak/

	ListConferences Operation = "list-conferences" // GET /Conference/
	EndConferences  Operation = "end-conferences"  // DELETE /Conference/: every one of them
	GetConference   Operation = "get-conference"   // GET /Conference/{name}/
	EndConference   Operation = "end-conference"   // DELETE /Conference/{name}/
	HangUpMember    Operation = "hang-up-member"   // DELETE /Conference/{name}/Member/{member}/
	KickMember      Operation = "kick-member"      // POST /Conference/{name}/Member/{member}/Kick/
	MuteMember      Operation = "mute-member"      // POST /Conference/{name}/Member/{member}/Mute/
	UnmuteMember    Operation = "unmute-member"    // DELETE /Conference/{name}/Member/{member}/Mute/
	DeafMember      Operation = "deaf-member"      // POST /Conference/{name}/Member/{member}/Deaf/
	UndeafMember    Operation = "undeaf-member"    // DELETE /Conference/{name}/Member/{member}/Deaf/

	PlayToMember         Operation = "play-to-member"         // POST /Conference/{name}/Member/{member}/Play/
	StopPlayToMember     Operation = "stop-play-to-member"    // DELETE /Conference/{name}/Member/{member}/Play/
	SpeakToMember        Operation = "speak-to-member"        // POST /Conference/{name}/Member/{member}/Speak/
	StopSpeakToMember    Operation = "stop-speak-to-member"   // DELETE /Conference/{name}/Member/{member}/Speak/
	RecordConference     Operation = "record-conference"      // POST /Conference/{name}/Record/
	StopRecordConference Operation = "stop-record-conference" // DELETE /Conference/{name}/Record/

	HangUpCall Operation = "hang-up-call" // DELETE /Call/{call}/
)

// The classes of operations, for Fault.On. Every request is in Any and in one of the others: Reads
// are the requests with GET or HEAD, Commands are all the rest, and both include requests for
// something that is not there.
const (
	Any      Operation = ""
	Reads    Operation = "reads"
	Commands Operation = "commands"
)

// covers reports whether a request of this method, routed to op ("" if to nothing), is in o.
func (o Operation) covers(method string, op Operation) bool {
	switch o {
	case Any:
		return true
	case Reads:
		return isRead(method)
	case Commands:
		return !isRead(method)
	}
	return o == op
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// known reports whether o is a class or an operation.
func (o Operation) known() bool {
	return o == Any || o == Reads || o == Commands || slices.Contains(Operations(), o)
}

// Operations returns every operation that is served, sorted, without the classes.
func Operations() []Operation {
	var all []Operation
	for _, p := range patterns {
		for _, op := range p.methods {
			all = append(all, op)
		}
	}
	slices.Sort(all)
	return all
}
