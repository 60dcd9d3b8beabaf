package interop_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// nodeLibrary insists on https, and is redirected through the agent of its HTTP client.
func nodeLibrary() *library {
	return &library{
		name: "plivo (npm)", version: "4.79.0", column: "Node", network: plivoserver.TLS,
		moved: "the default `https` agent of its HTTP client, which connects to the fake server and trusts its certificate",
		start: startNode,
		ways:  nodeWays(),
		// Joins a prefix and a name, for the other methods.
		helpers: []string{"MultiPartyCallInterface.makeMpcId"},
		keys:    snake,
		nothing: func(op string) any {
			switch op {
			case endRoom, endConference, hangUpCall:
				return true
			}
			return map[string]any{}
		},
		failure: nodeFailure,
		refuses: map[string]string{severalCustomers: "Error"},
	}
}

func startNode(t *testing.T) (driver, missing) {
	found, lacking := tools(t, []string{"node"}, []string{"npm"})
	if lacking != "" {
		return nil, lacking
	}
	dir := installed(t, "node", []string{"package.json", "package-lock.json", ".npmrc"}, func(dir string) *exec.Cmd {
		cmd := exec.Command(found[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		cmd.Dir = dir
		return cmd
	})
	cmd := exec.Command(found[0], "--no-deprecation", source(t, "node", "driver.js"))
	cmd.Env = append(os.Environ(), "INTEROP_INSTALLED="+dir)
	return launch(t, cmd), ""
}

// nodeFailure: the classes of errors are lost, and the text with some of them.
func nodeFailure(a failed) failure {
	f := failure{typ: "Error", text: a.text, status: a.status, defect: nodePlainErrors}
	if a.plain && a.status >= 500 {
		return f
	}
	switch a.status {
	case 400, 401, 404, 405, 406, 409, 422, 500:
		return f
	}
	return failure{typ: "Error", text: "Request failed with status code " + strconv.Itoa(a.status), defect: nodePlainErrors}
}

func nodeWays() []way {
	const mpc, conf = "multiPartyCalls.", "conferences."
	room := func(q query) map[string]any { return q.object("uuid", "friendlyName") }
	by := func(op, method string, args func(q query) []any) way {
		return way{op: op, name: method, steps: func(q query) []step { return []step{call(method, args(q)...)} }}
	}
	ofRoom := func(op, method string, more ...map[string]any) way {
		return by(op, mpc+method, func(q query) []any {
			o := room(q)
			for _, m := range more {
				with(o, m)
			}
			return []any{o}
		})
	}
	ofMember := func(op, method string) way {
		return by(op, mpc+method, func(q query) []any { return []any{q.member, room(q)} })
	}
	ofConference := func(op, method string) way {
		return by(op, conf+method, func(q query) []any { return []any{q.name} })
	}
	inConference := func(op, method string, more ...any) way {
		return by(op, conf+method, func(q query) []any { return append([]any{q.name, q.member}, more...) })
	}
	ofAll := func(op, method string) way {
		return by(op, conf+method, func(query) []any { return nil })
	}
	// The objects that list returns ask for the uuid of their room without the prefix that the path
	// needs, and find nothing.
	listed := func(op, method string, args func(q query) []any) way {
		return way{
			op: op, name: "list()[0]." + method, byObject: true,
			steps: func(q query) []step {
				return []step{call(mpc+"list", map[string]any{"friendlyName": q.name}), item(0), call(method, args(q)...)}
			},
			broken: &broken{defect: nodeListedRooms, typ: "Error", text: "not found", sends: true},
		}
	}
	none := func(query) []any { return nil }
	more := func(q query) map[string]any { return rename(q.more, camel) }
	return []way{
		by(listRooms, mpc+"list", func(q query) []any {
			f := q.filter
			return []any{with(map[string]any{}, map[string]any{
				"friendlyName": f.name, "status": f.status, "terminationCauseCode": f.code, "limit": f.limit,
				"offset": f.offset, "end_time__gt": f.ended, "creation_time__gt": f.created,
			})}
		}),
		ofRoom(getRoom, "get"),
		ofRoom(activateRoom, "start", map[string]any{"status": "active"}),
		ofRoom(endRoom, "stop"),
		by(addParticipant, mpc+"addParticipant", func(q query) []any {
			return []any{q.role, with(room(q), nodeInvitation(q))}
		}),
		by(listParticipants, mpc+"listParticipants", func(q query) []any {
			return []any{with(room(q), map[string]any{"callUuid": q.filter.call})}
		}),
		ofMember(getParticipant, "getParticipant"),
		by(updateParticipant, mpc+"updateParticipant", func(q query) []any {
			return []any{q.member, with(room(q), map[string]any{"mute": q.mute, "hold": q.hold, "coachMode": q.coach})}
		}),
		ofMember(kickParticipant, "kickParticipant"),

		by(startRoomRecording, mpc+"startRecording", func(q query) []any { return []any{with(room(q), more(q))} }),
		ofRoom(stopRoomRecording, "stopRecording"),
		ofRoom(pauseRoomRecording, "pauseRecording"),
		ofRoom(resumeRoomRecording, "resumeRecording"),
		by(startRecording, mpc+"startParticipantRecording", func(q query) []any {
			return []any{q.member, with(room(q), more(q))}
		}),
		ofMember(stopRecording, "stopParticipantRecording"),
		ofMember(pauseRecording, "pauseParticipantRecording"),
		ofMember(resumeRecording, "resumeParticipantRecording"),
		by(startPlay, mpc+"startPlayAudio", func(q query) []any { return []any{q.member, anAudio, room(q)} }),
		ofMember(stopPlay, "stopPlayAudio"),

		listed(getRoom, "get", none),
		listed(addParticipant, "addParticipant", func(q query) []any {
			return []any{with(nodeInvitation(q), map[string]any{"role": q.role})}
		}),
		listed(activateRoom, "start", func(query) []any { return []any{map[string]any{"status": "active"}} }),
		listed(endRoom, "stop", none),
		listed(listParticipants, "listParticipants", none),
		listed(startRoomRecording, "startRecording", none),
		listed(stopRoomRecording, "stopRecording", none),
		listed(pauseRoomRecording, "pauseRecording", none),
		listed(resumeRoomRecording, "resumeRecording", none),

		ofAll(listConferences, "list"),
		ofAll(endConferences, "hangupAll"),
		ofConference(getConference, "get"),
		ofConference(endConference, "hangup"),
		inConference(hangUpMember, "hangupMember"),
		inConference(kickMember, "kickMember"),
		inConference(muteMember, "muteMember"),
		inConference(unmuteMember, "unmuteMember"),
		inConference(deafMember, "deafMember"),
		inConference(undeafMember, "undeafMember"),
		inConference(playMember, "playAudioToMember", anAudio),
		inConference(stopPlayMember, "stopPlayingAudioToMember"),
		by(speakMember, conf+"speakTextToMember", func(q query) []any { return []any{q.name, q.member, aText, more(q)} }),
		inConference(stopSpeakMember, "stopSpeakingTextToMember"),
		by(recordConference, conf+"startRecording", func(q query) []any { return []any{q.name, more(q)} }),
		by(recordConference, conf+"record", func(q query) []any { return []any{q.name, more(q)} }),
		ofConference(stopRecordConference, "stopRecording"),

		by(hangUpCall, "calls.hangup", func(q query) []any { return []any{q.call} }),
	}
}

func nodeInvitation(q query) map[string]any {
	return with(rename(q.more, camel), map[string]any{
		"from": q.from, "to": strings.Join(q.to, "<"), "callUuid": q.call,
	})
}

// snake is a name in camelCase as the vendor writes it.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// camel is the reverse of snake.
func camel(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
