package fake

import (
	"context"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

func init() { cc.Register(providerName, open) }

// open makes a client in front of a bridge of its own, from a configuration.
func open(_ context.Context, cfg cc.Config) (cc.Client, error) {
	if cfg.Endpoint != "" {
		return nil, misconfigured(cfg, "fake has no endpoint: it is a bridge in this process")
	}
	if err := cfg.UnknownSettings("profile"); err != nil {
		return nil, err
	}
	p, ok := profileOf(cfg.Settings["profile"])
	if !ok {
		return nil, misconfigured(cfg, "unknown profile; fake has "+cc.Detail(strings.Join(profileNames(), ", ")))
	}
	sw := NewSwitch(Options{})
	d, err := sw.driver(p)
	if err != nil {
		return nil, err
	}
	d.owned, d.log = true, cfg.Logger
	o := p.Options()
	o.Config = cfg
	return provider.New(d, o)
}

func misconfigured(cfg cc.Config, text cc.Detail) error {
	e := fail(cc.ErrInvalid, text)
	e.Op, e.Client, e.Provider = cc.OpOpen, cfg.Name, cfg.Provider
	return e
}

// profileOf finds a profile by its name in configurations.
func profileOf(name string) (Profile, bool) {
	for _, p := range Profiles() {
		if p.Name == name || name == "" {
			return p, true
		}
	}
	return Profile{}, false
}

func profileNames() []string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
	}
	return names
}
