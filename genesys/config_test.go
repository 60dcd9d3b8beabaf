package genesys_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/genesys"
)

func vault(secrets map[string]string) func(context.Context, string) (string, error) {
	return func(_ context.Context, name string) (string, error) {
		if s, ok := secrets[name]; ok {
			return s, nil
		}
		return "", fs.ErrNotExist
	}
}

func TestOpenByURL(t *testing.T) {
	for _, url := range []string{
		"genesys://agent7@gws.example.test",
		"genesys://agent7@gws.example.test:8090?start=false&name=seven",
		"genesys://agent7@gws.example.test?start=true&place=desk&login_code=9",
		"genesys://gws.example.test?secret.GENESYS_USER=OTHER_USER",
		"genesys://agent7@gws.example.test?secret.GENESYS_PASSWORD=OTHER_PASSWORD",
	} {
		cfg, err := cc.ParseURL(url)
		require.NoError(t, err, url)
		d := &desk{}
		cfg.Transport = d
		cfg.Secret = vault(map[string]string{"OTHER_USER": user, "GENESYS_PASSWORD": password + "\n", "OTHER_PASSWORD": password})
		c, err := cc.OpenConfig(background, cfg)
		require.NoError(t, err, url)
		require.Empty(t, d.lines(), "a constructor makes no request")
		require.Equal(t, genesys.Name, c.Provider())
		require.NoError(t, c.Check(background), url)
		require.NoError(t, c.Check(background), url)
		require.Equal(t, []string{"GET me?subresources=features%2Cdevices", "GET me"}, d.lines(), "the login is a check")
		require.NoError(t, c.Close())
	}
}

func TestWrongConfigurations(t *testing.T) {
	for _, url := range []string{
		"genesys:", "genesys://agent7@gws.example.test?start=yes", "genesys://agent7@gws.example.test?place=desk",
		"genesys://agent7@gws.example.test?colour=red", "genesys://gws.example.test",
		"genesys://agent7@gws.example.test?notifications=%252e%252e%2Fx",
	} {
		cfg, err := cc.ParseURL(url)
		require.NoError(t, err, url)
		cfg.Secret = vault(map[string]string{"GENESYS_PASSWORD": password})
		_, err = cc.OpenConfig(background, cfg)
		var e *cc.Error
		require.ErrorAs(t, err, &e, url)
		require.Equal(t, cc.ErrInvalid, e.Kind, url)
		require.Equal(t, cc.OpOpen, e.Op)
	}
	good := (&desk{}).options()
	for name, change := range map[string]func(*genesys.Options){
		"no endpoint":         func(o *genesys.Options) { o.Endpoint = "" },
		"plain http":          func(o *genesys.Options) { o.Endpoint = "http://gws.example.test" },
		"no user":             func(o *genesys.Options) { o.User = "" },
		"no password":         func(o *genesys.Options) { o.Password = genesys.Secret{} },
		"colon in the user":   func(o *genesys.Options) { o.User = "a:b" },
		"control character":   func(o *genesys.Options) { o.User = "a\nb" },
		"place without start": func(o *genesys.Options) { o.Place = "desk" },
		"negative time":       func(o *genesys.Options) { o.Timeout = -1 },
		"odd path":            func(o *genesys.Options) { o.Notifications = "a b" },
	} {
		o := good
		change(&o)
		_, err := genesys.New(o)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
	}
}

func TestIdentifiers(t *testing.T) {
	d := (&desk{}).driver(t)
	for _, ok := range []cc.ConferenceID{callID, "0071027198180018", "a", "uuid:" + callID, "uuid:3f2b-1"} {
		require.NoError(t, d.CheckConference(ok), "%s", string(ok))
	}
	for _, bad := range []cc.ConferenceID{"", "a_b", "a b", "a/b", "a.b", "uuid:", "uuid:a/b", "x:y", "all", "uuid:all", "..", "ä", cc.ConferenceID(make([]byte, 65))} {
		require.Error(t, d.CheckConference(bad), "%s", string(bad))
	}
	for _, ok := range []cc.ParticipantID{"15001", "+15550100", "sip:ana@example.test", "15001#2", "*61"} {
		require.NoError(t, d.CheckParticipant(ok), "%s", string(ok))
	}
	for _, bad := range []cc.ParticipantID{"", " 1", "1 2", "1,2", "1/2", "all", "..", "\x7f", "ä", cc.ParticipantID(make([]byte, 129))} {
		require.Error(t, d.CheckParticipant(bad), "%s", string(bad))
	}
}

func TestNothingShowsTheSecret(t *testing.T) {
	s := genesys.NewSecret(password)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, s), password)
		require.NotContains(t, fmt.Sprintf(verb, (&desk{}).options()), password)
	}
}
