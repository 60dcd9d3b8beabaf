package callcontrol

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A Config says which account, or which login, of which provider to open. Any loader can fill it;
// [ParseURL] reads its short spelling. It holds no secret, only the names of secrets.
//
// In every verb of fmt and in its log value it shows no value of Settings and no name that Secrets
// gives. JSON and YAML write it as it is, so that it can be stored.
type Config struct {
	Name      string            `json:"name,omitempty" yaml:"name,omitempty"`             // what to call this client; the provider's name if empty
	Provider  string            `json:"provider" yaml:"provider"`                         // such as "plivo-mpc"
	Endpoint  string            `json:"endpoint,omitempty" yaml:"endpoint,omitempty"`     // base URL; the provider's own if empty
	PublicURL string            `json:"public_url,omitempty" yaml:"public_url,omitempty"` // where the provider's callbacks reach us
	Settings  map[string]string `json:"settings,omitempty" yaml:"settings,omitempty"`     // the provider's own; unknown ones are errors
	Secrets   map[string]string `json:"secrets,omitempty" yaml:"secrets,omitempty"`       // usual name -> name to look up instead

	Secret    func(ctx context.Context, name string) (string, error) `json:"-" yaml:"-"` // gives the secret of a name; default: the environment
	Notified  func(ConferenceID)                                     `json:"-" yaml:"-"` // a genuine callback came here: tell the other replicas
	Transport http.RoundTripper                                      `json:"-" yaml:"-"` // default: the provider's own
	Logger    *slog.Logger                                           `json:"-" yaml:"-"` // default: silent
}

// The settings that every provider has.
const (
	settingInsecure = "insecure" // "true": plain http, to loopback only
	settingUser     = "user"     // the user part of a URL, where the provider has such a setting
)

// UnknownSettings gives an [ErrInvalid] that names the settings which are not among known, and
// those which are. The setting "insecure" is known to every provider.
func (c Config) UnknownSettings(known ...string) error {
	known = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(known), settingInsecure))))
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		if !slices.Contains(known, key) {
			unknown = append(unknown, quote(key))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	what := "unknown setting "
	if len(unknown) > 1 {
		what = "unknown settings "
	}
	return c.invalid(what + strings.Join(unknown, ", ") + "; known are " + strings.Join(known, ", "))
}

// check tells what is wrong whatever the provider.
func (c Config) check() (problem string) {
	if c.Name != label(c.Name, "") {
		return "the name has more than 64 bytes, or is not printable"
	}
	insecure, problem := c.insecure()
	switch {
	case problem != "":
		return problem
	case c.Endpoint != "":
		if _, problem := c.endpoint(""); problem != "" {
			return problem
		}
	case insecure:
		return "insecure=true needs an endpoint, on loopback"
	}
	if c.PublicURL == "" {
		return ""
	}
	u, problem := parseBase(c.PublicURL)
	if problem != "" {
		return "the public URL " + problem
	}
	if u.Scheme == "http" && !(insecure && isLoopback(u.Hostname())) {
		return "the public URL must be https, or on loopback with the setting insecure=true"
	}
	return ""
}

func (c Config) invalid(detail string) *Error {
	return &Error{Op: OpOpen, Client: c.Name, Provider: c.Provider, Kind: ErrInvalid, Err: Detail(detail)}
}

// quote quotes a name that somebody configured, unless it could be something else.
func quote(s string) string {
	if code(s) == hidden {
		return hidden
	}
	return `"` + s + `"`
}

// String gives name, provider, endpoint host, and the names of settings and secrets.
func (c Config) String() string {
	return fmt.Sprintf("{Name:%s Provider:%s Endpoint:%s PublicURL:%s Settings:%v Secrets:%v}",
		label(c.Name, ""), label(c.Provider, ""), place(c.Endpoint), place(c.PublicURL), names(c.Settings), names(c.Secrets))
}

// GoString gives what String gives.
func (c Config) GoString() string { return "callcontrol.Config" + c.String() }

// Format writes what String gives, whatever the verb.
func (c Config) Format(f fmt.State, verb rune) { format(f, verb, c.String(), c.GoString()) }

// LogValue gives what String gives.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", label(c.Name, "")),
		slog.String("provider", label(c.Provider, "")),
		slog.String("endpoint", place(c.Endpoint)),
		slog.String("public_url", place(c.PublicURL)),
		slog.String("settings", strings.Join(names(c.Settings), ",")),
		slog.String("secrets", strings.Join(names(c.Secrets), ",")),
	)
}

// place shows scheme and host of a URL.
func place(s string) string {
	if s == "" {
		return ""
	}
	u, problem := parseBase(s)
	if problem != "" {
		return hidden
	}
	return u.Scheme + "://" + u.Host
}

// names gives the keys in order.
func names(m map[string]string) []string {
	keys := slices.Sorted(maps.Keys(m))
	for i, key := range keys {
		keys[i] = code(key)
	}
	return keys
}
