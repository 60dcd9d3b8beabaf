package plivo_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// randomStrings is how many random identifiers are tried with each driver, and how many where
// CALLCONTROL_HOSTILE says that all of them are wanted.
const (
	randomStrings    = 5_000
	allRandomStrings = 1_000_000
)

// Whatever the identifiers are, a request has the segments that its operation has, and they decode to
// the identifiers.
func TestRandomIdentifiers(t *testing.T) {
	n := randomStrings
	if os.Getenv("CALLCONTROL_HOSTILE") == "full" {
		n = allRandomStrings
	}
	for _, x := range []struct {
		name, prefix string
		open         func(plivo.Options) (cc.Client, error)
		segment      func(room string) string
		rest         []string
	}{
		{plivo.MPC, account + "/MultiPartyCall/", plivo.NewMPC,
			func(room string) string {
				if uuid, ok := strings.CutPrefix(room, "uuid:"); ok {
					return "uuid_" + uuid
				}
				return "name_" + room
			},
			[]string{"", "Participant/", "Participant/{}/"}},
		{plivo.Conference, account + "/Conference/", plivo.NewConference,
			func(room string) string { return room },
			[]string{"", "Member/{}/Kick/", "Member/{}/Mute/"}},
	} {
		random := inFakeTime(func(t *testing.T) {
			w := &watchedPath{prefix: x.prefix, rest: x.rest}
			o := options(w)
			o.Rate = 100_000
			c := client(t, x.open, o)
			source := rand.New(rand.NewPCG(1, 2))
			tried, sent := 0, 0
			for range n {
				s := randomIdentifier(source)
				for _, ofRoom := range []bool{false, true} {
					room, person := "room", s
					if ofRoom {
						room, person = s, "10"
					}
					w.room, w.person, w.seen = x.segment(room), person, 0
					for _, err := range fiveOperations(c.Conference(cc.ConferenceID(room)), cc.ParticipantID(person), ofRoom) {
						if err == nil || isInvalid(err) != (w.seen == 0) { // require is too slow for this
							require.FailNow(t, "the outcome does not fit what was sent", "%q: %v", s, err)
						}
					}
					if w.bad != "" {
						require.FailNow(t, "another path", "%q: %s", s, w.bad)
					}
					tried++
					if w.seen > 0 {
						sent++
					}
				}
			}
			require.Greater(t, sent, tried/100, "next to nothing was sent")
			require.Less(t, sent, tried-tried/100, "next to nothing was refused")
		})
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			random(t)
		})
	}
}

// fiveOperations are the three that are about somebody and, if they are wanted, the two that are not.
func fiveOperations(c cc.Conference, p cc.ParticipantID, all bool) []error {
	errs := []error{
		c.RemoveParticipant(background, p),
		c.SetParticipantState(background, p, cc.Change{Mute: cc.On}),
		c.SetParticipantState(background, p, cc.Change{Mute: cc.Off}),
	}
	if all {
		_, err := c.Snapshot(background)
		errs = append(errs, err, c.End(background))
	}
	return errs
}

// A watchedPath refuses every request, and looks at its path.
type watchedPath struct {
	prefix       string
	rest         []string
	room, person string // unescaped, as they have to arrive
	seen         int
	bad          string
}

func (w *watchedPath) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := context.Cause(r.Context()); err != nil {
		return nil, err
	}
	w.seen++
	path := r.URL.EscapedPath()
	if !w.fits(path) || r.URL.Fragment != "" {
		w.bad = path
	}
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (w *watchedPath) fits(path string) bool {
	path, ok := strings.CutPrefix(path, w.prefix)
	segments := strings.Split(path, "/")
	if room, err := url.PathUnescape(segments[0]); !ok || err != nil || room != w.room || room == "" {
		return false
	}
	for _, rest := range w.rest {
		want := strings.Split(rest, "/")
		if len(want) != len(segments)-1 {
			continue
		}
		fits := true
		for i, segment := range segments[1:] {
			if want[i] == "{}" {
				person, err := url.PathUnescape(segment)
				fits = fits && err == nil && person == w.person && person != ""
			} else {
				fits = fits && segment == want[i]
			}
		}
		if fits {
			return true
		}
	}
	return false
}

// fragments are what random identifiers are made of, among other things.
var fragments = []string{
	"/", "\\", "..", ".", "%2e", "%2f", "%", "?", "#", "&", "=", ";", ",", "<", "*", ":", "@", " ", "+", "\r\n", "\x00", "\t", "all", "name_", "uuid_",
	"uuid:", "10", "11", "room", "a", "Z", "-", "_", "0", "ä", "１", "\u202e", "\u00a0", "\xff", "Member", "Kick", "Participant", "{}", "~", "'", "\"",
}

// randomIdentifier is one of three kinds: any bytes, fragments in a row, or a good name with, now
// and then, one thing in it that is not.
func randomIdentifier(r *rand.Rand) string {
	var b strings.Builder
	switch r.IntN(3) {
	case 0:
		for range r.IntN(12) {
			b.WriteByte(byte(r.IntN(256)))
		}
	case 1:
		for range r.IntN(6) {
			b.WriteString(fragments[r.IntN(len(fragments))])
		}
	default:
		const good = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_. 0123456789"
		letters := good
		if r.IntN(2) == 0 {
			letters = good[:10]
		}
		for range 1 + r.IntN(20) {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		switch r.IntN(4) {
		case 0:
			b.WriteRune(rune(r.IntN(utf8.MaxRune)))
		case 1:
			b.WriteString(fragments[r.IntN(len(fragments))])
		}
	}
	return b.String()
}
