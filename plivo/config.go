package plivo

import (
	"context"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
)

// The names of the settings and of the secrets.
const (
	settingRemove   = "remove"
	settingRate     = "rate"
	settingInsecure = "insecure" // of every provider

	secretAuthID    = "PLIVO_AUTH_ID"
	secretAuthToken = "PLIVO_AUTH_TOKEN"
)

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
	if err := cfg.UnknownSettings(settingRemove, settingRate); err != nil {
		return Options{}, err
	}
	endpoint, err := cfg.EndpointURL(defaultEndpoint)
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Name: cfg.Name, Endpoint: endpoint.String(), Insecure: cfg.Settings[settingInsecure] == "true",
		Transport: cfg.Transport, Logger: cfg.Logger,
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
	return o, nil
}
