package callcontrol_test

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

func TestParseURL(t *testing.T) {
	for s, want := range map[string]cc.Config{
		"fake:":                   {Provider: "fake"},
		"fake:?":                  {Provider: "fake"},
		"FAKE:":                   {Provider: "fake"},
		"fake:?profile=plivo-mpc": {Provider: "fake", Settings: map[string]string{"profile": "plivo-mpc"}},
		"fake:?profile=":          {Provider: "fake", Settings: map[string]string{"profile": ""}},
		"plivo-mpc:?remove=hangup&rate=20&name=support&secret.PLIVO_AUTH_TOKEN=SUPPORT_TOKEN": {
			Name: "support", Provider: "plivo-mpc", Settings: map[string]string{"remove": "hangup", "rate": "20"},
			Secrets: map[string]string{"PLIVO_AUTH_TOKEN": "SUPPORT_TOKEN"},
		},
		"plivo-mpc:?public_url=https%3A%2F%2Fus.test%2Fcalls": {Provider: "plivo-mpc", PublicURL: "https://us.test/calls"},
		"genesys://agent7@GWS.example.com:8443/api/v2/?place=desk+1": {
			Provider: "genesys", Endpoint: "https://gws.example.com:8443/api/v2",
			Settings: map[string]string{"user": "agent7", "place": "desk 1"},
		},
		"genesys://agent%40corp@gws.example.com": {
			Provider: "genesys", Endpoint: "https://gws.example.com", Settings: map[string]string{"user": "agent@corp"},
		},
		"genesys:?user=agent7":                 {Provider: "genesys", Settings: map[string]string{"user": "agent7"}},
		"plivo-mpc://x.test":                   {Provider: "plivo-mpc", Endpoint: "https://x.test"},
		"plivo-mpc://x.test/a%20b":             {Provider: "plivo-mpc", Endpoint: "https://x.test/a%20b"},
		"plivo-mpc://[::1]:80?insecure=true":   {Provider: "plivo-mpc", Endpoint: "http://[::1]:80", Settings: map[string]string{"insecure": "true"}},
		"plivo-mpc://localhost?insecure=true":  {Provider: "plivo-mpc", Endpoint: "http://localhost", Settings: map[string]string{"insecure": "true"}},
		"plivo-mpc://localhost?insecure=false": {Provider: "plivo-mpc", Endpoint: "https://localhost", Settings: map[string]string{"insecure": "false"}},
		"plivo-mpc://localhost":                {Provider: "plivo-mpc", Endpoint: "https://localhost"},
	} {
		got, err := cc.ParseURL(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
}

func TestParseURLRefuses(t *testing.T) {
	const form = "want provider:[?setting=value] or provider://[user@]host[:port][/prefix][?setting=value]"
	const noSecret = "a secret does not belong in a URL; secrets are named, as in secret.USUAL=OTHER"
	for s, want := range map[string]string{
		"":                                      "ParseURL: invalid: " + form,
		"fake":                                  "ParseURL: invalid: " + form,
		":":                                     "ParseURL: invalid: " + form,
		"1fake:":                                "ParseURL: invalid: " + form,
		"fa ke:":                                "ParseURL: invalid: " + form,
		"fake+x:":                               "ParseURL: invalid: " + form,
		"fake:x":                                "ParseURL (fake): invalid: " + form,
		"fake:/x":                               "ParseURL (fake): invalid: " + form,
		"fake:#x":                               "ParseURL (fake): invalid: a fragment has no meaning here",
		"fake://x.test#":                        "ParseURL (fake): invalid: a fragment has no meaning here",
		"fake://":                               "ParseURL (fake): invalid: the endpoint has no valid host",
		"fake:///a":                             "ParseURL (fake): invalid: the endpoint has no valid host",
		"fake://a b":                            "ParseURL (fake): invalid: not a well-formed URL; " + form,
		"fake://x.test:x":                       "ParseURL (fake): invalid: not a well-formed URL; " + form,
		"fake://x.test:70000":                   "ParseURL (fake): invalid: the endpoint has no valid port",
		"fake://x.test/../a":                    "ParseURL (fake): invalid: the endpoint has a path with empty, dot or unprintable segments",
		"fake://u:" + credential + "@x.test":    "ParseURL (fake): invalid: a password does not belong in a URL; secrets are named, as in secret.USUAL=OTHER",
		"fake://u:@x.test":                      "ParseURL (fake): invalid: a password does not belong in a URL; secrets are named, as in secret.USUAL=OTHER",
		"fake://@x.test":                        "ParseURL (fake): invalid: the user is empty or not printable",
		"fake://%00@x.test":                     "ParseURL (fake): invalid: the user is empty or not printable",
		"fake://u@x.test?user=v":                `ParseURL (fake): invalid: the setting "user" is given twice`,
		"fake:?a=1&a=2":                         `ParseURL (fake): invalid: the key "a" is repeated`,
		"fake:?a=1&%61=1":                       `ParseURL (fake): invalid: the key "a" is repeated`,
		"fake:?name=a&name=b":                   `ParseURL (fake): invalid: the key "name" is repeated`,
		"fake:?=1":                              "ParseURL (fake): invalid: a key is not a word",
		"fake:?15551234567=1":                   "ParseURL (fake): invalid: a key is not a word",
		"fake:?a+b=1":                           "ParseURL (fake): invalid: a key is not a word",
		"fake:?a;b":                             "ParseURL (fake): invalid: not a well-formed query",
		"fake:?a=%zz":                           "ParseURL (fake): invalid: not a well-formed query",
		"fake:?a=%0A":                           `ParseURL (fake): invalid: the value of "a" is not printable`,
		"fake:?a=%FF":                           `ParseURL (fake): invalid: the value of "a" is not printable`,
		"fake:?name=":                           "ParseURL (fake): invalid: the name is empty, or has more than 64 bytes",
		"fake:?name=" + strings.Repeat("n", 65): "ParseURL (fake): invalid: the name is empty, or has more than 64 bytes",
		"fake:?secret.=A":                       "ParseURL (fake): invalid: want secret.USUAL=OTHER with two names",
		"fake:?secret.A=":                       "ParseURL (fake): invalid: want secret.USUAL=OTHER with two names",
		"fake:?password=" + credential:          "ParseURL (fake): invalid: " + noSecret,
		"fake:?token=" + credential:             "ParseURL (fake): invalid: " + noSecret,
		"fake:?auth_token=" + credential:        "ParseURL (fake): invalid: " + noSecret,
		"fake:?secret=" + credential:            "ParseURL (fake): invalid: " + noSecret,
		"fake:?endpoint=x":                      "ParseURL (fake): invalid: want the endpoint in its place: " + strings.TrimPrefix(form, "want "),
		"fake:?provider=x":                      "ParseURL (fake): invalid: want the provider in its place: " + strings.TrimPrefix(form, "want "),
		"fake:?insecure=true":                   "ParseURL (fake): invalid: insecure=true needs a host, on loopback",
		"fake:?insecure=1":                      `ParseURL (fake): invalid: the setting "insecure" is "true" or "false"`,
		"fake://x.test?insecure=true":           "ParseURL (fake): invalid: insecure=true is for an endpoint on loopback only",
	} {
		got, err := cc.ParseURL(s)
		require.EqualError(t, err, want, s)
		require.ErrorIs(t, err, cc.ErrInvalid, s)
		require.Equal(t, cc.Config{}, got, s)
	}
}

// spell is the inverse of ParseURL for what ParseURL gives.
func spell(c cc.Config) string {
	query := url.Values{}
	rest := ""
	for key, value := range c.Settings {
		query.Set(key, value)
	}
	for usual, other := range c.Secrets {
		query.Set("secret."+usual, other)
	}
	if c.Name != "" {
		query.Set("name", c.Name)
	}
	if c.PublicURL != "" {
		query.Set("public_url", c.PublicURL)
	}
	if c.Endpoint != "" {
		_, rest, _ = strings.Cut(c.Endpoint, "//")
		if user, ok := c.Settings["user"]; ok && user != "" {
			query.Del("user")
			rest = url.User(user).String() + "@" + rest
		}
		rest = "//" + rest
	}
	if len(query) > 0 {
		rest += "?" + query.Encode()
	}
	return c.Provider + ":" + rest
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"fake:", "plivo-mpc:?remove=hangup&name=a&secret.A=B", "genesys://agent7@gws.example.com:8443/api?place=desk",
		"plivo-mpc://127.0.0.1:80?insecure=true", "fake://u:" + credential + "@x.test", "fake:?a=1&a=1", "fake://x/a%2Fb", "a://[::1]/%41",
		"fake:?user=&public_url=x", "fake://%40@x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := cc.ParseURL(s)
		if err != nil {
			require.ErrorIs(t, err, cc.ErrInvalid)
			require.NotContains(t, err.Error(), credential)
			require.Equal(t, cc.Config{}, c)
			return
		}
		again, err := cc.ParseURL(spell(c))
		require.NoError(t, err, "%q", spell(c))
		require.Equal(t, c, again)
		if c.Endpoint != "" {
			u, err := c.EndpointURL("")
			require.NoError(t, err)
			require.Equal(t, c.Endpoint, u.String())
			require.Nil(t, u.User)
			require.Equal(t, c.Settings["insecure"] == "true", u.Scheme == "http")
		}
		keys := slices.Sorted(maps.Keys(c.Settings))
		require.NoError(t, c.UnknownSettings(keys...))
		require.Equal(t, c.Provider, strings.ToLower(c.Provider))
		require.Empty(t, cmp.Or(c.Settings["password"], c.Settings["token"], c.Settings["secret"]))
	})
}
