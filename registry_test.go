package callcontrol_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// Providers for these tests, which cannot be taken back.
func init() {
	cc.Register("test-good", func(_ context.Context, c cc.Config) (cc.Client, error) {
		if err := c.UnknownSettings("color"); err != nil {
			return nil, err
		}
		c.Settings["color"] = "changed"
		return &stubClient{name: c.Name, provider: c.Provider, vendor: c.Secrets["A"]}, nil
	})
	cc.Register("test-plain-error", func(context.Context, cc.Config) (cc.Client, error) {
		return nil, errors.New("for " + person)
	})
	cc.Register("test-context-error", func(context.Context, cc.Config) (cc.Client, error) {
		return nil, context.DeadlineExceeded
	})
	cc.Register("test-kind", func(context.Context, cc.Config) (cc.Client, error) { return nil, cc.ErrUnsupported })
	cc.Register("test-terse", func(context.Context, cc.Config) (cc.Client, error) {
		return nil, &cc.Error{Err: cc.Detail("no desk")}
	})
	cc.Register("test-nil-error", func(context.Context, cc.Config) (cc.Client, error) {
		var none *cc.Error
		return nil, none
	})
	cc.Register("test-nothing", func(context.Context, cc.Config) (cc.Client, error) { return nil, nil })
}

func TestProviders(t *testing.T) {
	got := cc.Providers()
	require.True(t, slices.IsSorted(got))
	require.Equal(t, []string{"fake", "test-context-error", "test-good", "test-kind", "test-nil-error", "test-nothing", "test-plain-error", "test-terse"}, got)
	got[0] = "mine"
	require.NotEqual(t, got, cc.Providers(), "a copy")
}

func TestRegisterPanics(t *testing.T) {
	open := func(context.Context, cc.Config) (cc.Client, error) { return nil, nil }
	require.PanicsWithValue(t, "callcontrol: Register called twice for test-good", func() { cc.Register("test-good", open) })
	require.PanicsWithValue(t, "callcontrol: Register of test-nil without a function", func() { cc.Register("test-nil", nil) })
	for _, name := range []string{"", "Test", "test_x", "9", "-a", "a b", "a:"} {
		require.PanicsWithValue(t, "callcontrol: Register with a name that is not lower-case letters, digits and hyphens",
			func() { cc.Register(name, open) }, name)
	}
}

func TestOpen(t *testing.T) {
	c, err := cc.Open(t.Context(), "test-good:?name=support&color=red&secret.A=B")
	require.NoError(t, err)
	require.Equal(t, "support", c.Name())
	require.Equal(t, "test-good", c.Provider())
	vendor, ok := cc.As[string](c)
	require.True(t, ok)
	require.Equal(t, "B", vendor)
	require.NoError(t, c.Close())
}

func TestOpenWithPublicURL(t *testing.T) {
	for _, cfg := range []cc.Config{
		{PublicURL: "https://us.example.test/calls"},
		{PublicURL: "http://127.0.0.1:8080", Endpoint: "http://127.0.0.1:9090", Settings: map[string]string{"insecure": "true"}},
	} {
		cfg = good(cfg)
		if cfg.Settings == nil {
			cfg.Settings = map[string]string{}
		}
		c, err := cc.OpenConfig(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

func TestOpenConfigKeepsItsOwnCopy(t *testing.T) {
	cfg := cc.Config{Provider: "test-good", Settings: map[string]string{"color": "red"}, Secrets: map[string]string{"A": "B"}}
	want := maps.Clone(cfg.Settings)
	c, err := cc.OpenConfig(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, want, cfg.Settings)
}

func TestOpenRefuses(t *testing.T) {
	const everything = `; import _ "github.com/callcontrol-go/callcontrol/provider/all" for every provider of this module: ` +
		"fake, genesys, plivo-conference, plivo-mpc"
	const known = "; known here: fake, test-context-error, test-good, test-kind, test-nil-error, test-nothing, test-plain-error, test-terse"
	hinted := func(name, path string) string {
		return `Open: invalid: unknown provider "` + name + `": import _ "github.com/callcontrol-go/callcontrol/` + path +
			`", or _ "github.com/callcontrol-go/callcontrol/provider/all" for every provider` + known
	}
	for s, want := range map[string]string{
		"plivo-mpc:":              hinted("plivo-mpc", "plivo"),
		"plivo-conference:":       hinted("plivo-conference", "plivo"),
		"plivo:":                  `Open: invalid: unknown provider "plivo"` + everything + known,
		"test-good":               "ParseURL: invalid: want provider:[?setting=value] or provider://[user@]host[:port][/prefix][?setting=value]",
		"test-good:?shape=round":  `Open (test-good): invalid: unknown setting "shape"; known are color, insecure`,
		"test-good:?public_url=x": "Open (test-good): invalid: the public URL is not an https URL",
		"test-good:?public_url=http%3A%2F%2F127.0.0.1": "Open (test-good): invalid: the public URL must be https, or on loopback with the setting insecure=true",
		"test-plain-error:":                            "Open (test-plain-error): invalid",
		"test-context-error:":                          "Open (test-context-error): canceled: context deadline exceeded",
		"test-kind:":                                   "Open (test-kind): unsupported",
		"test-terse:":                                  "Open (test-terse): invalid: no desk",
		"test-terse:?name=support":                     "Open (test-terse, support): invalid: no desk",
		"test-nil-error:":                              "Open (test-nil-error): invalid",
		"test-nothing:":                                "Open (test-nothing): invalid: the driver opened no client",
	} {
		c, err := cc.Open(t.Context(), s)
		require.Nil(t, c)
		require.EqualError(t, err, want, s)
		var e *cc.Error
		require.ErrorAs(t, err, &e)
	}
	for want, cfg := range map[string]cc.Config{
		"Open: invalid: the provider is missing" + everything + known:                                     {},
		"Open: invalid: unknown provider, and not a name that one can have" + everything + known:          {Provider: "Jane Doe"},
		"Open (test-good, (hidden)): invalid: the name has more than 64 bytes, or is not printable":       good(cc.Config{Name: "a\nb"}),
		"Open (test-good): invalid: the endpoint has a user or a password":                                good(cc.Config{Endpoint: "https://u:" + credential + "@x.test"}),
		"Open (test-good): invalid: the endpoint is plain http to a host that is not loopback; use https": good(cc.Config{Endpoint: "http://x.test"}),
		`Open (test-good): invalid: the setting "insecure" is "true" or "false"`:                          good(cc.Config{Settings: map[string]string{"insecure": "on"}}),
		"Open (test-good): invalid: insecure=true needs an endpoint, on loopback":                         good(cc.Config{Settings: map[string]string{"insecure": "true"}}),
	} {
		c, err := cc.OpenConfig(t.Context(), cfg)
		require.Nil(t, c)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, cc.ErrInvalid)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := cc.Open(ctx, "test-good:")
	require.ErrorIs(t, err, cc.ErrCanceled)
	require.ErrorIs(t, err, context.Canceled)
	_, err = cc.Open(noContext, "test-good:")
	require.EqualError(t, err, "Open (test-good): invalid: the context is nil")
}

func good(c cc.Config) cc.Config {
	c.Provider = "test-good"
	return c
}
