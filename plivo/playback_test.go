package plivo_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

const audio = "https://media.example.net/hold%20on.mp3?v=1"

// What stands for something other than a host on the internet, or would have Plivo send a secret, or
// could be read in two ways. None of it is fetched here, so names are judged by what they say.
var refusedAddresses = []string{
	"", " ", "https://", "https:///x", "https:x", "//media.example.net/x", "/x", "media.example.net", "https://?x", "https://#x",
	"http://media.example.net/x", "ftp://media.example.net/x", "file:///etc/passwd", "javascript:alert(1)", "data:audio/mp3,x",
	"http://127.1/", "https://127.1/", "https://127.0.0.1/", "https://127.0.0.1./", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
	"https://0177.0.0.1/", "https://0/", "https://[::1]/", "https://[::]/", "https://[::ffff:10.0.0.1]/", "https://[fd00::1]/", "https://[fe80::1%25eth0]/",
	"https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://8.8.8.8/", "https://169.254.169.254/latest/meta-data/",
	"https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://a.localhost./", "https://printer.local/",
	"https://metadata.google.internal/", "https://metadata/", "https://metadata.goog/", "https://router.lan/", "https://box.home.arpa/", "https://db.corp/",
	"https://1.0.0.127.in-addr.arpa/", "https://intranet/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://a.localhost。/", "https://ｌocalhost.example。net/",
	"https://a@b/", "https://a@b.example/", "https://a:b@c.example/", "https://@c.example/", "https://c.example\\@10.0.0.1/",
	"https://media.example.net:0/", "https://media.example.net:99999/", "https://media.example.net:x/", "https://%6c.example.net/", "https://a..example.net/",
	"https://media.example.net/a b", "https://media.example.net/\r\nX", "https://media.example.net/\x00", "https://me dia.example.net/",
	"https://media.example.net/" + strings.Repeat("a", 2048), "https://" + strings.Repeat("a", 64) + ".example.net/", "https://" + strings.Repeat("abcd.", 60) + "net/",
}

func TestAddressesThatArePlayed(t *testing.T) {
	require.GreaterOrEqual(t, len(refusedAddresses), 40)
	w := newWire()
	w.otherise = status(202, "{}")
	r, c := room(t, w, "a"), conferenceRoom(t, w, "a")
	refused := slices.Concat(refusedAddresses, hostileURLs, []string{
		"https://media.example.net/x#", "https://media.example.net/x#ct=1500", "https://media.example.net/x#t=30",
	})
	for _, s := range refused {
		for _, err := range []error{
			r.Play(background, "17", s), r.PlayAll(background, s), c.Play(background, "17", s), c.PlayAll(background, s),
		} {
			require.ErrorIs(t, err, cc.ErrInvalid, "%q", s)
			require.NotContains(t, err.Error(), "example.net")
		}
	}
	require.Empty(t, w.lines())
	for _, s := range []string{
		audio, "https://media.example.net", "https://media.example.net:8443/x", "HTTPS://Media.Example.NET./x", "https://3com.example/x",
		"https://xn--bcher-kva.example/x", "https://a_b.example/x", "https://media.example.net/?q=a@b:c", "https://a.b.c.d.example.museum/",
		"https://media.example.net/" + strings.Repeat("a", 2048-len("https://media.example.net/")),
	} {
		require.NoError(t, r.PlayAll(background, s), s)
	}
	// With a provider on this machine what it plays may be here, too.
	local := func(o *plivo.Options) { o.Insecure, o.Endpoint = true, "http://127.0.0.1:8080" }
	require.NoError(t, conferenceRoom(t, w, "a", local).PlayAll(background, "http://127.0.0.1:8080/a.mp3"))
	require.ErrorIs(t, conferenceRoom(t, w, "a", local).PlayAll(background, "http://a@127.0.0.1/a.mp3"), cc.ErrInvalid)
	require.ErrorIs(t, conferenceRoom(t, w, "a", local).PlayAll(background, "http://127.0.0.1/a.mp3#x"), cc.ErrInvalid)
}

// Plivo's page "Callback Configurations".
func TestAddressesThatAreCalledBack(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	r, c := room(t, w, "a"), conferenceRoom(t, w, "a")
	calledBack := func(s string) []error {
		cb := plivo.Callback{URL: s}
		_, err := r.StartRecording(background, plivo.RecordingOptions{Callback: cb})
		_, err2 := r.StartParticipantRecording(background, "17", plivo.RecordingOptions{TranscriptionURL: s})
		_, err3 := c.StartRecording(background, plivo.ConferenceRecordingOptions{Callback: cb})
		_, err4 := c.StartRecording(background, plivo.ConferenceRecordingOptions{Transcription: cb})
		return []error{err, err2, err3, err4, r.SpeakAll(background, plivo.Speech{Text: "x", Callback: cb})}
	}
	refused := slices.Concat(refusedAddresses[1:], hostileURLs)
	for _, fragment := range []string{
		"", "x", "top", "ct", "ct=", "ct=99", "ct=10001", "ct=1e3", "ct=+100", "ct=0100", "rt=40001", "tt=55001", "rc=-1", "rc=6", "rp=", "rp=ct,", "rp=3xx",
		"er=mars", "ct=100&ct=200", "ct=100&", "&", "CT=100", "ct=100;rt=100", "ct=100&x=1",
	} {
		refused = append(refused, hook+"#"+fragment)
	}
	for _, s := range refused {
		for _, err := range calledBack(s) {
			require.ErrorIs(t, err, cc.ErrInvalid, "%q", s)
		}
	}
	require.Empty(t, w.lines())
	for _, fragment := range []string{
		"", "#ct=1500&rt=5000&rc=2&rp=ct,rt,5xx", "#ct=100", "#ct=10000", "#rt=40000", "#tt=55000", "#rc=0", "#rp=all", "#rp=4xx", "#er=n_virginia",
	} {
		for _, err := range calledBack(hook + fragment) {
			require.NoError(t, err, fragment)
		}
	}
}

func TestEveryOptionOfASpeech(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	require.NoError(t, room(t, w, "a").Speak(background, "17", plivo.Speech{
		Text: "Grüße,\n\t<b>17</b>", Voice: "Polly.Amy", Language: "en-GB", Mix: cc.Off, Type: "ssml", Callback: plivo.Callback{URL: hook, Method: "get"},
	}))
	require.NoError(t, conferenceRoom(t, w, "a").Speak(background, "17", plivo.ConferenceSpeech{Text: "x", Voice: "man", Language: "de-DE"}))
	require.JSONEq(t, `{"text":"Grüße,\n\t<b>17</b>","voice":"Polly.Amy","language":"en-GB","mix":false,"type":"ssml",
		"callback_url":"`+hook+`","callback_method":"GET"}`, w.requests[0].Body)
	require.JSONEq(t, `{"text":"x","voice":"MAN","language":"de-DE"}`, w.requests[1].Body)
}

func TestSpeechesThatAreRefused(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	for _, text := range []string{"", " \n", "a\x00", "a\x1b[31m", "a\x7f", "a\r\n", "\xff", strings.Repeat("a", 16<<10+1)} {
		require.ErrorIs(t, room(t, w, "a").SpeakAll(background, plivo.Speech{Text: text}), cc.ErrInvalid, "%.20q", text)
		require.ErrorIs(t, conferenceRoom(t, w, "a").SpeakAll(background, plivo.ConferenceSpeech{Text: text}), cc.ErrInvalid, "%.20q", text)
	}
	for _, s := range []plivo.Speech{
		{Text: "x", Voice: "a b"}, {Text: "x", Voice: strings.Repeat("a", 65)}, {Text: "x", Language: "en\n"}, {Text: "x", Language: "dé"}, {Text: "x", Type: "a<b"},
		{Text: "x", Mix: 7}, {Text: "x", Callback: plivo.Callback{Method: "GET"}}, {Text: "x", Callback: plivo.Callback{URL: hook, Method: "PUT"}},
	} {
		require.ErrorIs(t, room(t, w, "a").Speak(background, "17", s), cc.ErrInvalid, "%+v", s)
	}
	for _, s := range []plivo.ConferenceSpeech{{Text: "x", Voice: "Polly.Amy"}, {Text: "x", Language: "en US"}} {
		require.ErrorIs(t, conferenceRoom(t, w, "a").Speak(background, "17", s), cc.ErrInvalid, "%+v", s)
	}
	require.Empty(t, w.lines())
	require.NoError(t, room(t, w, "a").SpeakAll(background, plivo.Speech{Text: strings.Repeat("a", 16<<10)}))
}

// TestPlayingAtAFake plays at a server that knows nothing of this package.
func TestPlayingAtAFake(t *testing.T) {
	t.Run("mpc", inFakeTime(func(t *testing.T) {
		r := newRig(t, products[0])
		room, _ := cc.As[*plivo.Room](r.conf)
		one := r.anna.ID()
		playsAndStops(t, r, one,
			func() error { return room.Play(background, one, audio) }, func() error { return room.StopPlay(background, one) },
			func() error { return room.PlayAll(background, audio) }, func() error { return room.StopPlayAll(background) },
			func() error { return room.Speak(background, one, plivo.Speech{Text: "hello", Voice: "WOMAN"}) },
			func() error { return room.StopSpeak(background, one) },
			func() error { return room.SpeakAll(background, plivo.Speech{Text: "hello", Mix: cc.On}) },
			func() error { return room.StopSpeakAll(background) })
		require.ErrorIs(t, room.Play(background, "999", audio), cc.ErrNotFound)
	}))
	t.Run("conference", inFakeTime(func(t *testing.T) {
		r := newRig(t, products[1])
		room, _ := cc.As[*plivo.ConferenceRoom](r.conf)
		one := r.anna.ID()
		playsAndStops(t, r, one,
			func() error { return room.Play(background, one, audio) }, func() error { return room.StopPlay(background, one) },
			func() error { return room.PlayAll(background, audio) }, func() error { return room.StopPlayAll(background) },
			func() error { return room.Speak(background, one, plivo.ConferenceSpeech{Text: "hello", Voice: "man"}) },
			func() error { return room.StopSpeak(background, one) },
			func() error { return room.SpeakAll(background, plivo.ConferenceSpeech{Text: "hello"}) },
			func() error { return room.StopSpeakAll(background) })
		require.ErrorIs(t, room.Play(background, "999", audio), cc.ErrNotFound)
	}))
}

func playsAndStops(t *testing.T, r *rig, one cc.ParticipantID, play, stop, playAll, stopAll, speak, silence, speakAll, silenceAll func() error) {
	t.Helper()
	for _, x := range []struct {
		begin, end func() error
		all, text  bool
	}{{play, stop, false, false}, {playAll, stopAll, true, false}, {speak, silence, false, true}, {speakAll, silenceAll, true, true}} {
		require.NoError(t, x.begin())
		playing := r.server.Playing("")
		require.Len(t, playing, 1)
		require.Equal(t, x.all, playing[0].All)
		if !x.all {
			require.Equal(t, []cc.ParticipantID{one}, playing[0].Members)
		}
		if x.text {
			require.Equal(t, "hello", playing[0].Text)
		} else {
			require.Equal(t, []string{audio}, playing[0].URLs)
		}
		require.NoError(t, x.end())
		require.Empty(t, r.server.Playing(""))
	}
}
