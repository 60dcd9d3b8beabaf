package plivoserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A pattern is a resource below /v1/Account/{auth_id}/. A segment in braces stands for any one
// segment that is not empty.
type pattern struct {
	segments []string
	methods  map[string]Operation
}

const (
	varRoom   = "{room}"
	varMember = "{member}"
	varCall   = "{call}"
)

// patterns is every resource that is served. Source: "Multiparty Calls", "Conference API", and for
// the last one "Hangup a call".
var patterns = []pattern{
	{[]string{"MultiPartyCall"}, map[string]Operation{http.MethodGet: ListRooms}},
	{[]string{"MultiPartyCall", varRoom}, map[string]Operation{
		http.MethodGet: GetRoom, http.MethodPost: ActivateRoom, http.MethodDelete: EndRoom}},
	{[]string{"MultiPartyCall", varRoom, "Participant"}, map[string]Operation{
		http.MethodGet: ListParticipants, http.MethodPost: AddParticipant}},
	{[]string{"MultiPartyCall", varRoom, "Participant", varMember}, map[string]Operation{
		http.MethodGet: GetParticipant, http.MethodPost: UpdateParticipant, http.MethodDelete: KickParticipant}},
	{[]string{"MultiPartyCall", varRoom, "Record"}, map[string]Operation{
		http.MethodPost: StartRoomRecording, http.MethodDelete: StopRoomRecording}},
	{[]string{"MultiPartyCall", varRoom, "Record", "Pause"}, map[string]Operation{
		http.MethodPost: PauseRoomRecording}},
	{[]string{"MultiPartyCall", varRoom, "Record", "Resume"}, map[string]Operation{
		http.MethodPost: ResumeRoomRecording}},
	{[]string{"MultiPartyCall", varRoom, "Participant", varMember, "Record"}, map[string]Operation{
		http.MethodPost: StartParticipantRecording, http.MethodDelete: StopParticipantRecording}},
	{[]string{"MultiPartyCall", varRoom, "Participant", varMember, "Record", "Pause"}, map[string]Operation{
		http.MethodPost: PauseParticipantRecording}},
	{[]string{"MultiPartyCall", varRoom, "Participant", varMember, "Record", "Resume"}, map[string]Operation{
		http.MethodPost: ResumeParticipantRecording}},
	{[]string{"MultiPartyCall", varRoom, "Member", varMember, "Play"}, map[string]Operation{
		http.MethodPost: StartPlay, http.MethodDelete: StopPlay}},
	{[]string{"MultiPartyCall", varRoom, "Member", varMember, "Speak"}, map[string]Operation{
		http.MethodPost: StartSpeak, http.MethodDelete: StopSpeak}},
	{[]string{"Conference"}, map[string]Operation{
		http.MethodGet: ListConferences, http.MethodDelete: EndConferences}},
	{[]string{"Conference", varRoom}, map[string]Operation{
		http.MethodGet: GetConference, http.MethodDelete: EndConference}},
	{[]string{"Conference", varRoom, "Member", varMember}, map[string]Operation{
		http.MethodDelete: HangUpMember}},
	{[]string{"Conference", varRoom, "Member", varMember, "Kick"}, map[string]Operation{
		http.MethodPost: KickMember}},
	{[]string{"Conference", varRoom, "Member", varMember, "Mute"}, map[string]Operation{
		http.MethodPost: MuteMember, http.MethodDelete: UnmuteMember}},
	{[]string{"Conference", varRoom, "Member", varMember, "Deaf"}, map[string]Operation{
		http.MethodPost: DeafMember, http.MethodDelete: UndeafMember}},
	{[]string{"Conference", varRoom, "Member", varMember, "Play"}, map[string]Operation{
		http.MethodPost: PlayToMember, http.MethodDelete: StopPlayToMember}},
	{[]string{"Conference", varRoom, "Member", varMember, "Speak"}, map[string]Operation{
		http.MethodPost: SpeakToMember, http.MethodDelete: StopSpeakToMember}},
	{[]string{"Conference", varRoom, "Record"}, map[string]Operation{
		http.MethodPost: RecordConference, http.MethodDelete: StopRecordConference}},
	{[]string{"Call", varCall}, map[string]Operation{http.MethodDelete: HangUpCall}},
}

// A target is where a request goes.
type target struct {
	account string // the auth id in the path; empty where the path is not below one
	found   bool   // the path names a resource
	op      Operation
	allow   []string // of the resource, where it does not know the method
	room    string   // as in the path: with its prefix, or a conference's name
	member  string
	call    string
}

// route finds the resource that a method and an escaped path ask for. The path is split at its
// slashes as it stands and each segment is unescaped by itself, so %2F never splits a segment. An
// empty segment is a segment, and no resource has one, but for a single one at the end, since
// clients may leave out the closing slash. With dots, a segment "." is dropped and a segment ".."
// drops the one before it, however they are escaped; without, they are segments like any other.
func route(method, escapedPath string, dots bool) target {
	segments, ok := split(escapedPath, dots)
	if !ok || len(segments) < 3 || segments[0] != "v1" || segments[1] != "Account" || segments[2] == "" {
		return target{}
	}
	t := target{account: segments[2]}
	for _, p := range patterns {
		if !p.match(segments[3:], &t) {
			continue
		}
		t.found = true
		if t.op, ok = p.methods[method]; !ok {
			for m := range p.methods {
				t.allow = append(t.allow, m)
			}
			slices.Sort(t.allow)
		}
		return t
	}
	return t
}

// match reports whether the segments are this resource's, and if so notes the variable ones in t.
func (p pattern) match(segments []string, t *target) bool {
	if len(segments) != len(p.segments) {
		return false
	}
	for i, want := range p.segments {
		if want[0] == '{' && segments[i] == "" || want[0] != '{' && segments[i] != want {
			return false
		}
	}
	for i, want := range p.segments {
		switch want {
		case varRoom:
			t.room = segments[i]
		case varMember:
			t.member = segments[i]
		case varCall:
			t.call = segments[i]
		}
	}
	return true
}

// split returns the unescaped segments of a path without the empty one that a closing slash leaves.
func split(escapedPath string, dots bool) ([]string, bool) {
	rest, ok := strings.CutPrefix(escapedPath, "/")
	if !ok {
		return nil, false
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments[i] = plain
	}
	if dots {
		segments = resolve(segments)
	}
	if n := len(segments); segments[n-1] == "" {
		segments = segments[:n-1]
	}
	return segments, true
}

// resolve drops dot segments as RFC 3986, section 5.2.4, has it. The result is never empty.
func resolve(segments []string) []string {
	out := make([]string, 0, len(segments)+1)
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, s)
			continue
		}
		if last { // "a/.." is the directory above: it ends in a slash
			out = append(out, "")
		}
	}
	return out
}
