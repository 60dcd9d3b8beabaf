package bayeux

import "strings"

// maxChannel bounds the length of a channel name that is sent.
const maxChannel = 1024

// checkChannel says what is wrong with a channel name, or nothing. A pattern may end in * or **.
// The grammar is that of the Bayeux specification ("Channels"): segments of letters, digits and
// -_!~()$@ behind single slashes.
func checkChannel(name string, pattern bool) string {
	switch {
	case name == "":
		return "the channel is empty"
	case len(name) > maxChannel:
		return "the channel is too long"
	case name[0] != '/':
		return "a channel begins with a slash"
	case name[len(name)-1] == '/':
		return "a channel does not end with a slash"
	}
	for rest := name[1:]; ; {
		segment, more, found := strings.Cut(rest, "/")
		if segment == "" {
			return "the channel has an empty segment"
		}
		if pattern && !found && (segment == "*" || segment == "**") {
			return ""
		}
		for i := range len(segment) {
			if !channelByte(segment[i]) {
				return "the channel has a character that is not allowed there"
			}
		}
		if !found {
			return ""
		}
		rest = more
	}
}

func channelByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-_!~()$@", c) >= 0
}

func isMeta(channel string) bool    { return strings.HasPrefix(channel, "/meta/") || channel == "/meta" }
func isService(channel string) bool { return strings.HasPrefix(channel, "/service/") }

// Match reports whether a subscription to pattern receives what is published on channel: "/a/*" is
// one more segment than "/a", "/a/**" is one or more.
func Match(pattern, channel string) bool {
	prefix, ok := strings.CutSuffix(pattern, "**")
	if ok && strings.HasSuffix(prefix, "/") {
		return len(channel) > len(prefix) && strings.HasPrefix(channel, prefix)
	}
	prefix, ok = strings.CutSuffix(pattern, "*")
	if ok && strings.HasSuffix(prefix, "/") {
		return len(channel) > len(prefix) && strings.HasPrefix(channel, prefix) && strings.IndexByte(channel[len(prefix):], '/') < 0
	}
	return pattern == channel
}

// eachPattern calls f with every wildcard pattern of at most that many bytes that matches channel, the
// narrowest first. The bytes are valid during the call only. A channel of a server may be of any length, so
// what no pattern reaches is not looked at.
func eachPattern(channel string, most int, f func(pattern []byte)) {
	var room [128]byte
	last := strings.LastIndexByte(channel, '/')
	b := append(room[:0], channel[:min(last+1, most)]...)
	b = append(b, "**"...)
	for at := strings.LastIndexByte(channel[:min(last+1, most)], '/'); at >= 0; at = strings.LastIndexByte(channel[:at], '/') {
		b[at+1] = '*'
		if at == last && at+2 <= most {
			f(b[:at+2])
		}
		b[at+2] = '*'
		if at+3 <= most {
			f(b[:at+3])
		}
	}
}
