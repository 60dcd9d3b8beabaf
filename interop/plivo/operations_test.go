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

// What the operations are called here: the server's words for them.
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

	startRoomRecording  = string(server.StartRoomRecording)
	stopRoomRecording   = string(server.StopRoomRecording)
	pauseRoomRecording  = string(server.PauseRoomRecording)
	resumeRoomRecording = string(server.ResumeRoomRecording)
	startRecording      = string(server.StartParticipantRecording)
	stopRecording       = string(server.StopParticipantRecording)
	pauseRecording      = string(server.PauseParticipantRecording)
	resumeRecording     = string(server.ResumeParticipantRecording)
	startPlay           = string(server.StartPlay)
	stopPlay            = string(server.StopPlay)
	startSpeak          = string(server.StartSpeak)
	stopSpeak           = string(server.StopSpeak)

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

	playMember           = string(server.PlayToMember)
	stopPlayMember       = string(server.StopPlayToMember)
	speakMember          = string(server.SpeakToMember)
	stopSpeakMember      = string(server.StopSpeakToMember)
	recordConference     = string(server.RecordConference)
	stopRecordConference = string(server.StopRecordConference)

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

		runs, paused, done = server.RecordingRuns, server.RecordingPaused, server.RecordingDone
	)
	rooms, ones := roomRecordings(), participantRecordings()
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
		{startRoomRecording, post, room + "Record/", rooms.starts()},
		{stopRoomRecording, del, room + "Record/", rooms.changes(runs, done)},
		{pauseRoomRecording, post, room + "Record/Pause/", rooms.changes(runs, paused)},
		{resumeRoomRecording, post, room + "Record/Resume/", rooms.changes(paused, runs)},
		{startRecording, post, participant + "Record/", ones.starts()},
		{stopRecording, del, participant + "Record/", ones.changes(runs, done)},
		{pauseRecording, post, participant + "Record/Pause/", ones.changes(runs, paused)},
		{resumeRecording, post, participant + "Record/Resume/", ones.changes(paused, runs)},
		{startPlay, post, member + "Play/", played.starts()},
		{stopPlay, del, member + "Play/", played.stops()},
		{startSpeak, post, member + "Speak/", append(spoken.starts(), spoken.voices("Polly.Amy")...)},
		{stopSpeak, del, member + "Speak/", spoken.stops()},

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
		{playMember, post, inside + "Play/", playedToMember.memberStarts()},
		{stopPlayMember, del, inside + "Play/", playedToMember.memberStops()},
		{speakMember, post, inside + "Speak/", append(spokenToMember.memberStarts(), spokenToMember.voices("MAN")...)},
		{stopSpeakMember, del, inside + "Speak/", spokenToMember.memberStops()},
		{recordConference, post, conference + "Record/", conferenceRecordings()},
		{stopRecordConference, del, conference + "Record/", conferenceRecordingStops()},

		{hangUpCall, del, "Call/{call}/", callEnds},
	}
}
