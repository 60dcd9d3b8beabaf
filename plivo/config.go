package plivo

import (
	"context"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
)

// The names of the settings and of the secrets.
const (
	settingRemove    = "remove"
	settingRate      = "rate"
	settingSignature = "signature"
	settingInsecure  = "insecure" // of every provider

	secretAuthID    = "PLIVO_AUTH_ID"
	secretAuthToken = "PLIVO_AUTH_TOKEN"
)

// The secrets that callbacks may be signed with beside the auth token. They are looked up where a
// configuration names them, so that no word that happens to be in the environment is trusted.
var secretTokens = []string{"PLIVO_MAIN_AUTH_TOKEN", "PLIVO_OLD_AUTH_TOKEN", "PLIVO_OLD_MAIN_AUTH_TOKEN"}

func init() {
	cc.Register(MPC, func(ctx context.Context, cfg cc.Config) (cc.Client, error) {
		return openConfig(ctx, cfg, NewMPC)
	})
	cc.Register(Conference, func(ctx context.Context, cfg cc.Config) (cc.Client, error) {
		return openConfig(ctx, cfg, NewConference)
	})
}

// openConfig opens a client by the Options of a configuration.
func openConfig(ctx context.Context, cfg cc.Config, open func(Options) (cc.Client, error)) (cc.Client, error) {
	o, err := configured(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return open(o)
}

func configured(ctx context.Context, cfg cc.Config) (Options, error) {
	if err := cfg.UnknownSettings(settingRemove, settingRate, settingSignature); err != nil {
		return Options{}, err
	}
	endpoint, err := cfg.EndpointURL(defaultEndpoint)
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Name: cfg.Name, Endpoint: endpoint.String(), Insecure: cfg.Settings[settingInsecure] == "true",
		PublicURL: cfg.PublicURL, Notified: cfg.Notified, Transport: cfg.Transport, Logger: cfg.Logger,
	}
	wrong := func(detail cc.Detail) error {
		return &cc.Error{Op: cc.OpOpen, Client: cfg.Name, Provider: cfg.Provider, Kind: cc.ErrInvalid, Err: detail}
	}
	if remove, ok := cfg.Settings[settingRemove]; ok {
		switch remove {
		case "leave":
			o.Remove = RemoveLeave
		case "hangup":
			o.Remove = RemoveHangUp
		default:
			return Options{}, wrong(`the setting "remove" is "leave" or "hangup"`)
		}
	}
	if signature, ok := cfg.Settings[settingSignature]; ok {
		if signature != "v3" && signature != "v2" {
			return Options{}, wrong(`the setting "signature" is "v3" or "v2"`)
		}
		o.AllowV2 = signature == "v2"
	}
	if rate, ok := cfg.Settings[settingRate]; ok {
		if o.Rate, err = strconv.Atoi(rate); err != nil || o.Rate < 1 || o.Rate > maxRate {
			return Options{}, wrong(`the setting "rate" is a whole number of requests per 5 s, from 1 to 100000`)
		}
	}
	if o.AuthID, err = cfg.SecretValue(ctx, secretAuthID); err != nil {
		return Options{}, err
	}
	token, err := cfg.SecretValue(ctx, secretAuthToken)
	if err != nil {
		return Options{}, err
	}
	o.AuthToken = NewSecret(token)
	for _, name := range secretTokens {
		if _, named := cfg.Secrets[name]; !named || o.PublicURL == "" {
			continue
		}
		if token, err = cfg.SecretValue(ctx, name); err != nil {
			return Options{}, err
		}
		o.Tokens = append(o.Tokens, NewSecret(token))
	}
	return o, nil
}
