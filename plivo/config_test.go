package plivo_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

func vault(secrets map[string]string) func(context.Context, string) (string, error) {
	return func(_ context.Context, name string) (string, error) {
		if s, ok := secrets[name]; ok {
			return s, nil
		}
		return "", fs.ErrNotExist
	}
}

var usual = map[string]string{"PLIVO_AUTH_ID": authID, "PLIVO_AUTH_TOKEN": authToken + "\n"}

func TestOpenByURL(t *testing.T) {
	for url, want := range map[string]struct {
		provider string
		fate     cc.Fate
		host     string
	}{
		"plivo-mpc:":                            {plivo.MPC, cc.FateDepends, "https://api.plivo.com/v1/"},
		"plivo-mpc:?remove=leave&rate=1":        {plivo.MPC, cc.FateDepends, "https://api.plivo.com/v1/"},
		"plivo-mpc:?remove=hangup&rate=100000":  {plivo.MPC, cc.FateHangsUp, "https://api.plivo.com/v1/"},
		"plivo-conference:":                     {plivo.Conference, cc.FateContinues, "https://api.plivo.com/v1/"},
		"plivo-conference:?remove=hangup":       {plivo.Conference, cc.FateHangsUp, "https://api.plivo.com/v1/"},
		"plivo-mpc://edge.example.net/plivo":    {plivo.MPC, cc.FateDepends, "https://edge.example.net/plivo/v1/"},
		"plivo-mpc://127.0.0.1:1?insecure=true": {plivo.MPC, cc.FateDepends, "http://127.0.0.1:1/v1/"},
	} {
		cfg, err := cc.ParseURL(url)
		require.NoError(t, err, url)
		asked := ""
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return letsNobodyIn{}.RoundTrip(r)
		})
		cfg.Secret = vault(usual)
		c, err := cc.OpenConfig(background, cfg)
		require.NoError(t, err, url)
		require.Empty(t, asked, "a constructor makes no request")
		require.Equal(t, want.provider, c.Provider())
		require.Equal(t, want.provider, c.Name())
		require.Equal(t, want.fate, c.Capabilities().Removed, url)
		require.ErrorIs(t, c.Check(background), cc.ErrUnauthenticated)
		require.Equal(t, want.host+"Account/"+authID+"/", asked[:len(want.host+"Account/"+authID+"/")])
		require.NoError(t, c.Close())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBadConfiguration(t *testing.T) {
	without := func(name string) map[string]string {
		m := map[string]string{}
		for k, v := range usual {
			if k != name {
				m[k] = v
			}
		}
		return m
	}
	with := func(name, value string) map[string]string {
		m := without(name)
		m[name] = value
		return m
	}
	for _, x := range []struct {
		cfg     cc.Config
		secrets map[string]string
		says    string
	}{
		{cc.Config{}, without("PLIVO_AUTH_ID"), `"PLIVO_AUTH_ID" is missing`},
		{cc.Config{}, without("PLIVO_AUTH_TOKEN"), `"PLIVO_AUTH_TOKEN" is missing`},
		{cc.Config{}, with("PLIVO_AUTH_TOKEN", " "), `"PLIVO_AUTH_TOKEN" is blank`},
		{cc.Config{}, with("PLIVO_AUTH_TOKEN", "xyz xyz"), "the auth token has a blank"},
		{cc.Config{}, with("PLIVO_AUTH_TOKEN", "a\x00"), "the auth token has a blank"},
		{cc.Config{}, with("PLIVO_AUTH_ID", "MA/../x"), "the auth id has a character"},
		{cc.Config{}, with("PLIVO_AUTH_ID", "MA:x"), "the auth id has a character"},
		{cc.Config{Settings: map[string]string{"remove": "kick"}}, usual, `"remove" is "leave" or "hangup"`},
		{cc.Config{Settings: map[string]string{"remove": ""}}, usual, `"remove" is "leave" or "hangup"`},
		{cc.Config{Settings: map[string]string{"rate": "0"}}, usual, `"rate" is a whole number`},
		{cc.Config{Settings: map[string]string{"rate": "100001"}}, usual, `"rate" is a whole number`},
		{cc.Config{Settings: map[string]string{"rate": "ten"}}, usual, `"rate" is a whole number`},
		{cc.Config{Settings: map[string]string{"rats": "1"}}, usual, `unknown setting "rats"; known are insecure, rate, remove, signature`},
		{cc.Config{Endpoint: "http://api.example.net"}, usual, "plain http"},
		{cc.Config{Endpoint: "https://a:b@api.example.net"}, usual, "password"},
	} {
		for _, provider := range []string{plivo.MPC, plivo.Conference} {
			cfg := x.cfg
			cfg.Provider, cfg.Secret = provider, vault(x.secrets)
			_, err := cc.OpenConfig(background, cfg)
			require.ErrorIs(t, err, cc.ErrInvalid, x.says)
			require.ErrorContains(t, err, x.says)
			requireDiscreet(t, err, "xyz")
		}
	}
}

func TestTwoAccountsDifferByTheNamesOfTheirSecrets(t *testing.T) {
	w := newWire()
	cfg := cc.Config{
		Name: "west", Provider: plivo.MPC, Transport: w, Secret: vault(map[string]string{"WEST_ID": authID, "WEST_TOKEN": authToken}),
		Secrets: map[string]string{"PLIVO_AUTH_ID": "WEST_ID", "PLIVO_AUTH_TOKEN": "WEST_TOKEN"},
	}
	c, err := cc.OpenConfig(background, cfg)
	require.NoError(t, err)
	require.Equal(t, "west", c.Name())
	_, err = c.Conference("a").Snapshot(background)
	require.ErrorIs(t, err, cc.ErrNotFound)
	require.Equal(t, "west", problem(t, err).Client)
	require.Equal(t, basic, w.last(t).Header.Get("Authorization"))
	require.NoError(t, c.Close())
}

func TestOptionsThatCannotWork(t *testing.T) {
	for name, change := range map[string]func(*plivo.Options){
		"no id":       func(o *plivo.Options) { o.AuthID = "" },
		"long id":     func(o *plivo.Options) { o.AuthID = string(make([]byte, 65)) },
		"no token":    func(o *plivo.Options) { o.AuthToken = plivo.Secret{} },
		"empty token": func(o *plivo.Options) { o.AuthToken = plivo.NewSecret("") },
		"blank token": func(o *plivo.Options) { o.AuthToken = plivo.NewSecret(" ") },
		"removal":     func(o *plivo.Options) { o.Remove = 2 },
		"rate":        func(o *plivo.Options) { o.Rate = -1 },
		"endpoint":    func(o *plivo.Options) { o.Endpoint = "http://api.example.net" },
		"insecure":    func(o *plivo.Options) { o.Endpoint, o.Insecure = "http://api.example.net", true },
		"timeout":     func(o *plivo.Options) { o.Timeout = -1 },
		"poll":        func(o *plivo.Options) { o.Poll = -time.Second },
		"public URL":  func(o *plivo.Options) { o.PublicURL = "http://hooks.example.net" },
		"tokens":      func(o *plivo.Options) { o.PublicURL, o.Tokens = public, secrets("a b") },
		"16 tokens": func(o *plivo.Options) {
			o.PublicURL, o.Tokens = public, secrets(strings.Split(strings.Repeat("a", 16), "")...)
		},
		"no use of V2":     func(o *plivo.Options) { o.AllowV2 = true },
		"no use of tokens": func(o *plivo.Options) { o.Tokens = secrets("a") },
	} {
		for _, open := range []func(plivo.Options) (cc.Client, error){plivo.NewMPC, plivo.NewConference} {
			o := options(newWire())
			change(&o)
			c, err := open(o)
			require.Nil(t, c, name)
			require.ErrorIs(t, err, cc.ErrInvalid, name)
			require.Equal(t, cc.OpOpen, problem(t, err).Op, name)
			require.Regexp(t, `: invalid: .{20,}`, err.Error(), name)
		}
	}
}

func TestConferencesLeftOutAreCountedInTheLog(t *testing.T) {
	var log bytes.Buffer
	o := options(newWire().on("GET /Conference/", ok(`{"conferences":["a/15550101","..","fine"]}`)))
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	require.Len(t, all(t, client(t, plivo.NewConference, o).Conferences(background)), 1)
	require.Contains(t, log.String(), "count=2")
	require.NotContains(t, log.String(), "15550101")
}

// One limiter is one rate, whoever uses it.
func TestClientsShareALimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		w.otherise = ok(`{"objects":[],"conferences":[]}`)
		o := options(w)
		o.Limiter = plivo.NewLimiter(10)
		a, b := client(t, plivo.NewMPC, o), client(t, plivo.NewConference, o)
		began := time.Now()
		for range 20 {
			require.NoError(t, a.Check(background))
			require.NoError(t, b.Check(background))
		}
		require.GreaterOrEqual(t, time.Since(began), 14*time.Second, "40 requests at 10 in 5 s")
		require.LessOrEqual(t, time.Since(began), 21*time.Second)
	})
}
