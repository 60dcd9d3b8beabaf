package plivo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

var hostileURLs = []string{
	"http://hooks.example.net/x", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
	"https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://192.168.1.1/",
	"https://localhost/", "https://LOCALHOST/", "https://a.localhost/", "https://printer.local/", "https://db.internal/", "https://host/",
	"https://a@b.example/", "https://a:b@c.example/", "https:///x", "https:x", "//hooks.example.net/x", "hooks.example.net", "ftp://hooks.example.net/",
	"javascript:alert(1)", "https://hooks.example.net/a b", "https://hooks.example.net/\r\nX", "https://hooks.example.net/\x00", "https://exa mple.net/",
	"https://1.2.3.4.5/", "https://hooks.example.net:99999999/", "https://%41.example.net/", "https://.../", "https://hooks.example.1/",
	"https://" + strings.Repeat("a", 2048) + ".example.net/", "file:///etc/passwd", "https://?x", "https://#x", "https://[fe80::1%25eth0]/", "https://1.0.0.127.in-addr.arpa/",
}

func TestAddressesThatPlivoIsNotSentTo(t *testing.T) {
	for _, s := range hostileURLs {
		require.False(t, plivo.CallbackURL(s, false), s)
	}
	for _, s := range []string{
		"https://hooks.example.net", "https://hooks.example.net/plivo/mpc?tenant=t9&b=1", "https://hooks.example.net:8443/x",
		"https://hooks.example.net/cb#ct=1500&rt=5000&rc=2&rp=ct,rt,5xx", "HTTPS://Hooks.Example.NET./x", "https://3com.example/x",
	} {
		require.True(t, plivo.CallbackURL(s, false), s)
	}
	// With a provider on this machine its callbacks come from it.
	require.True(t, plivo.CallbackURL("http://127.0.0.1:8080/x", true))
	require.False(t, plivo.CallbackURL("http://a:b@127.0.0.1/x", true))
	require.False(t, plivo.CallbackURL("ftp://127.0.0.1/x", true))
}

const hook = "https://hooks.example.net/x"

// Plivo's page "Add a participant" and multipartycall.go of plivo-go: every parameter.
func TestEveryParameterOfAnInvitation(t *testing.T) {
	cb := plivo.Callback{URL: hook, Method: "get"}
	i := plivo.Invitation{
		Role: "Agent", From: "15550100", To: []string{"15550101", "sip:desk7@phone.example.test"},
		CallerName: "Jöe", CallStatus: cb, SIPHeaders: map[string]string{"b": "2", "a": "1"}, ConfirmKey: "#", ConfirmKeySound: cb,
		DialMusic: "Real", RingTimeout: []time.Duration{30 * time.Second, 45 * time.Second}, DelayDial: []time.Duration{0},
		SendDigits: "ww12#", SendOnPreanswer: cc.On, TranscriptionURL: hook, Transcript: cc.Off,
		Mute: cc.Off, Hold: cc.On, CoachMode: cc.Off, StartMPCOnEnter: cc.Off, EndMPCOnExit: cc.On, RelayDTMFInputs: cc.On,
		RecordParticipantTrack: cc.On, EnterSound: plivo.Callback{URL: "beep:1"}, ExitSound: cb, OnExitAction: cb,
		MaxDuration: time.Hour, MaxParticipants: 5, RecordMinMemberCount: 2, StayAlone: cc.On, CreateMPCWithSingleParticipant: cc.Off,
		WaitMusic: cb, AgentHoldMusic: cb, CustomerHoldMusic: cb, Record: cc.Off, RecordFileFormat: "WAV", RecordingCallback: cb,
		StartRecordingAudio: cb, StopRecordingAudio: cb, StatusCallback: plivo.Callback{URL: hook},
		StatusCallbackEvents: []string{"mpc-state-changes", "participant-speak-events"},
		AgentHoldMusicWord:   "x", CustomerHoldMusicWord: "y",
	}
	body, err := i.Body(false)
	require.NoError(t, err)
	got, err := json.Marshal(body)
	require.NoError(t, err)
	require.JSONEq(t, `{"role":"agent","from":"15550100","to":"15550101<sip:desk7@phone.example.test","caller_name":"Jöe",
		"call_status_callback_url":"`+hook+`","call_status_callback_method":"GET","sip_headers":"a=1,b=2","confirm_key":"#",
		"confirm_key_sound_url":"`+hook+`","confirm_key_sound_method":"GET","dial_music":"real","ring_timeout":"30<45","delay_dial":0,
		"send_digits":"ww12#","send_on_preanswer":true,"transcription_url":"`+hook+`","transcript":false,
		"mute":false,"hold":true,"coach_mode":false,"start_mpc_on_enter":false,"end_mpc_on_exit":true,"relay_dtmf_inputs":true,
		"record_participant_track":true,"enter_sound":"beep:1","exit_sound":"`+hook+`","exit_sound_method":"GET",
		"on_exit_action_url":"`+hook+`","on_exit_action_method":"GET","max_duration":3600,"max_participants":5,
		"record_min_member_count":2,"stay_alone":true,"create_mpc_with_single_participant":false,
		"wait_music_url":"`+hook+`","wait_music_method":"GET","agent_hold_music_url":"`+hook+`","agent_hold_music_method":"GET",
		"customer_hold_music_url":"`+hook+`","customer_hold_music_method":"GET","record":false,"record_file_format":"wav",
		"recording_callback_url":"`+hook+`","recording_callback_method":"GET","start_recording_audio":"`+hook+`",
		"start_recording_audio_method":"GET","stop_recording_audio":"`+hook+`","stop_recording_audio_method":"GET",
		"status_callback_url":"`+hook+`","status_callback_method":"POST",
		"status_callback_events":"mpc-state-changes,participant-speak-events","agent_hold_music":"x","customer_hold_music":"y"}`, string(got))
}

func TestWhatIsNotGivenIsNotSent(t *testing.T) {
	body, err := plivo.Invitation{Role: cc.RoleCustomer, CallUUID: "c-1"}.Body(false)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"role": "customer", "call_uuid": "c-1"}, body)
}

// The rules that Plivo's client libraries enforce before they send.
func TestInvitationsThatPlivoWouldRefuse(t *testing.T) {
	many := make([]string, 21)
	for i := range many {
		many[i] = "15550101"
	}
	for name, change := range map[string]func(*plivo.Invitation){
		"role":                     func(i *plivo.Invitation) { i.Role = "" },
		"role ":                    func(i *plivo.Invitation) { i.Role = "guest" },
		"from, to":                 func(i *plivo.Invitation) { i.From = "" },
		"from, to ":                func(i *plivo.Invitation) { i.To = nil },
		"from, to  ":               func(i *plivo.Invitation) { i.From, i.To = "", nil },
		"call_uuid":                func(i *plivo.Invitation) { i.CallUUID = "c-1" },
		"call_uuid ":               func(i *plivo.Invitation) { i.From, i.To, i.CallUUID = "", nil, "a/b" },
		"to":                       func(i *plivo.Invitation) { i.To = many },
		"to ":                      func(i *plivo.Invitation) { i.Role, i.To = cc.RoleCustomer, []string{"1", "2"} },
		"to  ":                     func(i *plivo.Invitation) { i.To = []string{"1<2"} },
		"to   ":                    func(i *plivo.Invitation) { i.To = []string{""} },
		"from":                     func(i *plivo.Invitation) { i.From = "1 2" },
		"caller_name":              func(i *plivo.Invitation) { i.CallerName = strings.Repeat("ä", 51) },
		"caller_name ":             func(i *plivo.Invitation) { i.CallerName = "a\nb" },
		"confirm_key":              func(i *plivo.Invitation) { i.ConfirmKey = "10" },
		"confirm_key ":             func(i *plivo.Invitation) { i.ConfirmKey = "x" },
		"dial_music":               func(i *plivo.Invitation) { i.DialMusic = "loud" },
		"ring_timeout":             func(i *plivo.Invitation) { i.RingTimeout = []time.Duration{time.Millisecond} },
		"delay_dial":               func(i *plivo.Invitation) { i.DelayDial = []time.Duration{-time.Second} },
		"ring_timeout, delay_dial": func(i *plivo.Invitation) { i.RingTimeout = []time.Duration{time.Second, time.Second} },
		"max_duration":             func(i *plivo.Invitation) { i.MaxDuration = 299 * time.Second },
		"max_duration ":            func(i *plivo.Invitation) { i.MaxDuration = 28801 * time.Second },
		"max_duration  ":           func(i *plivo.Invitation) { i.MaxDuration = 400*time.Second + 1 },
		"max_participants":         func(i *plivo.Invitation) { i.MaxParticipants = 1 },
		"max_participants ":        func(i *plivo.Invitation) { i.MaxParticipants = 11 },
		"record_min_member_count":  func(i *plivo.Invitation) { i.RecordMinMemberCount = 3 },
		"record_file_format":       func(i *plivo.Invitation) { i.RecordFileFormat = "ogg" },
		"send_digits":              func(i *plivo.Invitation) { i.SendDigits = "1x" },
		"sip_headers":              func(i *plivo.Invitation) { i.SIPHeaders = map[string]string{"a": "1,b=2"} },
		"sip_headers ":             func(i *plivo.Invitation) { i.SIPHeaders = map[string]string{"": "1"} },
		"status_callback_url":      func(i *plivo.Invitation) { i.StatusCallback.URL = "https://127.0.0.1/" },
		"status_callback_method":   func(i *plivo.Invitation) { i.StatusCallback = plivo.Callback{URL: hook, Method: "PUT"} },
		"on_exit_action_method":    func(i *plivo.Invitation) { i.OnExitAction.Method = "POST" },
		"status_callback_events":   func(i *plivo.Invitation) { i.StatusCallbackEvents = []string{"a,b"} },
		"enter_sound":              func(i *plivo.Invitation) { i.EnterSound.URL = "beep:3" },
		"mute":                     func(i *plivo.Invitation) { i.Mute = 7 },
		"transcription_url":        func(i *plivo.Invitation) { i.TranscriptionURL = "x" },
		"agent_hold_music_url":     func(i *plivo.Invitation) { i.AgentHoldMusic.URL = "http://hooks.example.net" },
		"ring_timeout, delay_dial (call)": func(i *plivo.Invitation) {
			i.From, i.To, i.CallUUID, i.DelayDial = "", nil, "c", make([]time.Duration, 2)
		},
	} {
		i := plivo.Invitation{Role: cc.RoleAgent, From: "15550100", To: []string{"15550101"}}
		change(&i)
		w := newWire()
		_, err := room(t, w, "a").AddParticipant(background, i)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		parameter, _, _ := strings.Cut(strings.TrimSpace(name), " (")
		require.True(t, strings.HasPrefix(problem(t, err).Err.Error(), parameter+": "), "%s: %v", name, problem(t, err).Err)
		require.Empty(t, w.lines(), name)
		requireDiscreet(t, err, "15550100", "15550101")
	}
}
