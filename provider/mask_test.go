package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/exported"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A vault is a transport that holds a credential.
type vault struct {
	http.RoundTripper
	Token string
}

const (
	credential = "c0rrect-horse-battery"
	number     = "15551234567"
)

// Specimens has values of every exported type that can hold anything, with personal data and a
// credential wherever a value of the type can have them.
func specimens(t *testing.T) map[string][]any {
	s := newStub()
	s.room.Conference, s.room.Participants[0].Address = number, number
	o := provider.Options{Config: cc.Config{
		Provider: "stub", Endpoint: "https://a:" + credential + "@x.test", Settings: map[string]string{"user": number},
		Transport: vault{Token: credential},
	}}
	c, err := provider.New(s, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	conf := c.Conference(number)
	_, err = conf.Snapshot(t.Context()) // from here on the client remembers it
	require.NoError(t, err)
	gone := provider.Departure{ID: number, CallID: number, Reason: number, Code: number, At: time.Unix(1, 0)}
	return map[string][]any{
		"client":        {c},
		"conference":    {conf},
		"Options":       {o, &o},
		"Result":        {provider.Result{Instance: number}},
		"Update":        {provider.Update{Conference: number, Failure: errors.New(number)}, provider.Update{Conference: number}},
		"Departure":     {gone, []provider.Departure{gone}},
		"Snapshot":      {provider.Snapshot{Snapshot: s.room.Snapshot, Departed: []provider.Departure{gone}}},
		"Unimplemented": {provider.Unimplemented{}},
		"Purpose":       {provider.ForSettling},
	}
}

// Without are the exported types that are interfaces: there are no values of them to walk.
var without = map[string]bool{"Driver": true, "ConferenceAser": true, "Vetter": true, "Observer": true}

func TestEveryExportedTypeIsWalked(t *testing.T) {
	types, err := exported.Types(".")
	require.NoError(t, err)
	walked := specimens(t)
	for _, name := range types {
		if !without[name] {
			require.NotEmpty(t, walked[name], "no specimen of %s", name)
		}
	}
}

func TestNothingIsGivenAway(t *testing.T) {
	for name, values := range specimens(t) {
		for _, v := range values {
			texts := map[string]string{"%#v": fmt.Sprintf("%#v", v)}
			var text, enc bytes.Buffer
			slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
			slog.New(slog.NewJSONHandler(&enc, nil)).Info("m", "v", v)
			if _, list := v.([]provider.Departure); !list { // slog asks only the value that it is given
				texts["log text"], texts["log JSON"] = text.String(), enc.String()
			}
			if name == "client" || name == "conference" || name == "Options" {
				for _, verb := range []string{"%v", "%+v", "%s", "%q", "%x", "%d"} {
					texts[verb] = fmt.Sprintf(verb, v)
				}
			}
			if name != "Options" { // writes what it was given, as a configuration does
				b, _ := json.Marshal(v)
				require.NotContains(t, string(b), credential)
			}
			for how, text := range texts {
				require.NotContains(t, text, number, "%s as %s", name, how)
				require.NotContains(t, text, credential, "%s as %s", name, how)
			}
		}
	}
	c := specimens(t)["client"][0]
	require.Equal(t, "client of stub", fmt.Sprintf("%+v", c))
	require.Equal(t, "conference of stub", fmt.Sprint(specimens(t)["conference"][0]))
	require.Equal(t, "{Config:{Name: Provider:stub Endpoint:(hidden) PublicURL: Settings:[user] Secrets:[]} Timeout:0s Poll:0s Serial:false Whole:false Unconfirmed:false}",
		fmt.Sprint(specimens(t)["Options"][0]))
}
