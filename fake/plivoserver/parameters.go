package plivoserver

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A parameter reads one value of a body: a string, a bool, an int or a list of int.
type parameter func(f fields, name string) (any, *reply)

// addParameters is what Add Participant takes: the older page ("Add a participant") and what the
// official libraries send beyond it.
var addParameters = map[string]parameter{
	"role":        oneOf("agent", "supervisor", "customer", "ai-agent"),
	"from":        anyText,
	"to":          anyText,
	"call_uuid":   anyText,
	"caller_name": textUpTo(50),

	"call_status_callback_url":    anyURL,
	"call_status_callback_method": method,
	"sip_headers":                 anyText,
	"confirm_key":                 oneOf("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "#", "*"),
	"confirm_key_sound_url":       anyURL,
	"confirm_key_sound_method":    method,
	"dial_music":                  oneOfOrURL("real", "none"),
	"ring_timeout":                secondsList,
	"delay_dial":                  secondsList,
	"send_digits":                 anyText,
	"send_on_preanswer":           flag,

	"max_duration":                 within(300, 28800),
	"max_participants":             within(2, 10),
	"record_min_member_count":      within(1, 2),
	"wait_music_url":               anyURL,
	"wait_music_method":            method,
	"agent_hold_music":             anyText,
	"agent_hold_music_url":         anyURL,
	"agent_hold_music_method":      method,
	"customer_hold_music":          anyText,
	"customer_hold_music_url":      anyURL,
	"customer_hold_music_method":   method,
	"recording_callback_url":       anyURL,
	"recording_callback_method":    method,
	"status_callback_url":          anyURL,
	"status_callback_method":       method,
	"status_callback_events":       eventGroups,
	"record":                       flag,
	"record_file_format":           oneOf("mp3", "wav"),
	"stay_alone":                   flag,
	"start_recording_audio":        anyURL,
	"start_recording_audio_method": method,
	"stop_recording_audio":         anyURL,
	"stop_recording_audio_method":  method,
	"transcription_url":            anyURL,
	"transcript":                   flag,

	"create_mpc_with_single_participant": flag,
	"start_mpc_with_single_participant":  flag, // plivo-python's name for it

	"on_exit_action_url":       anyURL,
	"on_exit_action_method":    method,
	"record_participant_track": flag,
	"coach_mode":               flag,
	"mute":                     flag,
	"hold":                     flag,
	"start_mpc_on_enter":       flag,
	"end_mpc_on_exit":          flag,
	"relay_dtmf_inputs":        flag,
	"enter_sound":              oneOfOrURL("beep:1", "beep:2", "none"),
	"enter_sound_method":       method,
	"exit_sound":               oneOfOrURL("beep:1", "beep:2", "none"),
	"exit_sound_method":        method,
}

// values are checked parameters.
type values map[string]any

// checkParameters reads every field, and refuses those that are not among the known ones.
func checkParameters(f fields, known map[string]parameter) (values, *reply) {
	if bad := f.only(slices.Collect(maps.Keys(known))...); bad != nil {
		return nil, bad
	}
	v := values{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		x, bad := known[name](f, name)
		if bad != nil {
			return nil, bad
		}
		v[name] = x
	}
	return v, nil
}

func (v values) text(name string) string {
	s, _ := v[name].(string)
	return s
}

// method is a method in capitals.
func (v values) method(name, otherwise string) string {
	return strings.ToUpper(cmp.Or(v.text(name), otherwise))
}

func (v values) boolean(name string, otherwise bool) bool {
	if b, ok := v[name].(bool); ok {
		return b
	}
	return otherwise
}

func (v values) integer(name string, otherwise int) int {
	if n, ok := v[name].(int); ok {
		return n
	}
	return otherwise
}

func (v values) list(name string, otherwise int) []int {
	if l, ok := v[name].([]int); ok {
		return l
	}
	return []int{otherwise}
}

func flag(f fields, name string) (any, *reply) {
	b, _, bad := f.boolean(name)
	return b, bad
}

func anyText(f fields, name string) (any, *reply) {
	s, _, bad := f.text(name)
	return s, bad
}

func textUpTo(most int) parameter {
	return func(f fields, name string) (any, *reply) {
		s, _, bad := f.text(name)
		if bad == nil && utf8.RuneCountInString(s) > most {
			bad = refuse("%s can be at most %d characters", name, most)
		}
		return s, bad
	}
}

// oneOf takes one of some words in any case.
func oneOf(words ...string) parameter {
	return func(f fields, name string) (any, *reply) {
		s, _, bad := f.text(name)
		if bad == nil && !slices.Contains(words, strings.ToLower(s)) {
			bad = wrongValue(name)
		}
		return s, bad
	}
}

var method = oneOf("get", "post")

func oneOfOrURL(words ...string) parameter {
	word := oneOf(words...)
	return func(f fields, name string) (any, *reply) {
		if s, bad := anyURL(f, name); bad == nil {
			return s, nil
		}
		return word(f, name)
	}
}

func anyURL(f fields, name string) (any, *reply) {
	s, _, bad := f.text(name)
	if bad != nil {
		return s, bad
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return s, wrongType(name, "URL")
	}
	return s, nil
}

func within(least, most int) parameter {
	return func(f fields, name string) (any, *reply) {
		n, _, bad := f.integer(name)
		if bad == nil && (n < least || n > most) {
			bad = wrongValue(name)
		}
		return n, bad
	}
}

// secondsList takes a whole number, or text with one or several of them.
func secondsList(f fields, name string) (any, *reply) {
	var text string
	if json.Unmarshal(f[name], &text) != nil {
		text = string(f[name])
	}
	var list []int
	for part := range strings.SplitSeq(text, "<") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return list, wrongType(name, "integer")
		}
		if n < 0 || n > 1<<20 {
			return list, wrongValue(name)
		}
		list = append(list, n)
	}
	return list, nil
}

// groups of events that a callback can be asked for.
var groups = []string{
	"mpc-state-changes", "participant-state-changes", "participant-speak-events",
	"participant-digit-input-events", "add-participant-api-events", "participant-audio-events",
}

// eventGroups takes a list with commas, around which there may be blanks.
func eventGroups(f fields, name string) (any, *reply) {
	s, _, bad := f.text(name)
	if bad != nil {
		return s, bad
	}
	for g := range strings.SplitSeq(s, ",") {
		if !slices.Contains(groups, strings.ToLower(strings.TrimSpace(g))) {
			return s, wrongValue(name)
		}
	}
	return s, nil
}

// destination is a number or a SIP address.
var destination = regexp.MustCompile(`^(\+?[0-9]{2,20}|(?i:sips?):[^\s<>]+)$`)
