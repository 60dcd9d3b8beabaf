package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/plivo/plivo-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// goLibrary is called directly.
func goLibrary() *library {
	return &library{
		name: "github.com/plivo/plivo-go/v7", version: "v7.60.2", column: "Go", network: plivoserver.TLS,
		moved:  "a `RoundTripper` that changes the host of each request",
		start:  func(*testing.T) (driver, missing) { return &goDriver{}, "" },
		ways:   goWays(),
		zeroes: true,
		lacks:  []string{getRoom + ".api_id", getParticipant + ".api_id", getConference + ".api_id", recordConference + ".api_id", recordConference + ".recording_id"},
		nothing: func(op string) any {
			switch op {
			case hangUpMember, kickMember, muteMember, unmuteMember, deafMember, undeafMember,
				playMember, stopPlayMember, speakMember, stopSpeakMember:
				return map[string]any{"api_id": "", "message": "", "member_id": nil}
			}
			return nil
		},
		textMemberID: failure{typ: "*json.UnmarshalTypeError", text: "member_id", defect: goMemberID},
		failure: func(a failed) failure {
			switch {
			case a.body == "":
				return failure{ok: true, defect: goEmptyBody}
			case a.status >= 500:
				return failure{ok: true, defect: goServerError}
			}
			return failure{typ: "*errors.errorString", text: a.body}
		},
	}
}

// goDriver calls plivo-go in this process.
type goDriver struct{ client *plivo.Client }

// moved sends every request to one server. The library writes the vendor's host into each URL just
// before it is sent, so that its base URL cannot be set.
type moved struct {
	to   *url.URL
	next http.RoundTripper
}

func (m moved) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = m.to.Scheme, m.to.Host, m.to.Host
	return m.next.RoundTrip(r)
}

func (d *goDriver) redirect(t *testing.T, to *plivoserver.Endpoint, id, token string) string {
	t.Helper()
	u, err := url.Parse(to.URL())
	require.NoError(t, err)
	d.client, err = plivo.NewClient(id, token, &plivo.ClientOptions{
		HttpClient: &http.Client{Transport: moved{u, to.Transport()}},
	})
	require.NoError(t, err)
	// The library tells its version to servers only.
	r, err := d.client.NewRequest(http.MethodGet, nil, "Conference")
	require.NoError(t, err)
	version, _, _ := strings.Cut(strings.TrimPrefix(r.UserAgent(), "plivo-go/"), " ")
	return "v" + version
}

func (d *goDriver) services() map[string]reflect.Value {
	return map[string]reflect.Value{
		"MultiPartyCall": reflect.ValueOf(d.client.MultiPartyCall),
		"Conferences":    reflect.ValueOf(d.client.Conferences),
		"Calls":          reflect.ValueOf(d.client.Calls),
	}
}

func (d *goDriver) surface(*testing.T) []string {
	var all []string
	for name, service := range d.services() {
		if name == "Calls" {
			continue // of which one method is needed
		}
		for i := range service.NumMethod() {
			all = append(all, name+"."+service.Type().Method(i).Name)
		}
	}
	return all
}

func (d *goDriver) ask(t *testing.T, steps []step) reply {
	t.Helper()
	require.Len(t, steps, 1)
	name, _ := steps[0]["call"].(string)
	args, _ := steps[0]["args"].([]any)
	service, method, _ := strings.Cut(name, ".")
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
	}
	out := d.services()[service].MethodByName(method).Call(in)
	r := reply{OK: true, Methods: []string{name}}
	if err, _ := out[len(out)-1].Interface().(error); err != nil {
		return reply{Type: fmt.Sprintf("%T", err), Error: err.Error(), Methods: r.Methods}
	}
	if len(out) == 2 {
		r.Result = dump(t, out[0])
	}
	return r
}

// signatures takes the first value of a key: the library has no place for more.
func (d *goDriver) signatures(_ *testing.T, asks []check) []verdict {
	verdicts := make([]verdict, len(asks))
	for i, a := range asks {
		form := map[string]string{}
		for _, p := range a.Form {
			if _, there := form[p[0]]; !there {
				form[p[0]] = p[1]
			}
		}
		v := &verdicts[i]
		if a.Scheme == schemeV2 {
			v.Made = plivo.ComputeSignatureV2(a.Token, a.URL, a.Nonce)
			v.Valid = plivo.ValidateSignatureV2(a.URL, a.Nonce, a.Header, a.Token)
			continue
		}
		v.Made = plivo.ComputeSignatureV3(a.Token, a.URL, a.Method, a.Nonce, form)
		v.Valid = plivo.ValidateSignatureV3(a.URL, a.Nonce, a.Method, a.Header, a.Token, form)
	}
	return verdicts
}

func (d *goDriver) listen(t *testing.T, origin, token string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := map[string]string{}
		if r.ParseForm() == nil {
			for key := range r.PostForm {
				form[key] = r.PostForm.Get(key)
			}
		}
		valid := plivo.ValidateSignatureV3(origin+r.RequestURI, r.Header.Get("X-Plivo-Signature-V3-Nonce"), r.Method,
			r.Header.Get("X-Plivo-Signature-V3"), token, form)
		if !valid {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// dump is a decoded struct with all its fields, those that the library's tags leave out included.
func dump(t *testing.T, v reflect.Value) any {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return dump(t, v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = dump(t, v.Index(i))
		}
		return list
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous:
				for k, x := range dump(t, v.Field(i)).(map[string]any) {
					fields[k] = x
				}
				continue
			case name == "":
				name = strings.ToLower(f.Name)
			}
			fields[name] = dump(t, v.Field(i))
		}
		return fields
	}
	b, err := json.Marshal(v.Interface())
	require.NoError(t, err)
	var x any
	require.NoError(t, json.Unmarshal(b, &x))
	return x
}

func goWays() []way {
	room := func(q query) plivo.MultiPartyCallBasicParams {
		if q.byUUID {
			return plivo.MultiPartyCallBasicParams{MpcUuid: q.uuid}
		}
		return plivo.MultiPartyCallBasicParams{FriendlyName: q.name}
	}
	member := func(q query) plivo.MultiPartyCallParticipantParams {
		r := room(q)
		return plivo.MultiPartyCallParticipantParams{MpcUuid: r.MpcUuid, FriendlyName: r.FriendlyName, ParticipantId: q.member}
	}
	by := func(op, method string, args func(q query) []any) way {
		return way{op: op, name: method, steps: func(q query) []step { return []step{call(method, args(q)...)} }}
	}
	ofRoom := func(op, method string) way {
		return by(op, "MultiPartyCall."+method, func(q query) []any { return []any{room(q)} })
	}
	ofMember := func(op, method string) way {
		return by(op, "MultiPartyCall."+method, func(q query) []any { return []any{member(q)} })
	}
	ofConference := func(op, method string) way {
		return by(op, "Conferences."+method, func(q query) []any { return []any{q.name} })
	}
	inConference := func(op, method string) way {
		return by(op, "Conferences."+method, func(q query) []any { return []any{q.name, q.member} })
	}
	return []way{
		by(listRooms, "MultiPartyCall.List", func(q query) []any {
			f := q.filter
			return []any{plivo.MultiPartyCallListParams{
				FriendlyName: f.name, Status: f.status, TerminationCauseCode: int64(f.code),
				EndTimeGt: f.ended, CreationTimeGt: f.created, Limit: int64(f.limit), Offset: int64(f.offset),
			}}
		}),
		ofRoom(getRoom, "Get"),
		ofRoom(activateRoom, "Start"),
		ofRoom(endRoom, "Stop"),
		by(addParticipant, "MultiPartyCall.AddParticipant", func(q query) []any { return []any{room(q), goInvitation(q)} }),
		by(listParticipants, "MultiPartyCall.ListParticipants", func(q query) []any {
			return []any{room(q), plivo.MultiPartyCallListParticipantParams{CallUuid: q.filter.call}}
		}),
		ofMember(getParticipant, "GetParticipant"),
		by(updateParticipant, "MultiPartyCall.UpdateParticipant", func(q query) []any {
			return []any{member(q), plivo.MultiPartyCallUpdateParticipantParams{CoachMode: q.coach, Mute: q.mute, Hold: q.hold}}
		}),
		ofMember(kickParticipant, "KickParticipant"),

		by(startRoomRecording, "MultiPartyCall.StartRecording", func(q query) []any {
			return []any{room(q), asked[plivo.MultiPartyCallStartRecordingParams](q)}
		}),
		ofRoom(stopRoomRecording, "StopRecording"),
		ofRoom(pauseRoomRecording, "PauseRecording"),
		ofRoom(resumeRoomRecording, "ResumeRecording"),
		by(startRecording, "MultiPartyCall.StartParticipantRecording", func(q query) []any {
			return []any{member(q), asked[plivo.MultiPartyCallStartRecordingParams](q)}
		}),
		ofMember(stopRecording, "StopParticipantRecording"),
		ofMember(pauseRecording, "PauseParticipantRecording"),
		ofMember(resumeRecording, "ResumeParticipantRecording"),
		by(startPlay, "MultiPartyCall.StartPlayAudio", func(q query) []any {
			return []any{member(q), plivo.MultiPartyCallAudioParams{Url: anAudio}}
		}),
		ofMember(stopPlay, "StopPlayAudio"),
		by(startSpeak, "MultiPartyCall.StartSpeak", func(q query) []any {
			p := asked[plivo.MultiPartyCallSpeakParams](q)
			p.Text = aText
			return []any{member(q), p}
		}),
		ofMember(stopSpeak, "StopSpeak"),

		by(listConferences, "Conferences.IDList", func(query) []any { return nil }),
		by(endConferences, "Conferences.DeleteAll", func(query) []any { return nil }),
		ofConference(getConference, "Get"),
		ofConference(endConference, "Delete"),
		inConference(hangUpMember, "MemberHangup"),
		inConference(kickMember, "MemberKick"),
		inConference(muteMember, "MemberMute"),
		inConference(unmuteMember, "MemberUnmute"),
		inConference(deafMember, "MemberDeaf"),
		inConference(undeafMember, "MemberUndeaf"),
		by(playMember, "Conferences.MemberPlay", func(q query) []any { return []any{q.name, q.member, anAudio} }),
		inConference(stopPlayMember, "MemberPlayStop"),
		by(speakMember, "Conferences.MemberSpeak", func(q query) []any {
			p := asked[plivo.ConferenceMemberSpeakParams](q)
			p.Text = aText
			return []any{q.name, q.member, p}
		}),
		inConference(stopSpeakMember, "MemberSpeakStop"),
		by(recordConference, "Conferences.Record", func(q query) []any { return []any{q.name, asked[plivo.ConferenceRecordParams](q)} }),
		ofConference(stopRecordConference, "RecordStop"),

		by(hangUpCall, "Calls.Delete", func(q query) []any { return []any{q.call} }),
	}
}

func goInvitation(q query) plivo.MultiPartyCallAddParticipantParams {
	p := asked[plivo.MultiPartyCallAddParticipantParams](q)
	p.Role, p.From, p.To, p.CallUuid = q.role, q.from, strings.Join(q.to, "<"), q.call
	return p
}

// asked is what is asked for beside the rest, by the names on the wire, which the tags of the fields
// have.
func asked[P any](q query) (p P) {
	b, err := json.Marshal(q.more)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		panic(err)
	}
	return p
}
