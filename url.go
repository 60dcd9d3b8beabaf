package callcontrol

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	keyName   = "name"
	keyPublic = "public_url"
	keySecret = "secret."
)

// ParseURL reads the short spelling of a [Config]:
//
//	provider:[?setting=value&...]
//	provider://[user@]host[:port][/prefix][?setting=value&...]
//
// as in "fake:", "plivo-mpc:?remove=hangup", "acme://agent7@acme.example.com/api?place=desk".
//
// Host, port and prefix become the Endpoint, which is https; with insecure=true, which is allowed for
// loopback only, it is plain http. The user becomes the setting "user". Three kinds of keys are not
// settings: name is Config.Name, public_url is Config.PublicURL, and secret.USUAL=OTHER has the secret
// OTHER looked up where the provider usually looks for USUAL. All other keys become Settings, of
// which the provider refuses those that it does not know.
//
// A password, a secret given as a setting, a repeated key, a fragment, and whatever does not have
// this form is [ErrInvalid]. The error says what is wrong and does not repeat the URL. Whether the
// provider is known is told by [Open].
func ParseURL(s string) (Config, error) {
	var c Config
	if problem := c.parse(s); problem != "" {
		return Config{}, &Error{Op: OpParseURL, Provider: c.Provider, Kind: ErrInvalid, Err: Detail(problem)}
	}
	return c, nil
}

const (
	urlForm    = "provider:[?setting=value] or provider://[user@]host[:port][/prefix][?setting=value]"
	secretForm = "does not belong in a URL; secrets are named, as in secret.USUAL=OTHER"
)

// parse fills c from the short spelling and tells what is wrong with it.
func (c *Config) parse(s string) (problem string) {
	name, rest, ok := strings.Cut(s, ":")
	name = strings.ToLower(name)
	if !ok || !isProviderName(name) {
		return "want " + urlForm
	}
	c.Provider = name
	if strings.Contains(s, "#") {
		return "a fragment has no meaning here"
	}
	u, err := url.Parse(s)
	if err != nil {
		return "not a well-formed URL; want " + urlForm
	}
	if problem := c.parseQuery(u.RawQuery); problem != "" {
		return problem
	}
	insecure, problem := c.insecure()
	if problem != "" {
		return problem
	}
	if !strings.HasPrefix(rest, "//") {
		switch {
		case u.Opaque != "" || u.Path != "":
			return "want " + urlForm
		case insecure:
			return "insecure=true needs a host, on loopback"
		}
		return ""
	}
	if problem := c.parseUser(u.User); problem != "" {
		return problem
	}
	base := url.URL{Scheme: "https", Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if insecure {
		base.Scheme = "http"
	}
	c.Endpoint = base.String()
	endpoint, problem := c.endpoint("")
	if problem != "" {
		return problem
	}
	c.Endpoint = endpoint.String()
	return ""
}

func (c *Config) parseUser(user *url.Userinfo) (problem string) {
	if user == nil {
		return ""
	}
	if _, ok := user.Password(); ok {
		return "a password " + secretForm
	}
	if _, ok := c.Settings[settingUser]; ok {
		return `the setting "user" is given twice`
	}
	if user.Username() == "" || !isPrintable(user.Username()) {
		return "the user is empty or not printable"
	}
	setIn(&c.Settings, settingUser, user.Username())
	return ""
}

func (c *Config) parseQuery(raw string) (problem string) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return "not a well-formed query"
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		values := query[key]
		usual, isSecret := strings.CutPrefix(key, keySecret)
		switch value := values[0]; {
		case len(values) > 1:
			return "the key " + quote(key) + " is repeated"
		case key == "" || code(key) == hidden || strings.ContainsAny(key, ": /"):
			return "a key is not a word"
		case !isPrintable(value):
			return "the value of " + quote(key) + " is not printable"
		case key == keyName:
			if value == "" || label(value, "") != value {
				return "the name is empty, or has more than 64 bytes"
			}
			c.Name = value
		case key == keyPublic:
			c.PublicURL = value
		case isSecret:
			if usual == "" || value == "" {
				return "want secret.USUAL=OTHER with two names"
			}
			setIn(&c.Secrets, usual, value)
		case slices.Contains([]string{"password", "secret", "token", "auth_token"}, key):
			return "a secret " + secretForm
		case key == "endpoint" || key == "provider":
			return "want the " + key + " in its place: " + urlForm
		default:
			setIn(&c.Settings, key, value)
		}
	}
	return ""
}

func setIn(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

func isPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isProviderName(s string) bool {
	for i, r := range s {
		if !('a' <= r && r <= 'z' || i > 0 && ('0' <= r && r <= '9' || r == '-')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
