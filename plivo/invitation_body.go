package plivo

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	maxDestinations = 20
	maxCallerName   = 50
	maxURL          = 2048
)

// A bodyWriter collects parameters, and the first thing that is wrong with one. An error names the
// parameter and its rule, never the value, which may be a number.
type bodyWriter struct {
	body     map[string]any
	insecure bool
	err      error
}

func (w *bodyWriter) wrong(parameter, rule string) {
	if w.err == nil {
		w.err = cc.Detail(parameter + ": " + rule)
	}
}

// body is the request that the invitation makes, or what is wrong with it.
func (i Invitation) body(insecure bool) (map[string]any, error) {
	w := &bodyWriter{body: make(map[string]any), insecure: insecure}
	i.who(w)
	i.dialling(w)
	i.participant(w)
	i.room(w)
	if w.err != nil {
		return nil, w.err
	}
	return w.body, nil
}

func (i Invitation) who(w *bodyWriter) {
	r := role(string(i.Role))
	w.one("role", string(r), "agent", "supervisor", "customer", "ai-agent")
	if r == "" {
		w.wrong("role", "agent, supervisor or customer is required")
	}
	dial := i.From != "" || len(i.To) > 0
	switch {
	case dial && i.CallUUID != "":
		w.wrong("call_uuid", "goes with neither from nor to")
	case i.CallUUID != "":
		if !checkUUID(i.CallUUID) {
			w.wrong("call_uuid", "is not the id of a call")
		}
		w.body["call_uuid"] = i.CallUUID
		if len(i.RingTimeout) > 1 || len(i.DelayDial) > 1 {
			w.wrong("ring_timeout, delay_dial", "there are no destinations")
		}
		return
	case i.From == "" || len(i.To) == 0:
		w.wrong("from, to", "both are required, or call_uuid")
		return
	case len(i.To) > maxDestinations:
		w.wrong("to", "at most 20 destinations")
	case len(i.To) > 1 && r != "agent":
		w.wrong("to", "several destinations are for agents only")
	}
	if !address(i.From) {
		w.wrong("from", "is neither a number nor an address")
	}
	for _, to := range i.To {
		if !address(to) {
			w.wrong("to", "a destination is neither a number nor an address")
		}
	}
	w.body["from"], w.body["to"] = i.From, strings.Join(i.To, "<")
	if len(i.RingTimeout) > max(1, len(i.To)) || len(i.DelayDial) > max(1, len(i.To)) {
		w.wrong("ring_timeout, delay_dial", "more of them than destinations")
	}
}

// address takes a number or a SIP address: printable ASCII without what Plivo reads as a list.
func address(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i := range len(s) {
		if b := s[i]; b <= ' ' || b > '~' || b == '<' || b == '>' || b == ',' || b == '"' {
			return false
		}
	}
	return true
}

func (i Invitation) dialling(w *bodyWriter) {
	if utf8.RuneCountInString(i.CallerName) > maxCallerName {
		w.wrong("caller_name", "at most 50 characters")
	}
	w.text("caller_name", i.CallerName)
	w.callback("call_status_callback", i.CallStatus, "")
	w.headers(i.SIPHeaders)
	if i.ConfirmKey != "" && (len(i.ConfirmKey) != 1 || !strings.Contains("0123456789#*", i.ConfirmKey)) {
		w.wrong("confirm_key", "one of 0 to 9, # and *")
	}
	w.text("confirm_key", i.ConfirmKey)
	w.callback("confirm_key_sound", i.ConfirmKeySound, "")
	w.sound("dial_music", i.DialMusic, "real", "none")
	w.durations("ring_timeout", i.RingTimeout)
	w.durations("delay_dial", i.DelayDial)
	if strings.Trim(i.SendDigits, "0123456789#*ABCDabcdwW,") != "" {
		w.wrong("send_digits", "digits, #, *, A to D, and w or a comma to wait")
	}
	w.text("send_digits", i.SendDigits)
	w.toggle("send_on_preanswer", i.SendOnPreanswer)
	w.address("transcription_url", i.TranscriptionURL)
	w.toggle("transcript", i.Transcript)
}

func (i Invitation) participant(w *bodyWriter) {
	w.toggle("mute", i.Mute)
	w.toggle("hold", i.Hold)
	w.toggle("coach_mode", i.CoachMode)
	w.toggle("start_mpc_on_enter", i.StartMPCOnEnter)
	w.toggle("end_mpc_on_exit", i.EndMPCOnExit)
	w.toggle("relay_dtmf_inputs", i.RelayDTMFInputs)
	w.toggle("record_participant_track", i.RecordParticipantTrack)
	w.sound("enter_sound", i.EnterSound.URL, "beep:1", "beep:2", "none")
	w.method("enter_sound_method", i.EnterSound, "")
	w.sound("exit_sound", i.ExitSound.URL, "beep:1", "beep:2", "none")
	w.method("exit_sound_method", i.ExitSound, "")
	w.callback("on_exit_action", i.OnExitAction, "")
}

func (i Invitation) room(w *bodyWriter) {
	if d := i.MaxDuration; d != 0 {
		if d < 300*time.Second || d > 28_800*time.Second || d%time.Second != 0 {
			w.wrong("max_duration", "300 to 28,800 whole seconds")
		}
		w.body["max_duration"] = int(d / time.Second)
	}
	w.between("max_participants", i.MaxParticipants, 2, 10)
	w.between("record_min_member_count", i.RecordMinMemberCount, 1, 2)
	w.toggle("stay_alone", i.StayAlone)
	w.toggle("create_mpc_with_single_participant", i.CreateMPCWithSingleParticipant)
	w.callback("wait_music", i.WaitMusic, "")
	w.callback("agent_hold_music", i.AgentHoldMusic, "")
	w.callback("customer_hold_music", i.CustomerHoldMusic, "")
	w.text("agent_hold_music", i.AgentHoldMusicWord)
	w.text("customer_hold_music", i.CustomerHoldMusicWord)
	w.toggle("record", i.Record)
	w.one("record_file_format", i.RecordFileFormat, "mp3", "wav")
	w.callback("recording_callback", i.RecordingCallback, "")
	w.sound("start_recording_audio", i.StartRecordingAudio.URL)
	w.method("start_recording_audio_method", i.StartRecordingAudio, "")
	w.sound("stop_recording_audio", i.StopRecordingAudio.URL)
	w.method("stop_recording_audio_method", i.StopRecordingAudio, "")
	w.callback("status_callback", i.StatusCallback, "POST")
	for _, group := range i.StatusCallbackEvents {
		if group == "" || strings.Trim(group, "abcdefghijklmnopqrstuvwxyz-") != "" {
			w.wrong("status_callback_events", "a group is a word of small letters and hyphens")
		}
	}
	w.text("status_callback_events", strings.Join(i.StatusCallbackEvents, ","))
}

func (w *bodyWriter) text(parameter, value string) {
	for _, r := range value {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			w.wrong(parameter, "has a control character, or one that is not UTF-8")
		}
	}
	if value != "" {
		w.body[parameter] = value
	}
}

// one takes one of a few words, in any case.
func (w *bodyWriter) one(parameter, value string, words ...string) {
	if value == "" {
		return
	}
	if value = strings.ToLower(value); !slices.Contains(words, value) {
		w.wrong(parameter, "one of "+strings.Join(words, ", "))
	}
	w.body[parameter] = value
}

func (w *bodyWriter) toggle(parameter string, t cc.Toggle) {
	if t > cc.Off {
		w.wrong(parameter, "neither Unset, On nor Off")
	}
	if b := onOff(t); b != nil {
		w.body[parameter] = *b
	}
}

func (w *bodyWriter) between(parameter string, n, least, most int) {
	if n == 0 {
		return
	}
	if n < least || n > most {
		w.wrong(parameter, fmt.Sprintf("%d to %d", least, most))
	}
	w.body[parameter] = n
}

// durations writes one number, or a list of them as Plivo separates it.
func (w *bodyWriter) durations(parameter string, list []time.Duration) {
	words := make([]string, len(list))
	for i, d := range list {
		if d < 0 || d > 24*time.Hour || d%time.Second != 0 {
			w.wrong(parameter, "whole seconds, not negative, at most a day")
		}
		words[i] = strconv.Itoa(int(d / time.Second))
	}
	switch len(list) {
	case 0:
	case 1:
		w.body[parameter] = int(list[0] / time.Second)
	default:
		w.body[parameter] = strings.Join(words, "<")
	}
}

// headers writes pairs as Plivo separates them, in the order of their names.
func (w *bodyWriter) headers(headers map[string]string) {
	pairs := make([]string, 0, len(headers))
	for k, v := range headers {
		if k == "" || v == "" || strings.ContainsAny(k, "=, :") || strings.ContainsAny(v, ",") {
			w.wrong("sip_headers", "a name or a value is empty or holds a separator")
		}
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	w.text("sip_headers", strings.Join(pairs, ","))
}

// callback writes name_url and name_method.
func (w *bodyWriter) callback(name string, c Callback, method string) {
	w.address(name+"_url", c.URL)
	w.method(name+"_method", c, method)
}

func (w *bodyWriter) method(parameter string, c Callback, method string) {
	m := strings.ToUpper(c.Method)
	if m != "" && m != "GET" && m != "POST" {
		w.wrong(parameter, "GET or POST")
	}
	if m != "" && c.URL == "" {
		w.wrong(parameter, "is given without an address")
	}
	if m == "" && c.URL != "" {
		m = method
	}
	w.text(parameter, m)
}

// sound writes one of a few words, or an address.
func (w *bodyWriter) sound(parameter, value string, words ...string) {
	if slices.Contains(words, strings.ToLower(value)) {
		w.body[parameter] = strings.ToLower(value)
		return
	}
	w.address(parameter, value)
}

// address writes an address that Plivo requests.
func (w *bodyWriter) address(parameter, value string) {
	if value == "" {
		return
	}
	if !callbackURL(value, w.insecure) {
		w.wrong(parameter, "an https address of a host with a name, without a user, of at most 2,048 bytes")
	}
	w.body[parameter] = value
}

// callbackURL takes what a service on the internet can be asked to fetch. With insecure, which goes
// with a provider on this very machine, plain http and any host will do.
func callbackURL(s string, insecure bool) bool {
	if len(s) > maxURL || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Hostname() == "" || u.Opaque != "" {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if insecure {
		return u.Scheme == "https" || u.Scheme == "http"
	}
	return u.Scheme == "https" && publicName(u.Hostname())
}

// publicName reports whether host is a name of the public kind: labels of ASCII letters, digits, hyphens
// and underscores with a dot between them, the last one with a letter first, so that no spelling of an
// address is one, and none of the names that stand for this machine, its neighbours or the metadata of
// a virtual machine. A name in another script is given in its ASCII form: there are letters and full
// stops that become those of ASCII only after they have been looked at.
func publicName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if len(host) > 253 || len(labels) < 2 || last == "" || last[0] < 'a' || last[0] > 'z' {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return host != "metadata.goog" && !slices.Contains(privateNames, last)
}

// privateNames are the last labels of names that no public name has.
var privateNames = []string{
	"localhost", "local", "internal", "localdomain", "arpa", "lan", "home", "corp", "intranet", "private",
}
