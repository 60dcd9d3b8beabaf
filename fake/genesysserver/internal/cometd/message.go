package cometd

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

const (
	maxBody  = 1 << 20 // bytes in what a client sends at once
	maxBatch = 1024    // messages in it
)

// A message is one that a client sent.
type message struct {
	ID           json.RawMessage `json:"id"`
	Channel      string          `json:"channel"`
	ClientID     string          `json:"clientId"`
	Subscription json.RawMessage `json:"subscription"`
	Advice       struct {
		Timeout *int64 `json:"timeout"`
	} `json:"advice"`
	Ext struct {
		Ack json.RawMessage `json:"ack"`
	} `json:"ext"`
}

// parse reads what a client sent at once: an array of messages, or a single one.
func parse(body []byte) (list []message, err error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) > 0 && body[0] == '{' {
		list = make([]message, 1)
		err = json.Unmarshal(body, &list[0])
	} else {
		err = json.Unmarshal(body, &list)
	}
	switch {
	case err != nil:
		return nil, err
	case len(list) > maxBatch:
		return nil, errors.New("too many messages")
	}
	for i := range list {
		if id := list[i].ID; len(id) == 0 || id[0] != '"' && id[0] != '-' && (id[0] < '0' || id[0] > '9') {
			list[i].ID = nil // neither text nor a number
		}
	}
	return list, nil
}

// acceptable reports whether messages may come together: some, each with a channel's name, and a
// handshake alone.
func acceptable(list []message) bool {
	for i := range list {
		if !validChannel(list[i].Channel) || list[i].Channel == metaHandshake && len(list) > 1 {
			return false
		}
	}
	return len(list) > 0
}

// acks reports whether the client can acknowledge messages, as its handshake says.
func (m *message) acks() bool { return string(m.Ext.Ack) == "true" }

// acked is the number of the latest batch that the client has, as its connect says.
func (m *message) acked() (batch int64, ok bool) {
	err := json.Unmarshal(m.Ext.Ack, &batch)
	return batch, err == nil && len(m.Ext.Ack) > 0
}

// subscriptions are the channels that a message subscribes to or unsubscribes from.
func (m *message) subscriptions() (list []string) {
	var one string
	if json.Unmarshal(m.Subscription, &one) == nil && one != "" {
		return []string{one}
	}
	if json.Unmarshal(m.Subscription, &list) != nil {
		return nil
	}
	return list
}

// A reply is the answer to a message.
type reply struct {
	ID             json.RawMessage `json:"id,omitempty"`
	Channel        string          `json:"channel"`
	Successful     bool            `json:"successful"`
	ClientID       string          `json:"clientId,omitempty"`
	Version        string          `json:"version,omitempty"`
	MinimumVersion string          `json:"minimumVersion,omitempty"`
	Types          []string        `json:"supportedConnectionTypes,omitempty"`
	Subscription   json.RawMessage `json:"subscription,omitempty"`
	Error          string          `json:"error,omitempty"`
	Advice         *advice         `json:"advice,omitempty"`
	Ext            *extension      `json:"ext,omitempty"`
}

type extension struct {
	Ack any `json:"ack"` // true, or the number of a batch
}

// An advice is a server's standing instructions. Times are in milliseconds.
type advice struct {
	Interval  int64  `json:"interval"`
	Timeout   *int64 `json:"timeout,omitempty"`
	Reconnect string `json:"reconnect"`
	Multiple  bool   `json:"multiple-clients,omitempty"`
}

func retry(interval, hold time.Duration) *advice {
	timeout := hold.Milliseconds()
	return &advice{Interval: interval.Milliseconds(), Timeout: &timeout, Reconnect: "retry"}
}

// to begins the reply to m.
func to(m *message) reply { return reply{ID: m.ID, Channel: m.Channel} }

func (r reply) ok() reply {
	r.Successful = true
	return r
}

func (r reply) failed(text string) reply {
	r.Error = text
	return r
}

func (r reply) advised(reconnect string) reply {
	r.Advice = &advice{Reconnect: reconnect}
	return r
}

const unknownClient = "402::Unknown client"

// unknown is the reply to m from a session that the server does not know. Only the reply to a connect
// advises a new handshake.
func unknown(m *message, silent bool) reply {
	r := to(m).failed(unknownClient)
	if m.Channel == metaConnect && !silent {
		r = r.advised("handshake")
	}
	return r
}
