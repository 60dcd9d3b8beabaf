package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// message is what the floors decode: the envelope, with the data as they came. It is what a session has
// to look at, too.
type message struct {
	Channel    string          `json:"channel"`
	ID         string          `json:"id"`
	ClientID   string          `json:"clientId"`
	Successful *bool           `json:"successful"`
	Error      string          `json:"error"`
	Data       json.RawMessage `json:"data"`
	Ext        *struct {
		Ack json.RawMessage `json:"ack"`
	} `json:"ext"`
	Advice *struct {
		Reconnect string `json:"reconnect"`
		Interval  int64  `json:"interval"`
		Timeout   int64  `json:"timeout"`
	} `json:"advice"`
}

// ask is what the floors encode.
type ask struct {
	ID           string         `json:"id"`
	Channel      string         `json:"channel"`
	ClientID     string         `json:"clientId,omitempty"`
	Version      string         `json:"version,omitempty"`
	Types        []string       `json:"supportedConnectionTypes,omitempty"`
	Type         string         `json:"connectionType,omitempty"`
	Subscription string         `json:"subscription,omitempty"`
	Advice       map[string]int `json:"advice,omitempty"`
	Ext          *askExt        `json:"ext,omitempty"`
}

type askExt struct {
	Ack json.RawMessage `json:"ack"`
}

// A talk is a session of a floor: it makes the requests of a client that follows the protocol as long as
// all goes well, and takes what is answered. There is one goroutine at a time.
type talk struct {
	kind     string // its connection type
	deliver  func(data []byte)
	clientID string
	last     int             // id
	ack      json.RawMessage // the number of the last batch; nil: not agreed
	usual    int             // messages in the last array
}

func (t *talk) next() string {
	t.last++
	return strconv.Itoa(t.last)
}

func (t *talk) handshake() []ask {
	return []ask{{ID: t.next(), Channel: "/meta/handshake", Version: "1.0", Types: []string{t.kind}, Ext: &askExt{json.RawMessage("true")}}}
}

// connect is a poll; one that is not to be held proves that the session works.
func (t *talk) connect(held bool) []ask {
	a := ask{ID: t.next(), Channel: "/meta/connect", ClientID: t.clientID, Type: t.kind}
	if !held {
		a.Advice = map[string]int{"timeout": 0}
	}
	if t.ack != nil {
		a.Ext = &askExt{t.ack}
	}
	return []ask{a}
}

// subscribe is the same for all goroutines: it has an id that no other message has.
func (t *talk) subscribe() []ask {
	return []ask{{ID: "subscribe", Channel: "/meta/subscribe", ClientID: t.clientID, Subscription: channel}}
}

// take decodes an array, delivers what is in it, and tells which meta channels were answered.
func (t *talk) take(body []byte) (connected, subscribed bool, err error) {
	// A list of its own for each body: the data go to the consumer.
	list := make([]message, 0, t.usual)
	if err := json.Unmarshal(body, &list); err != nil {
		return false, false, err
	}
	t.usual = len(list)
	for i := range list {
		m := &list[i]
		if m.Successful == nil {
			t.deliver(m.Data)
			continue
		}
		if !*m.Successful {
			return false, false, fmt.Errorf("%s: %s", m.Channel, m.Error)
		}
		switch m.Channel {
		case "/meta/handshake":
			if t.clientID = m.ClientID; t.clientID == "" {
				return false, false, errors.New("a handshake has no clientId")
			}
			if m.Ext != nil && string(m.Ext.Ack) == "true" {
				t.ack = json.RawMessage("0")
			}
		case "/meta/connect":
			connected = true
			if t.ack != nil && m.Ext != nil {
				t.ack = m.Ext.Ack
			}
		case "/meta/subscribe":
			subscribed = true
		}
	}
	return connected, subscribed, nil
}
