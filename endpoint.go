package callcontrol

import (
	"cmp"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// EndpointURL gives Endpoint, or else otherwise, as an absolute URL without a slash at its end. It
// must be https, or plain http to loopback with the setting "insecure" being "true", and have a host
// and perhaps a port and a path, but no user, password, query, fragment, or dot segments; else
// [ErrInvalid].
func (c Config) EndpointURL(otherwise string) (*url.URL, error) {
	u, problem := c.endpoint(otherwise)
	if problem != "" {
		return nil, c.invalid(problem)
	}
	return u, nil
}

// endpoint gives the endpoint, or what is wrong with it.
func (c Config) endpoint(otherwise string) (u *url.URL, problem string) {
	insecure, problem := c.insecure()
	if problem != "" {
		return nil, problem
	}
	endpoint := cmp.Or(c.Endpoint, otherwise)
	if endpoint == "" {
		return nil, "the endpoint is missing"
	}
	u, problem = parseBase(endpoint)
	switch {
	case problem != "":
		return nil, "the endpoint " + problem
	case insecure && !isLoopback(u.Hostname()):
		return nil, "insecure=true is for an endpoint on loopback only"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, "the endpoint is plain http to a host that is not loopback; use https"
	case u.Scheme == "http" && !insecure:
		return nil, "the endpoint is plain http; on loopback that needs the setting insecure=true"
	}
	return u, ""
}

// insecure reads the setting of that name, or tells what is wrong with it.
func (c Config) insecure() (yes bool, problem string) {
	switch value, ok := c.Settings[settingInsecure]; {
	case !ok, value == "false":
		return false, ""
	case value == "true":
		return true, ""
	}
	return false, `the setting "insecure" is "true" or "false"`
}

// parseBase reads an absolute http or https URL to which paths can be added, and tells what is wrong
// with it without repeating it.
func parseBase(s string) (u *url.URL, problem string) {
	if strings.Contains(s, "#") {
		return nil, "has a fragment"
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, "is not a well-formed URL"
	}
	return checkBase(u)
}

// checkBase gives a copy of u in one spelling: host in lower case, no slash at the end.
func checkBase(u *url.URL) (base *url.URL, problem string) {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, "is not an https URL"
	case u.User != nil:
		return nil, "has a user or a password"
	case u.RawQuery != "" || u.ForceQuery:
		return nil, "has a query"
	case u.Opaque != "" || !isHost(u.Hostname()):
		return nil, "has no valid host"
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && !isPort(u.Port()):
		return nil, "has no valid port"
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	for i, segment := range strings.Split(path, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || i > 0 && plain == "" || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\") || !isPrintable(plain) {
			return nil, "has a path with empty, dot or unprintable segments"
		}
	}
	base = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	if path != "" {
		base = base.JoinPath(path)
	}
	return base, ""
}

func isHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Zone() == ""
	}
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool { return !isWordRune(r) && r != '.' })
}

func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
