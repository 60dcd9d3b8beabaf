package plivo

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	maxSpeech = 16 << 10 // bytes; Plivo documents no limit
	maxWord   = 64
)

// A Speech is what is read out in a multiparty call: the parameters of Plivo's client library for Go,
// which is the one that has them. The zero value of every field but Text leaves the parameter out, so
// that Plivo's default holds. In a log line and as Go writes it only its language is told.
type Speech struct {
	Text     string    // required; UTF-8, at most 16 KiB, no control characters but tab and line feed
	Voice    string    // such as "WOMAN" or "Polly.Amy"
	Language string    // such as "en-US"
	Mix      cc.Toggle // On: those who hear it hear each other as well
	Type     string    // of the text; a word of Plivo's, which its pages do not list
	Callback Callback  // told when it is over; POST where Method is empty, and always sent
}

// A ConferenceSpeech is what is read out in a conference of the older API (Plivo's page "Conference
// API"). The zero value of every field but Text leaves the parameter out.
type ConferenceSpeech struct {
	Text     string // as in a Speech
	Voice    string // "MAN" or "WOMAN", in any case; WOMAN
	Language string // such as "en-US", which is the default
}

// Play has one participant hear an audio file (Plivo's page "Play audio on a MPC call"). Nil says that
// Plivo queued it, not that it was heard. The address is https, of a host that has a public name,
// without a user and a fragment, at most 2,048 bytes; otherwise it is ErrInvalid and nothing is sent. A
// client with Options.Insecure takes plain http and any host, too. Nobody looks here whether there is
// a file.
//
// It is sent once, and an unknown outcome is ErrUncertain: who sends it again may have it played
// twice. ErrNotFound leaves open whether it is the room or the participant that is not there. A
// participant that is no member id, such as "all" or a list, is ErrInvalid, and nothing is sent. All
// that holds for the other methods of this file's subject, too: StopPlay, Speak, StopSpeak and those
// for everybody.
func (r *Room) Play(ctx context.Context, participant cc.ParticipantID, url string) error {
	return r.toOne(ctx, "Room.Play", participant, http.MethodPost, "Play", media(url))
}

// PlayAll has everybody in the room hear an audio file, under the conditions of [Room.Play].
func (r *Room) PlayAll(ctx context.Context, url string) error {
	return r.toAll(ctx, "Room.PlayAll", http.MethodPost, "Play", media(url))
}

// StopPlay ends what Play began for one participant. What everybody hears cannot be ended for one
// alone (Plivo's page "Stop playing audio on a MPC call").
func (r *Room) StopPlay(ctx context.Context, participant cc.ParticipantID) error {
	return r.toOne(ctx, "Room.StopPlay", participant, http.MethodDelete, "Play", nil)
}

// StopPlayAll ends what PlayAll began.
func (r *Room) StopPlayAll(ctx context.Context) error {
	return r.toAll(ctx, "Room.StopPlayAll", http.MethodDelete, "Play", nil)
}

// Speak has a text read out to one participant, under the conditions of [Room.Play]. A speech that
// breaks the rules of its fields is ErrInvalid, and nothing is sent.
func (r *Room) Speak(ctx context.Context, participant cc.ParticipantID, speech Speech) error {
	return r.toOne(ctx, "Room.Speak", participant, http.MethodPost, "Speak", speech.body)
}

// SpeakAll has a text read out to everybody in the room, under the conditions of [Room.Speak].
func (r *Room) SpeakAll(ctx context.Context, speech Speech) error {
	return r.toAll(ctx, "Room.SpeakAll", http.MethodPost, "Speak", speech.body)
}

// StopSpeak ends what Speak began for one participant.
func (r *Room) StopSpeak(ctx context.Context, participant cc.ParticipantID) error {
	return r.toOne(ctx, "Room.StopSpeak", participant, http.MethodDelete, "Speak", nil)
}

// StopSpeakAll ends what SpeakAll began.
func (r *Room) StopSpeakAll(ctx context.Context) error {
	return r.toAll(ctx, "Room.StopSpeakAll", http.MethodDelete, "Speak", nil)
}

// toOne and toAll send what is heard to the path that Plivo has for it, whose word is Member here.
func (r *Room) toOne(ctx context.Context, op string, p cc.ParticipantID, method, what string, fill filling) error {
	return r.h.toOne(ctx, op, p, method, fill, "MultiPartyCall", roomKey(r.h.id), "Member", string(p), what)
}

func (r *Room) toAll(ctx context.Context, op, method, what string, fill filling) error {
	return r.h.toAll(ctx, op, method, fill, "MultiPartyCall", roomKey(r.h.id), "Member", everybody, what)
}

// Play has one member hear an audio file (Plivo's page "Conference API"), under the conditions of
// [Room.Play].
func (r *ConferenceRoom) Play(ctx context.Context, participant cc.ParticipantID, url string) error {
	return r.toOne(ctx, "ConferenceRoom.Play", participant, http.MethodPost, "Play", media(url))
}

// PlayAll has everybody in the conference hear an audio file.
func (r *ConferenceRoom) PlayAll(ctx context.Context, url string) error {
	return r.toAll(ctx, "ConferenceRoom.PlayAll", http.MethodPost, "Play", media(url))
}

// StopPlay ends what Play began for one member.
func (r *ConferenceRoom) StopPlay(ctx context.Context, participant cc.ParticipantID) error {
	return r.toOne(ctx, "ConferenceRoom.StopPlay", participant, http.MethodDelete, "Play", nil)
}

// StopPlayAll ends what PlayAll began.
func (r *ConferenceRoom) StopPlayAll(ctx context.Context) error {
	return r.toAll(ctx, "ConferenceRoom.StopPlayAll", http.MethodDelete, "Play", nil)
}

// Speak has a text read out to one member, under the conditions of [Room.Play]. A speech that breaks
// the rules of its fields is ErrInvalid, and nothing is sent.
func (r *ConferenceRoom) Speak(ctx context.Context, participant cc.ParticipantID, speech ConferenceSpeech) error {
	return r.toOne(ctx, "ConferenceRoom.Speak", participant, http.MethodPost, "Speak", speech.body)
}

// SpeakAll has a text read out to everybody in the conference.
func (r *ConferenceRoom) SpeakAll(ctx context.Context, speech ConferenceSpeech) error {
	return r.toAll(ctx, "ConferenceRoom.SpeakAll", http.MethodPost, "Speak", speech.body)
}

// StopSpeak ends what Speak began for one member.
func (r *ConferenceRoom) StopSpeak(ctx context.Context, participant cc.ParticipantID) error {
	return r.toOne(ctx, "ConferenceRoom.StopSpeak", participant, http.MethodDelete, "Speak", nil)
}

// StopSpeakAll ends what SpeakAll began.
func (r *ConferenceRoom) StopSpeakAll(ctx context.Context) error {
	return r.toAll(ctx, "ConferenceRoom.StopSpeakAll", http.MethodDelete, "Speak", nil)
}

func (r *ConferenceRoom) toOne(ctx context.Context, op string, p cc.ParticipantID, method, what string, fill filling) error {
	return r.h.toOne(ctx, op, p, method, fill, "Conference", string(r.h.id), "Member", string(p), what)
}

func (r *ConferenceRoom) toAll(ctx context.Context, op, method, what string, fill filling) error {
	return r.h.toAll(ctx, op, method, fill, "Conference", string(r.h.id), "Member", everybody, what)
}

func (h *handle) toOne(ctx context.Context, op string, p cc.ParticipantID, method string, fill filling, path ...string) error {
	return h.runFor(ctx, op, p, func(ctx context.Context) error { return h.filled(ctx, op, method, fill, path...) })
}

func (h *handle) toAll(ctx context.Context, op, method string, fill filling, path ...string) error {
	return h.run(ctx, op, func(ctx context.Context) error { return h.filled(ctx, op, method, fill, path...) })
}

// filled sends a command once, with a body if there is one to fill.
func (h *handle) filled(ctx context.Context, op, method string, fill filling, path ...string) error {
	if fill == nil {
		return h.once(ctx, op, method, nil, path...)
	}
	body, err := h.fill(fill)
	if err != nil {
		return err
	}
	return h.once(ctx, op, method, body, path...)
}

// media is the body of what plays a file. One of Plivo's pages calls the parameter urls; its
// libraries all call it url.
func media(url string) filling {
	return func(w *bodyWriter) {
		if url == "" || strings.Contains(url, "#") {
			w.wrong("url", "an address without a fragment is required")
		}
		w.address("url", url)
	}
}

func (s Speech) body(w *bodyWriter) {
	w.speech(s.Text)
	w.word("voice", s.Voice)
	w.word("language", s.Language)
	w.toggle("mix", s.Mix)
	w.word("type", s.Type)
	w.delivery("callback", s.Callback)
}

func (s ConferenceSpeech) body(w *bodyWriter) {
	w.speech(s.Text)
	voice := strings.ToUpper(s.Voice)
	if voice != "" && voice != "MAN" && voice != "WOMAN" {
		w.wrong("voice", "MAN or WOMAN")
	}
	w.text("voice", voice)
	w.word("language", s.Language)
}

func (w *bodyWriter) speech(text string) {
	odd := func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }
	if strings.TrimSpace(text) == "" || len(text) > maxSpeech || !utf8.ValidString(text) || strings.ContainsFunc(text, odd) {
		w.wrong("text", "is required: UTF-8, at most 16 KiB, no control characters but tab and line feed")
	}
	w.body["text"] = text
}

// word writes a word of Plivo's that is not known here.
func (w *bodyWriter) word(parameter, value string) {
	odd := func(r rune) bool { return r > 0x7f || !isAlnum(byte(r)) && !strings.ContainsRune("-_.", r) }
	if len(value) > maxWord || strings.ContainsFunc(value, odd) {
		w.wrong(parameter, "a word of letters, digits, -, _ and full stops, at most 64 of them")
	}
	w.text(parameter, value)
}

// delivery writes name_url and name_method of an address that Plivo delivers to.
func (w *bodyWriter) delivery(name string, c Callback) {
	w.deliveryAddress(name+"_url", c.URL)
	w.method(name+"_method", c, http.MethodPost)
}

// deliveryAddress takes a fragment only where it is one: it never leaves Plivo, and anything else in
// it would be lost without a word.
func (w *bodyWriter) deliveryAddress(parameter, url string) {
	if _, fragment, has := strings.Cut(url, "#"); has && !tuning(fragment) {
		w.wrong(parameter, "a fragment holds Plivo's settings for the delivery and nothing else")
	}
	w.address(parameter, url)
}

// tuning reports whether a fragment holds Plivo's settings for the delivery of a callback, each at most
// once and in its range (Plivo's page "Callback Configurations").
func tuning(fragment string) bool {
	seen := make(map[string]bool)
	for one := range strings.SplitSeq(fragment, "&") {
		key, value, _ := strings.Cut(one, "=")
		if seen[key] || !setting(key, value) {
			return false
		}
		seen[key] = true
	}
	return true
}

func setting(key, value string) bool {
	within := func(least, most int) bool {
		n, err := strconv.Atoi(value)
		return err == nil && n >= least && n <= most && strconv.Itoa(n) == value
	}
	switch key {
	case "ct": // milliseconds to connect
		return within(100, 10_000)
	case "rt": // and to answer
		return within(100, 40_000)
	case "tt": // and in all
		return within(100, 55_000)
	case "rc": // tries after the first
		return within(0, 5)
	case "rp": // after what
		for one := range strings.SplitSeq(value, ",") {
			if !slices.Contains([]string{"4xx", "5xx", "ct", "rt", "all"}, one) {
				return false
			}
		}
		return true
	case "er": // from where
		return slices.Contains([]string{"nearest", "local", "n_california", "n_virginia", "frankfurt", "singapore", "mumbai"}, value)
	}
	return false
}

// LogValue tells the language and nothing of what is said.
func (s Speech) LogValue() slog.Value {
	return slog.GroupValue(slog.String("language", word(s.Language)))
}

// GoString tells the type alone.
func (s Speech) GoString() string { return "plivo.Speech{...}" }

// LogValue tells the language and nothing of what is said.
func (s ConferenceSpeech) LogValue() slog.Value {
	return slog.GroupValue(slog.String("language", word(s.Language)))
}

// GoString tells the type alone.
func (s ConferenceSpeech) GoString() string { return "plivo.ConferenceSpeech{...}" }
