package interop_test

import (
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// pythonLibrary is redirected by the constants of its module.
func pythonLibrary() *library {
	return &library{
		name: "plivo (PyPI)", version: "4.63.0", column: "Python", network: plivoserver.TCP,
		moved:   "the constants of `plivo.rest.client`",
		start:   startPython,
		ways:    pythonWays(),
		nothing: func(string) any { return nil },
		failure: pythonFailure,
		refuses: map[string]string{
			severalCustomers: "ValidationError", coachAll: "ValidationError", nothingSet: "ValidationError",
		},
	}
}

func startPython(t *testing.T) (driver, missing) {
	found, lacking := tools(t, []string{"python3.11", "python3", "python"})
	if lacking != "" {
		return nil, lacking
	}
	python := found[0]
	if exec.Command(python, "-m", "pip", "--version").Run() != nil {
		return nil, "pip for " + missing(python)
	}
	dir := installed(t, "python", []string{"requirements.txt"}, func(dir string) *exec.Cmd {
		cmd := exec.Command(python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", "installed", "-r", "requirements.txt")
		cmd.Dir = dir
		return cmd
	})
	cmd := exec.Command(python, "-B", source(t, "python", "driver.py"))
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir+"/installed", "PYTHONIOENCODING=utf-8")
	return launch(t, cmd), ""
}

func pythonFailure(a failed) failure {
	f := failure{text: a.text}
	switch a.status {
	case 400:
		f.typ = "ValidationError"
	case 401:
		f.typ = "AuthenticationError"
	case 403:
		f.typ = "ForbiddenError"
	case 404:
		f.typ = "ResourceNotFoundError"
	case 405, 409, 422:
		f.typ = "InvalidRequestError"
	case 500:
		f.typ = "PlivoServerError"
	default: // without the answer's text
		f.typ, f.text = "PlivoRestError", "status code "+strconv.Itoa(a.status)
		if a.method == http.MethodDelete {
			f.text = "could not be deleted"
		}
		return f
	}
	if a.status != 400 && a.status < 500 && (a.op == listRooms || a.op == listParticipants) {
		return failure{typ: "AttributeError", text: "'objects'", defect: pythonLists}
	}
	return f
}

func pythonWays() []way {
	const mpc, conf = "multi_party_calls.", "conferences."
	type named = map[string]any
	room := func(q query) named { return q.object("uuid", "friendly_name") }
	say := func(method string, args []any, n named) step {
		s := call(method, args...)
		s["named"] = n
		return s
	}
	by := func(op, method string, args func(q query) named) way {
		return way{op: op, name: method, steps: func(q query) []step { return []step{say(method, nil, args(q))} }}
	}
	ofRoom := func(op, method string) way { return by(op, mpc+method, room) }
	ofMember := func(op, method string, more ...named) way {
		return by(op, mpc+method, func(q query) named {
			n := with(room(q), named{"participant_id": q.member})
			for _, m := range more {
				with(n, m)
			}
			return n
		})
	}
	change := func(q query) named { return named{"mute": q.mute, "hold": q.hold, "coach_mode": q.coach} }
	// A room as list returns it, and a participant as list_participants does.
	listed := func(op, method string, args func(q query) named) way {
		return way{op: op, name: "list()[0]." + method, byObject: true, steps: func(q query) []step {
			return []step{say(mpc+"list", nil, named{"friendly_name": q.name}), item(0), say(method, nil, args(q))}
		}}
	}
	present := func(op, method string, args func(q query) named) way {
		return way{op: op, name: "list_participants()[0]." + method, byObject: true, bound: true, steps: func(q query) []step {
			return []step{say(mpc+"list_participants", nil, named{"uuid": q.uuid}), item(0), say(method, nil, args(q))}
		}}
	}
	none := func(query) named { return nil }
	ofOne := func(q query) named { return named{"participant_id": q.member} }
	more := func(q query) named { return q.more }
	twice := func(w way) way {
		w.broken = &broken{defect: pythonTwice, typ: "TypeError", text: "multiple values for"}
		return w
	}
	// A conference, by its name or as an object, which the library itself never makes.
	ofConference := func(op, method string, args ...any) []way {
		return []way{
			{op: op, name: conf + method, steps: func(q query) []step {
				return []step{call(conf+method, append([]any{q.name}, args...)...)}
			}},
			{op: op, name: "Conference." + method, steps: func(q query) []step {
				return []step{{"new": "Conference", "data": named{"conference_name": q.name}}, call(method, args...)}
			}},
		}
	}
	inConference := func(op, method string, args ...any) []way {
		return []way{
			{op: op, name: conf + method, steps: func(q query) []step {
				return []step{call(conf+method, append([]any{q.name, q.member}, args...)...)}
			}},
			{op: op, name: "Conference." + method, steps: func(q query) []step {
				return []step{{"new": "Conference", "data": named{"conference_name": q.name}},
					call(method, append([]any{q.member}, args...)...)}
			}},
		}
	}
	ways := []way{
		by(listRooms, mpc+"list", func(q query) named {
			f := q.filter
			return with(named{}, named{
				"friendly_name": f.name, "status": f.status, "termination_cause_code": f.code, "limit": f.limit,
				"offset": f.offset, "end_time__gt": f.ended, "creation_time__gt": f.created,
			})
		}),
		ofRoom(getRoom, "get"),
		ofRoom(activateRoom, "start"),
		ofRoom(endRoom, "stop"),
		by(addParticipant, mpc+"add_participant", func(q query) named { return with(room(q), pythonInvitation(q)) }),
		by(listParticipants, mpc+"list_participants", func(q query) named {
			return with(room(q), named{"call_uuid": q.filter.call})
		}),
		ofMember(getParticipant, "get_participant"),
		by(updateParticipant, mpc+"update_participant", func(q query) named {
			return with(with(room(q), ofOne(q)), change(q))
		}),
		ofMember(kickParticipant, "kick_participant"),

		by(startRoomRecording, mpc+"start_recording", func(q query) named { return with(room(q), q.more) }),
		ofRoom(stopRoomRecording, "stop_recording"),
		ofRoom(pauseRoomRecording, "pause_recording"),
		ofRoom(resumeRoomRecording, "resume_recording"),
		by(startRecording, mpc+"start_participant_recording", func(q query) named {
			return with(with(room(q), ofOne(q)), q.more)
		}),
		ofMember(stopRecording, "stop_participant_recording"),
		ofMember(pauseRecording, "pause_participant_recording"),
		ofMember(resumeRecording, "resume_participant_recording"),
		ofMember(startPlay, "start_play_audio", named{"url": anAudio}),
		ofMember(stopPlay, "stop_play_audio"),

		listed(getRoom, "get", none),
		listed(activateRoom, "start", none),
		listed(endRoom, "stop", none),
		twice(listed(addParticipant, "add_participant", pythonInvitation)),
		listed(getParticipant, "get_participant", ofOne),
		listed(updateParticipant, "update", func(q query) named { return with(ofOne(q), change(q)) }),
		listed(kickParticipant, "kick", ofOne),
		listed(startRoomRecording, "start_recording", more),
		listed(stopRoomRecording, "stop_recording", none),
		listed(pauseRoomRecording, "pause_recording", none),
		listed(resumeRoomRecording, "resume_recording", none),
		twice(listed(startRecording, "start_participant_recording", ofOne)),
		twice(listed(stopRecording, "stop_participant_recording", ofOne)),
		twice(listed(pauseRecording, "pause_participant_recording", ofOne)),
		twice(listed(resumeRecording, "resume_participant_recording", ofOne)),
		listed(startPlay, "start_play_audio", func(q query) named { return with(ofOne(q), named{"url": anAudio}) }),
		listed(stopPlay, "stop_play_audio", ofOne),

		present(getParticipant, "get", none),
		present(updateParticipant, "update", func(q query) named { return with(named{}, change(q)) }),
		present(kickParticipant, "kick", none),
		present(startRecording, "start_participant_recording", more),
		present(stopRecording, "stop_participant_recording", none),
		present(pauseRecording, "pause_participant_recording", none),
		present(resumeRecording, "resume_participant_recording", none),

		by(listConferences, conf+"list", none),
		by(endConferences, conf+"delete_all", none),
		by(endConferences, conf+"hangup_all", none),
		ofConference(getConference, "get")[0],
		ofConference(endConference, "delete")[0],

		by(hangUpCall, "calls.delete", func(q query) named { return named{"call_uuid": q.call} }),
		by(hangUpCall, "calls.hangup", func(q query) named { return named{"call_uuid": q.call} }),
	}
	for _, more := range [][]way{
		ofConference(endConference, "hangup"),
		inConference(hangUpMember, "member_hangup"),
		inConference(kickMember, "member_kick"),
		inConference(muteMember, "member_mute"),
		inConference(unmuteMember, "member_mute_stop"),
		inConference(deafMember, "member_deaf"),
		inConference(undeafMember, "member_deaf_stop"),
		inConference(playMember, "member_play", anAudio),
		inConference(stopPlayMember, "member_play_stop"),
		inConference(stopSpeakMember, "member_speak_stop"),
		ofConference(stopRecordConference, "record_stop"),
	} {
		ways = append(ways, more...)
	}
	// optioned gives the last step what more is asked for.
	optioned := func(w way) way {
		plain := w.steps
		w.steps = func(q query) []step {
			steps := plain(q)
			steps[len(steps)-1]["named"] = q.more
			return steps
		}
		return w
	}
	for _, w := range ofConference(recordConference, "record") {
		ways = append(ways, optioned(w))
	}
	speak := inConference(speakMember, "member_speak", aText)
	return append(ways, optioned(speak[0]), twice(speak[1]))
}

func pythonInvitation(q query) map[string]any {
	return with(with(map[string]any{}, q.more), map[string]any{
		"role": q.role, "from_": q.from, "to_": strings.Join(q.to, "<"), "call_uuid": q.call,
	})
}
