package plivoserver

import (
	"cmp"
	"maps"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// What recording takes ("Multiparty Calls"). plivo-go sends an empty track also for a room.
var (
	roomRecordParameters = map[string]parameter{
		"file_format":               oneOf("mp3", "wav"),
		"recording_callback_url":    anyURL,
		"recording_callback_method": method,
		"transcription_url":         anyURL,
		"transcript":                flag,
		"record_track_type":         oneOf(""),
	}
	participantRecordParameters = with(roomRecordParameters, map[string]parameter{"record_track_type": track})
	changeRecordParameters      = with(repeated, map[string]parameter{"record_track_type": track})
	conferenceRecordParameters  = with(repeatedMember, map[string]parameter{
		"time_limit":           within(1, 1<<30),
		"file_format":          oneOf("mp3", "wav"),
		"transcription_type":   oneOf("auto", "hybrid"),
		"transcription_url":    anyURL,
		"transcription_method": method,
		"callback_url":         anyURL,
		"callback_method":      method,
	})
)

var track = oneOf("", "participant", "all", "both")

// What plivo-python says in a body of what is in the path already.
var (
	repeated       = map[string]parameter{"uuid": ignored, "friendly_name": ignored, "participant_id": ignored}
	repeatedMember = map[string]parameter{"conference_name": ignored, "member_id": ignored}
)

func ignored(fields, string) (any, *reply) { return nil, nil }

// with is both of two sets of parameters.
func with(a, b map[string]parameter) map[string]parameter {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// startRoomRecording records a room ("Multiparty Calls"; the status: plivo-go, -java and -ruby
// tests). Of the same room or participant there is one recording at a time: the room object has one
// state of it. What the vendor says to a second one is not documented; it is refused here.
func (s *Server) startRoomRecording(q request) reply {
	room, ok := s.live(q)
	if !ok {
		return notFound()
	}
	v, bad := checkParameters(q.fields, roomRecordParameters)
	if bad != nil {
		return *bad
	}
	return s.record(room, "", v, 202)
}

// startParticipantRecording records one participant; the status is that of the same tests.
func (s *Server) startParticipantRecording(q request) reply {
	room, ok := s.live(q)
	if !ok {
		return notFound()
	}
	v, bad := checkParameters(q.fields, participantRecordParameters)
	if bad != nil {
		return *bad
	}
	if _, ok := choose(room, q.member, false, false); !ok {
		return notFound()
	}
	return s.record(room, cc.ParticipantID(q.member), v, 200)
}

// record starts a recording of the MultiPartyCall API.
func (s *Server) record(room fake.RoomInfo, p cc.ParticipantID, v values, status int) reply {
	s.tidy()
	r := s.newRecording(room, p, strings.ToLower(v.text("file_format")))
	if p != "" {
		r.Track = cmp.Or(strings.ToLower(v.text("record_track_type")), "all")
	}
	r.url, r.method = v.text("recording_callback_url"), v.method("recording_callback_method", "POST")
	if !s.media.begin(r) {
		return busy()
	}
	return answer(status, object{
		"message": "MPC: " + room.Name + " record started", "recording_id": r.ID, "recording_url": r.URL,
	})
}

func busy() reply { return invalid("a recording is in progress") }

// recorded finds what the path would have changed of a recording, room or participant.
func (s *Server) recorded(q request) (fake.RoomInfo, cc.ParticipantID, *reply) {
	room, ok := s.live(q)
	if !ok {
		return room, "", new(notFound())
	}
	if q.fields != nil {
		known := changeRecordParameters
		if q.member == "" {
			known = with(repeated, map[string]parameter{"record_track_type": oneOf("")})
		}
		if _, bad := checkParameters(q.fields, known); bad != nil {
			return room, "", bad
		}
	}
	if q.member == "" {
		return room, "", nil
	}
	if _, ok := choose(room, q.member, false, false); !ok {
		return room, "", new(notFound())
	}
	return room, cc.ParticipantID(q.member), nil
}

// stopRecording, and the two below, of a room or of a participant. Where nothing is recorded the
// record is not found, as the vendor's general rules have it; no page says so.
func (s *Server) stopRecording(q request) reply {
	return s.changeRecording(q, func(r *recording) { s.media.finish(r, RecordingDone, time.Now()) })
}

// pauseRecording finds one that is paused already well.
func (s *Server) pauseRecording(q request) reply {
	return s.changeRecording(q, func(r *recording) { s.media.pause(r, time.Now()) })
}

func (s *Server) resumeRecording(q request) reply {
	return s.changeRecording(q, func(r *recording) { s.media.resume(r, time.Now()) })
}

func (s *Server) changeRecording(q request, do func(*recording)) reply {
	room, p, bad := s.recorded(q)
	if bad != nil {
		return *bad
	}
	if !s.media.change(room.Instance, p, do) {
		return notFound()
	}
	return answer(204, nil)
}

// recordConference records a conference ("Conference API"). A conference is a room here, so that
// there is one recording of it, whichever API began it.
func (s *Server) recordConference(q request) reply {
	room, ok := s.liveConference(q)
	if !ok {
		return notFound()
	}
	v, bad := checkParameters(q.fields, conferenceRecordParameters)
	if bad != nil {
		return *bad
	}
	s.tidy()
	r := s.newRecording(room, "", strings.ToLower(v.text("file_format")))
	r.conference, r.apiID = true, newUUID()
	r.url, r.method = v.text("callback_url"), v.method("callback_method", "POST")
	if !s.media.begin(r) {
		return busy()
	}
	rep := raw(202, object{
		"api_id": r.apiID, "message": "conference recording started", "recording_id": r.ID, "url": r.URL,
	})
	return rep
}

func (s *Server) stopRecordConference(q request) reply {
	room, ok := s.liveConference(q)
	if !ok || !s.media.change(room.Instance, "", func(r *recording) { s.media.finish(r, RecordingDone, time.Now()) }) {
		return notFound()
	}
	return answer(204, nil)
}
