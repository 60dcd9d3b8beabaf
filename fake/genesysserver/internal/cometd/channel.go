package cometd

import (
	"strings"
	"sync"
)

// The meta channels.
const (
	metaHandshake   = "/meta/handshake"
	metaConnect     = "/meta/connect"
	metaSubscribe   = "/meta/subscribe"
	metaUnsubscribe = "/meta/unsubscribe"
	metaDisconnect  = "/meta/disconnect"
)

// The connection types.
const (
	longPolling = "long-polling"
	webSocket   = "websocket"
)

const maxChannel = 256 // bytes in a channel's name

// validChannel reports whether name is the name of a channel: segments of one or more allowed
// characters, each after a slash.
func validChannel(name string) bool {
	if len(name) < 2 || len(name) > maxChannel || name[0] != '/' || name[len(name)-1] == '/' {
		return false
	}
	for i := 1; i < len(name); i++ {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '/':
			if name[i-1] == '/' {
				return false
			}
		case !strings.ContainsRune("-_!~()$@.", rune(c)):
			return false
		}
	}
	return true
}

// validPattern reports whether one can subscribe to name: a channel that is not a meta channel, or one
// whose last segment is * or **.
func validPattern(name string) bool {
	if strings.HasPrefix(name, "/meta/") {
		return false
	}
	for _, wild := range []string{"/**", "/*"} {
		if head, ok := strings.CutSuffix(name, wild); ok {
			return head == "" || validChannel(head)
		}
	}
	return validChannel(name)
}

// matching gives every pattern that a channel matches, itself included.
func matching(channel string) []string {
	list := []string{channel}
	for i := len(channel) - 1; i >= 0; i-- {
		if channel[i] != '/' {
			continue
		}
		if len(list) == 1 {
			list = append(list, channel[:i+1]+"*")
		}
		list = append(list, channel[:i+1]+"**")
	}
	return list
}

// patterns remembers what matching gave for the channels in use.
type patterns struct {
	mu    sync.RWMutex
	known map[string][]string
}

const maxKnown = 256

func (p *patterns) of(channel string) []string {
	p.mu.RLock()
	list, ok := p.known[channel]
	p.mu.RUnlock()
	if ok {
		return list
	}
	list = matching(channel)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxKnown || p.known == nil {
		p.known = make(map[string][]string)
	}
	p.known[channel] = list
	return list
}
