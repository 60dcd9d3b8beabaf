package plivo_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// The shapes of an error body that Plivo's client libraries guard against and their fixtures have.
var errorBodies = map[string]struct{ body, message string }{
	"api_id and text":        {`{"api_id":"a","error":"the text"}`, "the text"},
	"text alone":             {`{"error":"the text"}`, "the text"},
	"nested text":            {`{"api_id":"a","error":{"error":"the text"}}`, "the text"},
	"nested message":         {`{"api_id":"a","error":{"message":"the text"}}`, "the text"},
	"nested other":           {`{"api_id":"a","error":{"mute":["the text"]}}`, `{"mute":["the text"]}`},
	"list":                   {`{"api_id":"a","error":["the text"]}`, `["the text"]`},
	"capital letter":         {`{"api_id":"a","Error":"the text"}`, "the text"},
	"message":                {`{"api_id":"a","message":"the text"}`, "the text"},
	"error null and message": {`{"error":null,"message":"the text"}`, "the text"},
	"number":                 {`{"error":17}`, "17"},
	"text only":              {`"the text"`, "the text"},
	"empty object":           {`{}`, ""},
	"empty error":            {`{"error":""}`, ""},
	"empty":                  {``, ""},
	"plain text":             {"the text\n", "the text"},
	"HTML":                   {"<html><body>the text</body></html>", "<html><body>the text</body></html>"},
	"truncated":              {`{"api_id":"a","error":"the te`, `{"api_id":"a","error":"the te`},
	"not UTF-8":              {"the \xff text", "the \uFFFD text"},
	"deep":                   {strings.Repeat(`{"error":`, 6) + `"the text"` + strings.Repeat(`}`, 6), `{"error":{"error":"the text"}}`},
}

var errorKinds = map[int]cc.Kind{
	400: cc.ErrInvalid, 401: cc.ErrUnauthenticated, 403: cc.ErrForbidden, 404: cc.ErrNotFound, 405: cc.ErrUnsupported,
	409: cc.ErrConflict, 422: cc.ErrInvalid, 429: cc.ErrRateLimited,
	500: cc.ErrUncertain, 502: cc.ErrUncertain, 503: cc.ErrUncertain, 504: cc.ErrUncertain,
}

func TestEveryErrorOfACommandHasItsKindAndPlivosWords(t *testing.T) {
	commands := map[string]func(t *testing.T, w *wire) error{
		"mpc set": func(t *testing.T, w *wire) error {
			_, err := mpcDriver(t, w).SetState(background, "secret room", "4711", cc.Change{Mute: cc.On})
			return err
		},
		"mpc end": func(t *testing.T, w *wire) error {
			_, err := mpcDriver(t, w).End(background, "secret room")
			return err
		},
		"conference remove": func(t *testing.T, w *wire) error {
			_, err := conferenceDriver(t, w).Remove(background, "secret room", "4711")
			return err
		},
		"conference set": func(t *testing.T, w *wire) error {
			_, err := conferenceDriver(t, w).SetState(background, "secret room", "4711", cc.Change{Deaf: cc.Off})
			return err
		},
	}
	for name, do := range commands {
		for code, kind := range errorKinds {
			for shape, b := range errorBodies {
				t.Run(fmt.Sprintf("%s %d %s", name, code, shape), inFakeTime(func(t *testing.T) {
					w := newWire()
					w.otherise = answer{status: code, body: b.body, header: http.Header{"X-Request-Id": {"req-1"}}}
					e := problem(t, do(t, w))
					require.Equal(t, kind, e.Kind)
					require.Equal(t, code, e.Status)
					require.Equal(t, "req-1", e.RequestID)
					require.Empty(t, e.Code)
					require.Equal(t, b.message, e.Message)
					requireDiscreet(t, e, "secret", "4711", "the text")
					if code != 429 {
						require.Len(t, w.lines(), 1)
					}
				}))
			}
		}
	}
}

// requireDiscreet requires an error that shows none of the words in any verb.
func requireDiscreet(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, word := range append(words, authToken, basic[len("Basic "):]) {
			require.NotContains(t, fmt.Sprintf(verb, err), word)
		}
	}
}

func TestAnErrorOfAReadIsNeverUncertain(t *testing.T) {
	for code, kind := range errorKinds {
		if kind == cc.ErrUncertain {
			kind = cc.ErrUnavailable
		}
		t.Run(fmt.Sprint(code), inFakeTime(func(t *testing.T) {
			w := newWire()
			w.otherise = status(code, `{"error":"x"}`)
			for _, d := range []provider.Driver{mpcDriver(t, w), conferenceDriver(t, w)} {
				_, err := d.Snapshot(background, "a")
				require.Equal(t, kind, cc.KindOf(err))
				require.Equal(t, kind, cc.KindOf(d.Check(background)))
				for _, err := range d.Conferences(background) {
					require.Equal(t, kind, cc.KindOf(err))
				}
			}
		}))
	}
}

func TestAWireThatBreaks(t *testing.T) {
	t.Run("after the request", inFakeTime(func(t *testing.T) {
		w := newWire()
		w.otherise = answer{err: errors.New("reset")}
		_, err := mpcDriver(t, w).End(background, "a")
		require.ErrorIs(t, err, cc.ErrUncertain)
		require.Len(t, w.lines(), 1)
	}))
}

// A stranger who repeats the credentials in his answer does not get them into an error.
func TestAMessageWithTheCredentialsLosesThem(t *testing.T) {
	token := basic[len("Basic "):]
	w := newWire()
	w.otherise = status(400, `{"error":"bad header Basic `+token+` for `+authToken+`"}`)
	_, err := mpcDriver(t, w).End(background, "a")
	require.Equal(t, "bad header Basic [redacted] for [redacted]", problem(t, err).Message)
}

func TestALongMessageIsCut(t *testing.T) {
	_, _, message := plivo.Explain()(500, nil, []byte(strings.Repeat("ä", 1<<20)))
	require.LessOrEqual(t, len(message), 4<<10+3)
	require.True(t, strings.HasPrefix(message, "ää"))
}

// Plivo's page "Account and feature limits" documents no Retry-After; where an edge sends one it is told.
func TestRetryAfterIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		w.otherise = answer{status: 429, header: http.Header{"Retry-After": {"3600"}}}
		_, err := mpcDriver(t, w).End(background, "a")
		require.ErrorIs(t, err, cc.ErrRateLimited)
		require.Equal(t, time.Hour, problem(t, err).RetryAfter)
		require.Len(t, w.lines(), 1)
	})
}

// Plivo's own id of an answer is for its support desk, where no header has one.
func TestTheIDOfAnAnswerIsTold(t *testing.T) {
	for body, want := range map[string]string{
		`{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","error":"x"}`: "7d0f2a60-1111-11ef-8f2e-0242ac110003",
		`{"api_id":"` + basic + `"}`:                                    "", `{"api_id":7}`: "7", `{}`: "", ``: "", `<html>`: "", `[]`: "", `{"api_id"`: "",
	} {
		w := newWire()
		w.otherise = status(400, body)
		_, err := mpcDriver(t, w).End(background, "a")
		require.Equal(t, want, problem(t, err).RequestID, body)
	}
}

func TestCheckIsNotContentWithAnybody(t *testing.T) {
	for _, body := range []string{``, `<html>welcome</html>`, `[]`, `"ok"`, `{"conferences":"x"}`} {
		t.Run(body, inFakeTime(func(t *testing.T) {
			w := newWire()
			w.otherise = ok(body)
			require.ErrorIs(t, mpcDriver(t, w).Check(background), cc.ErrUnavailable)
			require.ErrorIs(t, conferenceDriver(t, w).Check(background), cc.ErrUnavailable)
		}))
	}
}
