package plivo_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

const moreSecrets = "&secret.PLIVO_MAIN_AUTH_TOKEN=MAIN&secret.PLIVO_OLD_AUTH_TOKEN=OLD&secret.PLIVO_OLD_MAIN_AUTH_TOKEN=OLD_MAIN"

// A configuration says where callbacks come, by whose tokens they are signed, and whether the weaker
// scheme will do.
func TestCallbacksByConfiguration(t *testing.T) {
	at := "public_url=" + url.QueryEscape(public)
	more := map[string]string{"MAIN": "main", "OLD": "old", "OLD_MAIN": "oldmain", "PLIVO_OLD_AUTH_TOKEN": "never asked for"}
	form := map[string]url.Values{plivo.MPC: mpcEvent("MPCStart", "room-7", runA), plivo.Conference: memberEvent("enter", "room-7")}
	for _, provider := range []string{plivo.MPC, plivo.Conference} {
		for query, want := range map[string]struct {
			receives bool
			tokens   []string
			v2       int
		}{
			"":                            {false, nil, 0},
			"?signature=v3":               {false, nil, 0},
			"?remove=leave" + moreSecrets: {false, nil, 0},
			"?" + at:                      {true, []string{authToken}, 403},
			"?signature=v3&" + at:         {true, []string{authToken}, 403},
			"?signature=v2&" + at:         {true, []string{authToken}, 200},
			"?" + at + moreSecrets:        {true, []string{authToken, "main", "old", "oldmain"}, 403},
			"?" + at + "&secret.PLIVO_OLD_AUTH_TOKEN=OLD": {true, []string{authToken, "old"}, 403},
		} {
			told := make(chan cc.ConferenceID, 10)
			cfg, err := cc.ParseURL(provider + ":" + query)
			require.NoError(t, err)
			all := maps.Clone(usual)
			maps.Copy(all, more)
			cfg.Secret, cfg.Transport = vault(all), letsNobodyIn{}
			cfg.Notified = func(c cc.ConferenceID) { told <- c }
			c, err := cc.OpenConfig(background, cfg)
			require.NoError(t, err, query)
			h, ok := cc.As[http.Handler](c)
			require.Equal(t, want.receives, ok, query)
			for _, token := range []string{authToken, "main", "old", "oldmain", "stranger"} {
				if !ok {
					break
				}
				status := http.StatusForbidden
				for _, known := range want.tokens {
					if token == known {
						status = http.StatusOK
					}
				}
				require.Equal(t, status, serve(t, h, delivery{form: form[provider], token: token}.request(t)), "%s %s", query, token)
				if status == http.StatusOK {
					require.Equal(t, cc.ConferenceID("room-7"), <-told)
				}
			}
			if ok {
				q := delivery{form: form[provider]}.request(t)
				q.Header.Del(plivo.HeaderNonceV3)
				q.Header.Del(plivo.HeaderSignatureV3)
				signature, err := plivo.SignV2(plivo.NewSecret(authToken), public+q.RequestURI, "1")
				require.NoError(t, err)
				q.Header.Set(plivo.HeaderNonceV2, "1")
				q.Header.Set(plivo.HeaderSignatureV2, signature)
				require.Equal(t, want.v2, serve(t, h, q), query)
			}
			require.NoError(t, c.Close())
			require.NoError(t, c.Close())
		}
	}
}

func TestBadConfigurationOfCallbacks(t *testing.T) {
	for _, x := range []struct{ query, says string }{
		{"signature=v1&public_url=https%3A%2F%2Fhooks.example.net", `"signature" is "v3" or "v2"`},
		{"signature=v2", "need a PublicURL"},
		{"public_url=https%3A%2F%2Fhooks.example.net&secret.PLIVO_OLD_AUTH_TOKEN=NOWHERE", `"NOWHERE" (in place of "PLIVO_OLD_AUTH_TOKEN") is missing`},
		{"public_url=https%3A%2F%2Fhooks.example.net&secret.PLIVO_MAIN_AUTH_TOKEN=BLANKS", "a blank"},
		{"public_url=http%3A%2F%2Fhooks.example.net", "public URL must be https"},
	} {
		for _, provider := range []string{plivo.MPC, plivo.Conference} {
			cfg, err := cc.ParseURL(provider + ":?" + x.query)
			require.NoError(t, err)
			all := maps.Clone(usual)
			all["BLANKS"] = "xyz xyz"
			cfg.Secret = vault(all)
			c, err := cc.OpenConfig(context.Background(), cfg)
			require.Nil(t, c)
			require.ErrorIs(t, err, cc.ErrInvalid)
			require.ErrorContains(t, err, x.says)
			requireDiscreet(t, err, "xyz")
		}
	}
}
