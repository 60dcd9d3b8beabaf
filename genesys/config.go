package genesys

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
)

// The names of the settings and of the secrets.
const (
	settingUser          = "user"
	settingStart         = "start"
	settingPlace         = "place"
	settingLoginCode     = "login_code"
	settingQueue         = "queue"
	settingDevice        = "device"
	settingNotifications = "notifications"
	settingInsecure      = "insecure" // of every provider

	secretUser     = "GENESYS_USER"
	secretPassword = "GENESYS_PASSWORD"
)

func init() { cc.Register(Name, openConfig) }

// openConfig opens a client by the Options of a configuration.
func openConfig(ctx context.Context, cfg cc.Config) (cc.Client, error) {
	o, err := configured(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return New(o)
}

func configured(ctx context.Context, cfg cc.Config) (Options, error) {
	err := cfg.UnknownSettings(settingUser, settingStart, settingPlace, settingLoginCode, settingQueue,
		settingDevice, settingNotifications)
	if err != nil {
		return Options{}, err
	}
	endpoint, err := cfg.EndpointURL("")
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Name: cfg.Name, Endpoint: endpoint.String(), Insecure: cfg.Settings[settingInsecure] == "true",
		Place: cfg.Settings[settingPlace], LoginCode: cfg.Settings[settingLoginCode],
		Queue: cfg.Settings[settingQueue], Device: cfg.Settings[settingDevice],
		Notifications: cfg.Settings[settingNotifications],
		Transport:     cfg.Transport, Logger: cfg.Logger,
	}
	switch cfg.Settings[settingStart] {
	case "", "false":
	case "true":
		o.Start = true
	default:
		return Options{}, &cc.Error{
			Op: cc.OpOpen, Client: cfg.Name, Provider: cfg.Provider, Kind: cc.ErrInvalid,
			Err: cc.Detail(`the setting "start" is "true" or "false"`),
		}
	}
	user, ok := cfg.Settings[settingUser]
	if !ok {
		if user, err = cfg.SecretValue(ctx, secretUser); err != nil {
			return Options{}, err
		}
	}
	password, err := cfg.SecretValue(ctx, secretPassword)
	if err != nil {
		return Options{}, err
	}
	o.User, o.Password = user, NewSecret(password)
	return o, nil
}
