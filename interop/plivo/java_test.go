package interop_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// javaLibrary is redirected by the fields of its client's class.
func javaLibrary() *library {
	return &library{
		name: "com.plivo:plivo-java", version: "5.46.3", column: "Java", network: plivoserver.TCP,
		moved: "the protected fields of `PlivoClient`",
		start: startJava,
		ways:  javaWays(),
		adapt: func(key string, want any) any {
			if b, ok := want.(bool); ok && key == "stay_alone" { // the library has it as text
				return strconv.FormatBool(b)
			}
			return want
		},
		lacks: []string{
			listRooms + ".meta.count", listParticipants + ".meta.count", // javaCount
			startPlay + ".mpcMemberId", startPlay + ".mpcName", // javaPlay
		},
		nothing: func(string) any { return nil },
		failure: javaFailure,
		refuses: map[string]string{
			severalCustomers: "PlivoValidationException", coachAll: "PlivoValidationException",
			nothingSet: "PlivoValidationException",
		},
		textMemberID: failure{typ: "JsonMappingException", text: "Can not deserialize", defect: javaMemberID},
	}
}

func startJava(t *testing.T) (driver, missing) {
	found, lacking := tools(t, []string{"java"}, []string{"javac"}, []string{"mvn"})
	if lacking != "" {
		return nil, lacking
	}
	dir := installed(t, "java", []string{"pom.xml"}, func(dir string) *exec.Cmd {
		cmd := exec.Command(found[2], "--batch-mode", "--quiet", javaFetch, "-DoutputDirectory=lib")
		cmd.Dir = dir
		return cmd
	})
	jars := filepath.Join(dir, "lib", "*")
	out := t.TempDir()
	must(t, exec.Command(found[1], "-d", out, "-cp", jars, source(t, "java", "Driver.java")))
	return launch(t, exec.Command(found[0], "-cp", out+string(filepath.ListSeparator)+jars, "Driver")), ""
}

// javaFetch is the goal that puts a project's libraries into a folder.
const javaFetch = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

func javaFailure(a failed) failure {
	f := failure{text: a.body}
	switch a.status {
	case 400, 405:
		f.typ = "InvalidRequestException"
	case 401:
		f.typ = "AuthenticationException"
	case 403:
		f.typ, f.defect = "ResourceNotFoundException", javaForbidden
	case 404:
		f.typ = "ResourceNotFoundException"
	case 500:
		f.typ = "ServerException"
	default:
		f.typ = "PlivoRestException"
	}
	return f
}

func javaWays() []way {
	const room, participant, conference = "MultiPartyCall", "MultiPartyCallParticipant", "Conference"
	id := func(q query) string {
		if q.byUUID {
			return "uuid_" + q.uuid
		}
		return "name_" + q.name
	}
	// A static method that begins a request, what is set of it, and the method that sends it.
	by := func(op, class, method, send string, args func(q query) []any, set ...func(q query) []step) way {
		return way{op: op, name: class + "." + method, steps: func(q query) []step {
			steps := []step{{"class": class}, call(method, args(q)...)}
			for _, s := range set {
				steps = append(steps, s(q)...)
			}
			return append(steps, call(send))
		}}
	}
	ofRoom := func(q query) []any { return []any{id(q)} }
	ofOne := func(q query) []any { return []any{id(q), q.member} }
	ofName := func(q query) []any { return []any{q.name} }
	ofMember := func(q query) []any { return []any{q.name, q.member} }
	none := func(query) []any { return nil }
	// A room as a list has it, and a participant likewise.
	listed := func(op, method string, args func(q query) []any, then func(q query) []step) way {
		return way{op: op, name: "list()[0]." + method, byObject: true, steps: func(q query) []step {
			steps := []step{{"class": room}, call("lister"), call("friendlyName", q.name), call("list"),
				call("getObjects"), item(0), call(method, args(q)...)}
			if then != nil {
				steps = append(steps, then(q)...)
			}
			return steps
		}}
	}
	present := func(op, method string, args func(q query) []any, then func(q query) []step) way {
		return way{op: op, name: "participantList()[0]." + method, byObject: true, bound: true, steps: func(q query) []step {
			steps := []step{{"class": room}, call("participantList", "uuid_"+q.uuid), call("list"),
				call("getObjects"), item(0), call(method, args(q)...)}
			if then != nil {
				steps = append(steps, then(q)...)
			}
			return steps
		}}
	}
	change := func(q query) []step {
		var s []step
		for _, f := range []struct {
			name string
			on   *bool
		}{{"mute", q.mute}, {"hold", q.hold}, {"coachMode", q.coach}} {
			if f.on != nil {
				s = append(s, call(f.name, *f.on))
			}
		}
		return s
	}
	changed := func(q query) []step { return append(change(q), call("update")) }
	member := func(q query) []any { return []any{q.member} }
	invited := func(q query) []any {
		if q.call != "" {
			return []any{q.role, q.call}
		}
		return []any{q.role, q.from, q.to}
	}
	invite := func(q query) []any { return append([]any{id(q)}, invited(q)...) }
	extra := func(q query) []step {
		var s []step
		for _, k := range slices.Sorted(maps.Keys(q.more)) {
			s = append(s, call(camel(k), q.more[k]))
		}
		return s
	}
	start := func(q query) []step { return append(extra(q), call("update")) }
	onlyFor := func(q query) []step {
		if q.filter.call == "" {
			return nil
		}
		return []step{call("callUuid", q.filter.call)}
	}
	play := func(query) []step { return []step{call("url", anAudio)} }
	// The last argument of these methods is not used.
	unused := func(q query) []any { return []any{q.member} }

	return []way{
		by(listRooms, room, "lister", "list", none, javaFilter),
		by(getRoom, room, "getter", "get", ofRoom),
		by(activateRoom, room, "starter", "update", ofRoom),
		by(endRoom, room, "stopper", "delete", ofRoom),
		by(addParticipant, room, "addParticipant", "update", invite, extra),
		by(listParticipants, room, "participantList", "list", ofRoom, onlyFor),
		by(getParticipant, room, "participantGetter", "get", ofOne),
		by(getParticipant, participant, "getter", "get", ofOne),
		by(updateParticipant, room, "participantUpdater", "update", ofOne, change),
		by(updateParticipant, participant, "updater", "update", ofOne, change),
		by(kickParticipant, room, "participantKicker", "delete", ofOne),
		by(kickParticipant, participant, "kicker", "delete", ofOne),

		by(startRoomRecording, room, "recordStarter", "update", ofRoom, extra),
		by(stopRoomRecording, room, "recordStopper", "delete", ofRoom),
		by(pauseRoomRecording, room, "recordPause", "update", ofRoom),
		by(resumeRoomRecording, room, "recordResume", "update", ofRoom),
		by(startRecording, room, "participantRecordStarter", "update", ofOne, extra),
		by(stopRecording, room, "participantRecordStopper", "delete", ofOne),
		by(pauseRecording, room, "participantRecordPause", "update", ofOne),
		by(resumeRecording, room, "participantRecordResume", "update", ofOne),
		by(startRecording, participant, "recordStarter", "update", ofOne, extra),
		by(stopRecording, participant, "recordStopper", "delete", ofOne),
		by(pauseRecording, participant, "recordPause", "update", ofOne),
		by(resumeRecording, participant, "recordResume", "update", ofOne),
		by(startPlay, room, "startPlayAudio", "update", ofOne, play),
		by(stopPlay, room, "stopPlayAudio", "delete", ofOne),

		listed(getRoom, "get", none, nil),
		listed(activateRoom, "start", none, nil),
		listed(endRoom, "stop", none, nil),
		listed(addParticipant, "addParticipant", invited, start),
		listed(listParticipants, "participantList", none, func(q query) []step { return append(onlyFor(q), call("list")) }),
		listed(getParticipant, "participantGet", member, nil),
		listed(updateParticipant, "participantUpdate", member, changed),
		listed(kickParticipant, "participantKick", member, nil),
		listed(startRoomRecording, "recordStarter", none, start),
		listed(stopRoomRecording, "recordStop", none, nil),
		listed(pauseRoomRecording, "recordPause", none, nil),
		listed(resumeRoomRecording, "recordResume", none, nil),
		listed(startRecording, "participantRecordStarter", member, start),
		listed(stopRecording, "participantRecordStop", member, nil),
		listed(pauseRecording, "participantRecordPause", member, nil),
		pausing(listed(resumeRecording, "participantRecordResume", member, nil)),

		present(getParticipant, "get", none, nil),
		present(updateParticipant, "update", none, changed),
		present(kickParticipant, "kick", none, nil),
		present(startRecording, "recordStarter", unused, start),
		present(stopRecording, "recordStop", unused, nil),
		present(pauseRecording, "recordPause", unused, nil),
		pausing(present(resumeRecording, "recordResume", unused, nil)),

		by(listConferences, conference, "listGetter", "get", none),
		by(endConferences, conference, "allDeleter", "delete", none),
		by(getConference, conference, "getter", "get", ofName),
		by(endConference, conference, "deleter", "delete", ofName),
		by(hangUpMember, conference, "memberHangupper", "hangup", ofMember),
		by(kickMember, conference, "memberKicker", "kick", ofMember),
		by(muteMember, conference, "memberMuter", "mute", ofMember),
		by(unmuteMember, conference, "memberMuteStopper", "stop", ofMember),
		by(deafMember, conference, "memberDeafer", "deaf", ofMember),
		by(undeafMember, conference, "memberDeafStopper", "stop", ofMember),
		by(playMember, conference, "memberPlayer", "play", func(q query) []any { return append(ofMember(q), anAudio) }),
		by(stopPlayMember, conference, "memberPlayStopper", "stop", ofMember),
		by(speakMember, conference, "memberSpeaker", "speak", func(q query) []any { return append(ofMember(q), aText) }, extra),
		by(stopSpeakMember, conference, "memberSpeakStopper", "stop", ofMember),
		by(recordConference, conference, "recorder", "record", ofName, extra),
		by(stopRecordConference, conference, "recordStopper", "stop", ofName),

		got(endConference, "deleter", "delete", nil),
		got(recordConference, "recorder", "record", extra),
		got(stopRecordConference, "recordStopper", "stop", nil),

		by(hangUpCall, "Call", "deleter", "delete", func(q query) []any { return []any{q.call} }),
	}
}

// got is a method of a conference as it was read.
func got(op, method, send string, set func(q query) []step) way {
	return way{op: op, name: "get()." + method, byObject: true, steps: func(q query) []step {
		steps := []step{{"class": "Conference"}, call("getter", q.name), call("get"), call(method)}
		if set != nil {
			steps = append(steps, set(q)...)
		}
		return append(steps, call(send))
	}}
}

// pausing marks the helpers that pause where they should resume.
func pausing(w way) way {
	w.instead = &instead{op: pauseRecording, defect: javaResume}
	return w
}

func javaFilter(q query) []step {
	f := q.filter
	var s []step
	for _, x := range []struct {
		method, text string
		number       int
		after        string
	}{
		{method: "friendlyName", text: f.name}, {method: "status", text: f.status},
		{method: "terminationCauseCode", number: f.code},
		{method: "endTime", after: f.ended}, {method: "creationTime", after: f.created},
		{method: "limit", number: f.limit}, {method: "offset", number: f.offset},
	} {
		switch {
		case x.text != "":
			s = append(s, call(x.method, x.text))
		case x.number != 0:
			s = append(s, call(x.method, x.number))
		case x.after != "":
			s = append(s, call(x.method, map[string]any{"gt": x.after}))
		}
	}
	return s
}
