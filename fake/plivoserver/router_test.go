package plivoserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "/v1/Account/MAX"

// The split is at the slashes that came, each segment decodes to itself, nothing is cleaned.
func TestRoute(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         target // account MAX and found, where there is an operation
	}{
		{"GET", root + "/MultiPartyCall/name_a/", target{op: GetRoom, room: "name_a"}},
		{"GET", root + "/MultiPartyCall/name_a", target{op: GetRoom, room: "name_a"}},
		{"GET", root + "/MultiPartyCall/name_a%2Fb/", target{op: GetRoom, room: "name_a/b"}},
		{"GET", root + "/MultiPartyCall/name_a%2fParticipant/", target{op: GetRoom, room: "name_a/Participant"}},
		{"GET", root + "/MultiPartyCall/name_a/b/", target{}},
		{"GET", root + "/MultiPartyCall/name_a%20b/", target{op: GetRoom, room: "name_a b"}},
		{"GET", root + "/MultiPartyCall/name_a+b/", target{op: GetRoom, room: "name_a+b"}},
		{"GET", root + "/MultiPartyCall/name_%3Fx%23y%25/", target{op: GetRoom, room: "name_?x#y%"}},
		{"GET", root + "/MultiPartyCall/name_%252e%252e/", target{op: GetRoom, room: "name_%2e%2e"}},
		{"GET", root + "/MultiPartyCall/name_%00%0D%0A/", target{op: GetRoom, room: "name_\x00\r\n"}},
		{"GET", root + "/MultiPartyCall/name_%E2%82%AC%FF/", target{op: GetRoom, room: "name_€\xff"}},
		{"GET", root + "/%4DultiPartyCall/name_a/", target{op: GetRoom, room: "name_a"}},

		{"POST", root + "/MultiPartyCall/uuid_1/Record", target{op: StartRoomRecording, room: "uuid_1"}},
		{"DELETE", root + "/MultiPartyCall/uuid_1/Record/", target{op: StopRoomRecording, room: "uuid_1"}},
		{"POST", root + "/MultiPartyCall/name_a/Record/Pause/", target{op: PauseRoomRecording, room: "name_a"}},
		{"POST", root + "/MultiPartyCall/name_a/Record/Resume", target{op: ResumeRoomRecording, room: "name_a"}},
		{"POST", root + "/MultiPartyCall/name_a/Record%2FPause/", target{}},
		{"POST", root + "/MultiPartyCall/name_a/Participant/7/Record", target{op: StartParticipantRecording, room: "name_a", member: "7"}},
		{"DELETE", root + "/MultiPartyCall/name_a/Participant/7/Record/", target{op: StopParticipantRecording, room: "name_a", member: "7"}},
		{"POST", root + "/MultiPartyCall/name_a/Participant/7/Record/Pause/", target{op: PauseParticipantRecording, room: "name_a", member: "7"}},
		{"POST", root + "/MultiPartyCall/name_a/Participant/7/Record/Resume/", target{op: ResumeParticipantRecording, room: "name_a", member: "7"}},
		{"POST", root + "/MultiPartyCall/name_a/Participant//Record/", target{}},
		{"POST", root + "/MultiPartyCall/name_a/Member/all/Play/", target{op: StartPlay, room: "name_a", member: "all"}},
		{"DELETE", root + "/MultiPartyCall/name_a/Member/1,2/Play/", target{op: StopPlay, room: "name_a", member: "1,2"}},
		{"POST", root + "/MultiPartyCall/name_a/Member/7/Speak/", target{op: StartSpeak, room: "name_a", member: "7"}},
		{"DELETE", root + "/MultiPartyCall/name_a/Member/7/Speak", target{op: StopSpeak, room: "name_a", member: "7"}},
		{"POST", root + "/Conference/Record/Record/", target{op: RecordConference, room: "Record"}},
		{"DELETE", root + "/Conference/a/Record", target{op: StopRecordConference, room: "a"}},
		{"POST", root + "/Conference/a/Member/7/Play/", target{op: PlayToMember, room: "a", member: "7"}},
		{"DELETE", root + "/Conference/a/Member/7/Play/", target{op: StopPlayToMember, room: "a", member: "7"}},
		{"POST", root + "/Conference/a/Member/7/Speak/", target{op: SpeakToMember, room: "a", member: "7"}},
		{"DELETE", root + "/Conference/a/Member/7/Speak/", target{op: StopSpeakToMember, room: "a", member: "7"}},

		{"DELETE", root + "/Conference/room/Member/../", target{op: HangUpMember, room: "room", member: ".."}},
		{"DELETE", root + "/Conference/room/Member/%2e%2e/", target{op: HangUpMember, room: "room", member: ".."}},
		{"DELETE", root + "/Conference/room/Member/./", target{op: HangUpMember, room: "room", member: "."}},
		{"DELETE", root + "/Conference/room/Member/..%2F../", target{op: HangUpMember, room: "room", member: "../.."}},
		{"DELETE", root + "/Conference/room/Member/a/../", target{}},
		{"DELETE", root + "/Conference/../", target{op: EndConference, room: ".."}},
		{"DELETE", root + "/Conference/", target{op: EndConferences}},
		{"DELETE", root + "/Conference", target{op: EndConferences}},
		{"DELETE", root + "/Conference//", target{}}, // an empty name is not "all of them"
		{"DELETE", root + "//Conference/", target{}},
		{"DELETE", root + "/Conference/room//", target{}},
		{"DELETE", root + "/Conference/room/Member//", target{}},
		{"DELETE", root + "/Conference/room//Member/1/", target{}},
		{"DELETE", root + "/Conference//Member/1/", target{}},
		{"DELETE", root + "/Conference/room/Member/1//", target{}},
		{"DELETE", root + "/MultiPartyCall/name_a/Participant//", target{}},
		{"DELETE", root + "/MultiPartyCall/name_a/Participant/1,2/", target{op: KickParticipant, room: "name_a", member: "1,2"}},
		{"DELETE", root + "/Call//", target{}},
		{"DELETE", root + "/Call/x/", target{op: HangUpCall, call: "x"}},
		{"PUT", root + "/Call/x/", target{call: "x", allow: []string{"DELETE"}}},
	} {
		got := route(c.method, c.path, false)
		c.want.account = "MAX"
		c.want.found = c.want.op != "" || c.want.allow != nil
		require.Equal(t, c.want, got, "%s %s", c.method, c.path)
	}
	for _, path := range []string{"", "*", "/", "//", "/v1", "/v1/Account", "/v1/Account/", "/v1/Account//Conference/",
		"/V1/Account/MAX/Conference/", "/v2/Account/MAX/Conference/", "//v1/Account/MAX/Conference/", "/x/v1/Account/MAX/Conference/",
		"v1/Account/MAX/Conference/", "/v1/account/MAX/Conference/", "/v1/Account/MAX%2FConference%2F", "/v1%2FAccount/MAX/Conference/", "/%zz"} {
		if got := route("DELETE", path, false); path == "/v1/Account/MAX%2FConference%2F" {
			require.Equal(t, target{account: "MAX/Conference/"}, got)
		} else {
			require.Equal(t, target{}, got, path)
		}
	}
}

// The same paths in front of what normalises them.
func TestRouteWithDots(t *testing.T) {
	for path, want := range map[string]target{
		"/Conference/room/Member/../":        {op: EndConference, room: "room"},
		"/Conference/room/Member/..":         {op: EndConference, room: "room"},
		"/Conference/room/Member/%2e%2E/":    {op: EndConference, room: "room"},
		"/Conference/room/Member/1/../":      {},
		"/Conference/room/Member/../../":     {op: EndConferences},
		"/Conference/../Conference/":         {op: EndConferences},
		"/Conference/./":                     {op: EndConferences},
		"/Conference/.":                      {op: EndConferences},
		"/Conference/room/Member/..%2F../":   {op: HangUpMember, room: "room", member: "../.."},
		"/Conference/room/Member/.../":       {op: HangUpMember, room: "room", member: "..."},
		"/Conference/room/Member/1/./":       {op: HangUpMember, room: "room", member: "1"},
		"/Conference//..//":                  {},
		"/../MAX/Conference/room/":           {op: EndConference, room: "room"},
		"/../../../../v1/Account/MAX/Call/x": {op: HangUpCall, call: "x"},
	} {
		want.account, want.found = "MAX", want.op != ""
		require.Equal(t, want, route(http.MethodDelete, root+path, true), path)
	}
	for _, path := range []string{"/", "/.", "/..", "/../..", root + "/../../..", root + "/.."} {
		require.Equal(t, target{}, route(http.MethodDelete, path, true), path)
	}
}

// Whatever a path is, what the router takes out of it are the segments that a strict reading finds at
// those places, and a path built of whole segments finds its way.
func FuzzRoute(f *testing.F) {
	for _, s := range []string{"", "..", "a/b", "%2F", "all", "1,2", "name_x", "a%2e%2e%2fb", "\x00", "é", "?", "#", "//"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, path, name, member string) {
		for _, dots := range []bool{false, true} {
			if got := route(http.MethodDelete, path, dots); got.op != "" && !got.found || got.found && got.account == "" {
				t.Fatalf("%q: %+v", path, got)
			}
		}
		if got := route(http.MethodDelete, path, false); got.found {
			segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
			for _, part := range []string{got.room, got.member, got.call} {
				if part != "" && !slices.ContainsFunc(segments, func(s string) bool {
					plain, err := url.PathUnescape(s)
					return err == nil && plain == part
				}) {
					t.Fatalf("%q is no segment of %q", part, path)
				}
			}
		}

		built := root + "/Conference/" + url.PathEscape(name) + "/Member/" + url.PathEscape(member) + "/Mute/"
		want := target{account: "MAX", found: true, op: UnmuteMember, room: name, member: member}
		if name == "" || member == "" {
			want = target{account: "MAX"}
		}
		require.Equal(t, want, route(http.MethodDelete, built, false))
	})
}

func FuzzParseBody(f *testing.F) {
	for _, s := range []string{"", "null", "{}", `{"mute":"true"}`, `{"role":"agent","from":"1","to":"15550101","ring_timeout":"1<2"}`, "[", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		parsed, bad := parseBody(typeJSON, []byte(body))
		if bad != nil {
			require.Equal(t, http.StatusBadRequest, bad.status)
			return
		}
		if change, bad := parseChange(parsed); bad == nil {
			require.NotZero(t, change)
		}
		if in, bad := parseInvitation(parsed); bad == nil {
			require.True(t, (in.callUUID == "") == (len(in.to) > 0 && in.from != ""))
			require.NotEmpty(t, in.leg.Role)
		}
	})
}
