package callcontrol_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

const tokenName = "PLIVO_AUTH_TOKEN"

func TestSecretValue(t *testing.T) {
	vault := func(_ context.Context, name string) (string, error) {
		switch name {
		case tokenName:
			return "usual-value", nil
		case "support/token":
			return "other-value\r\n", nil
		case "blank":
			return " \t\n", nil
		case "absent":
			return "", fmt.Errorf("support: %w", fs.ErrNotExist)
		case "refused":
			return "", fmt.Errorf("vault: %w", &cc.Error{Kind: cc.ErrForbidden, Message: credential})
		case "slow":
			return "", context.DeadlineExceeded
		}
		return "", errors.New("vault is sealed; value " + credential)
	}
	t.Setenv(tokenName, "env-value")
	t.Setenv("SUPPORT_TOKEN", "env-other")
	t.Setenv("BLANK_TOKEN", "")
	for name, c := range map[string]struct {
		secrets map[string]string
		env     bool
		want    string
		kind    cc.Kind
		text    string
	}{
		"usual":             {want: "usual-value"},
		"other":             {secrets: map[string]string{tokenName: "support/token"}, want: "other-value"},
		"of something else": {secrets: map[string]string{"OTHER": "absent"}, want: "usual-value"},
		"blank":             {secrets: map[string]string{tokenName: "blank"}, kind: cc.ErrInvalid, text: `the secret "blank" (in place of "PLIVO_AUTH_TOKEN") is blank`},
		"absent":            {secrets: map[string]string{tokenName: "absent"}, kind: cc.ErrInvalid, text: `the secret "absent" (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"refused":           {secrets: map[string]string{tokenName: "refused"}, kind: cc.ErrForbidden, text: `the secret "refused" (in place of "PLIVO_AUTH_TOKEN") could not be looked up: callcontrol: forbidden`},
		"slow":              {secrets: map[string]string{tokenName: "slow"}, kind: cc.ErrCanceled, text: `the secret "slow" (in place of "PLIVO_AUTH_TOKEN") could not be looked up: context deadline exceeded`},
		"sealed":            {secrets: map[string]string{tokenName: "any"}, kind: cc.ErrUnavailable, text: `the secret "any" (in place of "PLIVO_AUTH_TOKEN") could not be looked up`},
		"no name":           {secrets: map[string]string{tokenName: " "}, kind: cc.ErrInvalid, text: `the name to look up for the secret "PLIVO_AUTH_TOKEN" is empty`},
		"value as name":     {secrets: map[string]string{tokenName: "MGRhNTBjYzI2ZmE5NzY0"}, env: true, kind: cc.ErrInvalid, text: `the secret (hidden) (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"long name":         {secrets: map[string]string{tokenName: "projects/123456789012/secrets/plivo-token/versions/latest-and-greatest"}, env: true, kind: cc.ErrInvalid, text: `the secret "projects/123456789012/secrets/plivo-token/versions/latest-and-greatest" (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"uuid as name":      {secrets: map[string]string{tokenName: "550e8400-e29b-41d4-a716-446655440000"}, env: true, kind: cc.ErrInvalid, text: `the secret (hidden) (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"hex as name":       {secrets: map[string]string{tokenName: "deadbeefdeadbeefdead"}, env: true, kind: cc.ErrInvalid, text: `the secret (hidden) (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"mixed as name":     {secrets: map[string]string{tokenName: "Abc-dEf_9"}, env: true, kind: cc.ErrInvalid, text: `the secret (hidden) (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"odd name":          {secrets: map[string]string{tokenName: "a b!"}, env: true, kind: cc.ErrInvalid, text: `the secret (hidden) (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"environment":       {env: true, want: "env-value"},
		"env other":         {env: true, secrets: map[string]string{tokenName: "SUPPORT_TOKEN"}, want: "env-other"},
		"env absent":        {env: true, secrets: map[string]string{tokenName: "NO_SUCH_TOKEN_HERE"}, kind: cc.ErrInvalid, text: `the secret "NO_SUCH_TOKEN_HERE" (in place of "PLIVO_AUTH_TOKEN") is missing`},
		"env blank":         {env: true, secrets: map[string]string{tokenName: "BLANK_TOKEN"}, kind: cc.ErrInvalid, text: `the secret "BLANK_TOKEN" (in place of "PLIVO_AUTH_TOKEN") is blank`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cc.Config{Provider: "plivo-mpc", Secrets: c.secrets}
			if !c.env {
				cfg.Secret = vault
			}
			got, err := cfg.SecretValue(t.Context(), tokenName)
			require.Equal(t, c.want, got)
			if c.kind == 0 {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.kind, cc.KindOf(err))
			require.EqualError(t, err, "Open (plivo-mpc): "+c.kind.Error()+": "+c.text)
		})
	}
	_, err := cc.Config{}.SecretValue(t.Context(), "NO_SUCH_TOKEN_HERE")
	require.EqualError(t, err, `Open: invalid: the secret "NO_SUCH_TOKEN_HERE" is missing`)
	_, err = cc.Config{Secret: vault, Secrets: map[string]string{tokenName: "slow"}}.SecretValue(t.Context(), tokenName)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestUnknownSettings(t *testing.T) {
	cfg := cc.Config{Name: "support", Provider: "plivo-mpc", Settings: map[string]string{"rate": "1", "insecure": "true"}}
	require.NoError(t, cfg.UnknownSettings("remove", "rate"))
	require.NoError(t, cc.Config{}.UnknownSettings())
	known := make([]string, 1, 2)
	known[0] = "remove"
	require.EqualError(t, cfg.UnknownSettings(known...),
		`Open (plivo-mpc, support): invalid: unknown setting "rate"; known are insecure, remove`)
	require.Equal(t, []string{"remove", ""}, known[:2], "the caller's slice is left alone")
	cfg.Settings["Jane Doe!"] = "x"
	err := cfg.UnknownSettings("remove", "insecure")
	require.ErrorIs(t, err, cc.ErrInvalid)
	require.EqualError(t, err, `Open (plivo-mpc, support): invalid: unknown settings (hidden), "rate"; known are insecure, remove`)
}

func TestEndpointURL(t *testing.T) {
	yes, no := map[string]string{"insecure": "true"}, map[string]string{"insecure": "false"}
	for _, c := range []struct {
		endpoint  string
		settings  map[string]string
		want, bad string
	}{
		{endpoint: "", want: "https://api.example.test/v1"},
		{endpoint: "https://other.example.test", want: "https://other.example.test"},
		{endpoint: "https://Other.Example.test:8443/a/b//", want: "https://other.example.test:8443/a/b"},
		{endpoint: "https://x.test/a%20b", want: "https://x.test/a%20b"},
		{endpoint: "https://[2001:db8::1]:8443", want: "https://[2001:db8::1]:8443"},
		{endpoint: "https://127.0.0.1", settings: yes, want: "https://127.0.0.1"},
		{endpoint: "http://127.0.0.1:8080/x", settings: yes, want: "http://127.0.0.1:8080/x"},
		{endpoint: "http://[::1]:8080", settings: yes, want: "http://[::1]:8080"},
		{endpoint: "http://localhost:8080", settings: yes, want: "http://localhost:8080"},
		{endpoint: "http://127.8.9.10", settings: yes, want: "http://127.8.9.10"},
		{endpoint: "http://127.0.0.1", bad: "the endpoint is plain http; on loopback that needs the setting insecure=true"},
		{endpoint: "http://127.0.0.1", settings: no, bad: "the endpoint is plain http; on loopback that needs the setting insecure=true"},
		{endpoint: "http://127.0.0.1", settings: map[string]string{"insecure": "yes"}, bad: `the setting "insecure" is "true" or "false"`},
		{endpoint: "http://x.test", bad: "the endpoint is plain http to a host that is not loopback; use https"},
		{endpoint: "http://x.test", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "https://x.test", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://[::ffff:127.0.0.1]:80", settings: yes, want: "http://[::ffff:127.0.0.1]:80"},
		{endpoint: "http://10.0.0.1", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://[2001:db8::1]", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://127.1", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://localhost.evil.test", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://127.0.0.1.evil.test", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "http://[::1%25lo]", settings: yes, bad: "the endpoint has no valid host"},
		{endpoint: "", settings: yes, bad: "insecure=true is for an endpoint on loopback only"},
		{endpoint: "https://user@x.test", bad: "the endpoint has a user or a password"},
		{endpoint: "https://user:" + credential + "@x.test", bad: "the endpoint has a user or a password"},
		{endpoint: "https://x.test?a=b", bad: "the endpoint has a query"},
		{endpoint: "https://x.test?", bad: "the endpoint has a query"},
		{endpoint: "https://x.test#f", bad: "the endpoint has a fragment"},
		{endpoint: "https://x.test#", bad: "the endpoint has a fragment"},
		{endpoint: "ftp://x.test", bad: "the endpoint is not an https URL"},
		{endpoint: "x.test", bad: "the endpoint is not an https URL"},
		{endpoint: "https:x.test", bad: "the endpoint has no valid host"},
		{endpoint: "https://", bad: "the endpoint has no valid host"},
		{endpoint: "https:///a", bad: "the endpoint has no valid host"},
		{endpoint: "https://ex ample", bad: "the endpoint is not a well-formed URL"},
		{endpoint: "https://b%C3%BCro.test", bad: "the endpoint has no valid host"},
		{endpoint: "https://x.test:", bad: "the endpoint has no valid port"},
		{endpoint: "https://x.test:0", bad: "the endpoint has no valid port"},
		{endpoint: "https://x.test:65536", bad: "the endpoint has no valid port"},
		{endpoint: "https://x.test/a/../b", bad: "the endpoint has a path with empty, dot or unprintable segments"},
		{endpoint: "https://x.test/a/%2e%2e/b", bad: "the endpoint has a path with empty, dot or unprintable segments"},
		{endpoint: "https://x.test/a/./b", bad: "the endpoint has a path with empty, dot or unprintable segments"},
		{endpoint: "https://x.test//a", bad: "the endpoint has a path with empty, dot or unprintable segments"},
		{endpoint: "https://x.test/a%2Fb", bad: "the endpoint has a path with empty, dot or unprintable segments"},
		{endpoint: "https://x.test/a%00b", bad: "the endpoint has a path with empty, dot or unprintable segments"},
	} {
		u, err := cc.Config{Endpoint: c.endpoint, Settings: c.settings}.EndpointURL("https://api.example.test/v1/")
		if c.bad != "" {
			require.EqualError(t, err, "Open: invalid: "+c.bad, c.endpoint)
			require.ErrorIs(t, err, cc.ErrInvalid)
			require.Nil(t, u)
			continue
		}
		require.NoError(t, err, c.endpoint)
		require.Equal(t, c.want, u.String())
	}
	_, err := cc.Config{}.EndpointURL("")
	require.EqualError(t, err, "Open: invalid: the endpoint is missing")
}
