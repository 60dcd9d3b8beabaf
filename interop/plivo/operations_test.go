package interop_test

import (
	"net/http"

	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// An operation is one of the vendor's, as its pages name it.
type operation struct {
	id     string // the server's word for it, or ours while it is not served
	method string
	path   string // after /v1/Account/{auth_id}/
	cases  []scenario
}

// A scenario is something to ask, and what has to come of it.
type scenario struct {
	name string
	run  func(*run)
	form form
	// unlisted: there is no such room, so no object of it.
	unlisted bool
	// several: it is not about one participant, so no object of one will do.
	several bool
	quirks  server.Quirks
}

// A form is by what the scenario can name the room.
type form uint8

const (
	either form = iota // once by name and once by uuid
	byName
	byUUID
)

// What is not served yet. Once the server knows one of them, it has a word for it too: the row then
// takes the server's word and gets its scenarios. Until then each library's methods for it are
// called, and have to send what the vendor documents and to understand that it is not found.
const (
	startRoomRecording  = "start-room-recording"
	stopRoomRecording   = "stop-room-recording"
	pauseRoomRecording  = "pause-room-recording"
	resumeRoomRecording = "resume-room-recording"

	startRecording  = "start-participant-recording"
	stopRecording   = "stop-participant-recording"
	pauseRecording  = "pause-participant-recording"
	resumeRecording = "resume-participant-recording"

	startPlay  = "start-play"
	stopPlay   = "stop-play"
	startSpeak = "start-speak"
	stopSpeak  = "stop-speak"

	playMember           = "play-to-member"
	stopPlayMember       = "stop-play-to-member"
	speakMember          = "speak-to-member"
	stopSpeakMember      = "stop-speak-to-member"
	recordConference     = "record-conference"
	stopRecordConference = "stop-record-conference"
)

// What the served operations are called here.
const (
	listRooms         = string(server.ListRooms)
	getRoom           = string(server.GetRoom)
	activateRoom      = string(server.ActivateRoom)
	endRoom           = string(server.EndRoom)
	listParticipants  = string(server.ListParticipants)
	addParticipant    = string(server.AddParticipant)
	getParticipant    = string(server.GetParticipant)
	updateParticipant = string(server.UpdateParticipant)
	kickParticipant   = string(server.KickParticipant)

	listConferences = string(server.ListConferences)
	endConferences  = string(server.EndConferences)
	getConference   = string(server.GetConference)
	endConference   = string(server.EndConference)
	hangUpMember    = string(server.HangUpMember)
	kickMember      = string(server.KickMember)
	muteMember      = string(server.MuteMember)
	unmuteMember    = string(server.UnmuteMember)
	deafMember      = string(server.DeafMember)
	undeafMember    = string(server.UndeafMember)

	hangUpCall = string(server.HangUpCall)
)

// operations is every one of both APIs, in the order of the table. Source: "Multiparty Calls",
// "Conference API", and for the last one "Hangup a call".
func operations() []operation {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete

		room        = "MultiPartyCall/{room}/"
		participant = room + "Participant/{member}/"
		member      = room + "Member/{member}/"
		conference  = "Conference/{room}/"
		inside      = conference + "Member/{member}/"
	)
	return []operation{
		{listRooms, get, "MultiPartyCall/", roomLists},
		{getRoom, get, room, roomReads},
		{activateRoom, post, room, activations},
		{endRoom, del, room, roomEnds},
		{addParticipant, post, room + "Participant/", additions},
		{listParticipants, get, room + "Participant/", participantLists},
		{getParticipant, get, participant, participantReads},
		{updateParticipant, post, participant, updates},
		{kickParticipant, del, participant, kicks},
		{startRoomRecording, post, room + "Record/", nil},
		{stopRoomRecording, del, room + "Record/", nil},
		{pauseRoomRecording, post, room + "Record/Pause/", nil},
		{resumeRoomRecording, post, room + "Record/Resume/", nil},
		{startRecording, post, participant + "Record/", nil},
		{stopRecording, del, participant + "Record/", nil},
		{pauseRecording, post, participant + "Record/Pause/", nil},
		{resumeRecording, post, participant + "Record/Resume/", nil},
		{startPlay, post, member + "Play/", nil},
		{stopPlay, del, member + "Play/", nil},
		{startSpeak, post, member + "Speak/", nil},
		{stopSpeak, del, member + "Speak/", nil},

		{listConferences, get, "Conference/", conferenceLists},
		{endConferences, del, "Conference/", allEnds},
		{getConference, get, conference, conferenceReads},
		{endConference, del, conference, conferenceEnds},
		{hangUpMember, del, inside, hangUps},
		{kickMember, post, inside + "Kick/", memberKicks},
		{muteMember, post, inside + "Mute/", mutes},
		{unmuteMember, del, inside + "Mute/", unmutes},
		{deafMember, post, inside + "Deaf/", deafs},
		{undeafMember, del, inside + "Deaf/", undeafs},
		{playMember, post, inside + "Play/", nil},
		{stopPlayMember, del, inside + "Play/", nil},
		{speakMember, post, inside + "Speak/", nil},
		{stopSpeakMember, del, inside + "Speak/", nil},
		{recordConference, post, conference + "Record/", nil},
		{stopRecordConference, del, conference + "Record/", nil},

		{hangUpCall, del, "Call/{call}/", callEnds},
	}
}
