package plivo_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// requireUnlogged requires that neither a log line of v nor its Go form shows the word.
func requireUnlogged(t *testing.T, v any, word string) {
	t.Helper()
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v)
	require.NotContains(t, text.String(), word, "%T", v)
	require.NotContains(t, js.String(), word, "%T", v)
	require.NotContains(t, fmt.Sprintf("%#v", v), word, "%T", v)
}

// requireHidden requires that no verb and no encoding of v shows the word, as it is or in hexadecimal
// or base64.
func requireHidden(t *testing.T, v any, word string) {
	t.Helper()
	requireUnlogged(t, v, word)
	var out strings.Builder
	for _, verb := range "vTtbcoOqxXUeEfFgGsdpw" {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "100.3"} {
			fmt.Fprintf(&out, "%"+flags+string(verb)+"\n", v)
		}
	}
	for _, encode := range []func(any) ([]byte, error){
		json.Marshal, xml.Marshal,
		func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
	} {
		func() {
			// Some encoders panic on what they do not know; nothing is shown then.
			defer func() { out.WriteString(fmt.Sprint(recover())) }()
			b, err := encode(v)
			out.Write(b)
			out.WriteString(fmt.Sprint(err))
		}()
	}
	text := strings.ToLower(out.String())
	require.NotEmpty(t, text)
	for _, form := range []string{
		word, hex.EncodeToString([]byte(word)), fmt.Sprintf("% x", word), base64.StdEncoding.EncodeToString([]byte(word)),
		basic[len("Basic "):], fmt.Sprint([]byte(word)),
	} {
		require.NotContains(t, text, strings.ToLower(form), "%T", v)
	}
}

type letsNobodyIn struct{}

func (letsNobodyIn) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func TestTheCredentialsAreNowhere(t *testing.T) {
	o := options(letsNobodyIn{}) // and, unlike a wire, remembers nothing that could be shown
	mpc, conference := client(t, plivo.NewMPC, o), client(t, plivo.NewConference, o)
	d, d2 := driver(t, plivo.NewMPCDriver, o), driver(t, plivo.NewConferenceDriver, o)
	r, _ := cc.As[*plivo.Room](mpc.Conference("a"))
	c, _ := cc.As[*plivo.ConferenceRoom](conference.Conference("a"))
	for _, v := range []any{
		plivo.NewSecret(authToken), []plivo.Secret{plivo.NewSecret(authToken)}, map[string]plivo.Secret{"a": plivo.NewSecret(authToken)},
		struct{ S plivo.Secret }{plivo.NewSecret(authToken)}, struct{ s plivo.Secret }{plivo.NewSecret(authToken)}, o, &o, []plivo.Options{o}, map[string]any{"o": o},
		mpc, conference, mpc.Conference("a"), conference.Conference("a"), d, d2, r, c, *r, *c,
		mpc.Check(background), conference.Check(background), r.Activate(background), c.RemoveAll(background),
	} {
		requireHidden(t, v, authToken)
	}
}

func TestTheCredentialsAreInAHeaderAlone(t *testing.T) {
	w := newWire()
	var log bytes.Buffer
	o := options(w)
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 10}))
	c := client(t, plivo.NewMPC, o)
	_ = c.Check(background)
	_, _ = c.Conference("15550101").Snapshot(background)
	_ = c.Conference("15550101").RemoveParticipant(background, "4711")
	require.NotEmpty(t, w.requests)
	for _, s := range w.requests {
		require.NotContains(t, s.Path+s.Query+s.Body, authToken)
		require.Equal(t, basic, s.Header.Get("Authorization"))
	}
	for _, word := range []string{authToken, basic[len("Basic "):], "15550101", "4711"} {
		require.NotContains(t, log.String(), word)
	}
}
