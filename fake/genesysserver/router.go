package genesysserver

import (
	"net/url"
	"strings"
)

// A target is where a request goes.
type target struct {
	place place
	id    string // of the call or the device
}

// route finds the resource of an escaped path. The path is split at its slashes as it stands and each
// segment is unescaped by itself, so %2F never splits a segment, and dots are names like any other.
// An empty segment is a segment, but for a single one at the end: both forms are accepted ("Web
// Services API v2", and clients).
func route(escapedPath string) target {
	segments := strings.Split(strings.TrimPrefix(escapedPath, "/"), "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return target{}
		}
		segments[i] = plain
	}
	if n := len(segments); n > 1 && segments[n-1] == "" {
		segments = segments[:n-1]
	}
	if len(segments) < 3 || segments[0] != "api" || segments[1] != "v2" {
		return target{}
	}
	rest := segments[2:]
	is := func(words ...string) bool {
		if len(rest) != len(words) {
			return false
		}
		for i, w := range words {
			if w != rest[i] && (w != "*" || rest[i] == "") {
				return false
			}
		}
		return true
	}
	switch {
	case rest[0] == "notifications":
		return target{place: placeCometD}
	case is("me"):
		return target{place: placeMe}
	case is("me", "devices"):
		return target{place: placeDevices}
	case is("me", "devices", "*"):
		return target{placeDevice, rest[2]}
	case is("me", "devices", "*", "calls"):
		return target{placeDeviceCalls, rest[2]}
	case is("me", "calls"):
		return target{place: placeCalls}
	case is("me", "calls", "*"):
		return target{placeCall, rest[2]}
	case is("me", "channels", "voice"):
		return target{place: placeVoice}
	case is("diagnostics", "version"):
		return target{place: placeVersion}
	case is("services"):
		return target{place: placeServices}
	}
	return target{}
}
