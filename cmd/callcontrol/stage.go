package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	_ "github.com/callcontrol-go/callcontrol/provider/all"
)

// A stage is one provider, opened from configuration alone, and the bridge behind it, which knows
// the truth.
type stage struct {
	url    string // the configuration
	where  string // what stands at the other end
	client cc.Client
	bridge *fake.Switch
	idOf   func(*fake.Member) cc.ParticipantID // by which this provider knows a member
	name   func() (cc.ConferenceID, error)     // by which it knows the conference, once there is one; nil: room
	sent   func() int                          // commands that have reached the provider
	close  func() error
}

// A setting opens a stage. The caller closes what it gives.
type setting struct {
	title string
	open  func(ctx context.Context) (*stage, error)
}

// settings lists what the demo plays against.
func settings() []setting {
	return []setting{
		{"fake", fakeStage("fake:")},
		{"fake-genesys", fakeStage("fake:?profile=genesys")},
		{"plivo-mpc", plivoStage("plivo-mpc")},
		{"plivo-conference", plivoStage("plivo-conference")},
		{"genesys", genesysStage},
	}
}

// fakeStage opens a client that brings its bridge along.
func fakeStage(url string) func(context.Context) (*stage, error) {
	return func(ctx context.Context) (*stage, error) {
		client, err := cc.Open(ctx, url)
		if err != nil {
			return nil, err
		}
		bridge, ok := cc.As[*fake.Switch](client)
		profile, known := cc.As[fake.Profile](client)
		if !ok || !known {
			return nil, fmt.Errorf("%s does not tell its bridge", url)
		}
		return &stage{
			url: url, where: "a bridge in this process",
			client: client, bridge: bridge,
			idOf:  profile.ParticipantID,
			sent:  func() int { commands, _ := bridge.Requests(); return commands },
			close: client.Close,
		}, nil
	}
}

// plivoStage starts a server that speaks Plivo's API on a loopback port, and opens a client of it as
// any application would: by a URL, and by the names of two secrets.
func plivoStage(provider string) func(context.Context) (*stage, error) {
	return func(ctx context.Context) (_ *stage, err error) {
		bridge := fake.NewSwitch(fake.Options{})
		defer func() {
			if err != nil {
				bridge.Close()
			}
		}()
		server, err := plivoserver.New(bridge, plivoserver.Options{})
		if err != nil {
			return nil, err
		}
		endpoint, err := server.Start(plivoserver.TCP)
		if err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				endpoint.Close()
			}
		}()
		// plivo-mpc://127.0.0.1:41234?insecure=true
		url := fmt.Sprintf("%s:%s?insecure=true", provider, trimScheme(endpoint.URL()))
		config, err := cc.ParseURL(url)
		if err != nil {
			return nil, err
		}
		config.Secret = secrets{"PLIVO_AUTH_ID": server.AuthID(), "PLIVO_AUTH_TOKEN": server.AuthToken()}.lookup
		client, err := cc.OpenConfig(ctx, config)
		if err != nil {
			return nil, err
		}
		return &stage{
			url: url, where: "a server on loopback that speaks Plivo's API",
			client: client, bridge: bridge,
			idOf: (*fake.Member).ID,
			sent: func() int { return server.Counts().Commands },
			close: func() error {
				return errors.Join(client.Close(), endpoint.Close(), bridge.Close())
			},
		}, nil
	}
}

// genesysStage starts a server that speaks the API of Genesys on a loopback port, with Ada for its agent,
// and opens a client of Ada's login.
func genesysStage(ctx context.Context) (_ *stage, err error) {
	bridge := fake.NewSwitch(fake.Options{})
	closers := []func() error{bridge.Close}
	closeAll := func() error {
		var all []error
		for _, one := range slices.Backward(closers) {
			all = append(all, one())
		}
		return errors.Join(all...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	server, err := genesysserver.New(bridge, genesysserver.Options{})
	if err != nil {
		return nil, err
	}
	closers = append(closers, server.Close)
	agent, err := server.AddAgent(genesysserver.AgentOptions{User: fake.Me, DN: adasNumber, Password: "fake-agent-password"})
	if err != nil {
		return nil, err
	}
	endpoint, err := server.Start(genesysserver.TCP)
	if err != nil {
		return nil, err
	}
	closers = append(closers, endpoint.Close)
	// genesys://me@127.0.0.1:41234?insecure=true
	url := fmt.Sprintf("genesys://%s@%s?insecure=true", agent.User(), strings.TrimPrefix(endpoint.URL(), "http://"))
	config, err := cc.ParseURL(url)
	if err != nil {
		return nil, err
	}
	config.Secret = secrets{"GENESYS_PASSWORD": agent.Password()}.lookup
	client, err := cc.OpenConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	closers = append(closers, client.Close)
	return &stage{
		url: url, where: "a server on loopback that speaks the API of Genesys, to one of its agents",
		client: client, bridge: bridge,
		idOf: func(m *fake.Member) cc.ParticipantID { return cc.ParticipantID(m.Address()) },
		name: func() (cc.ConferenceID, error) {
			id, err := server.CallID(room)
			return cc.ConferenceID(id), err
		},
		sent:  func() int { return server.Counts().CallPosts },
		close: closeAll,
	}, nil
}

// trimScheme gives what follows "http:" in a URL.
func trimScheme(url string) string {
	const scheme = "http:"
	return url[len(scheme):]
}

// secrets stand where an application has its environment, its files or its vault.
type secrets map[string]string

func (s secrets) lookup(_ context.Context, name string) (string, error) {
	value, ok := s[name]
	if !ok {
		return "", fs.ErrNotExist
	}
	return value, nil
}
