package cometd

import (
	"encoding/json"
	"fmt"
)

// An Event is something to tell: data on a channel. Data that is a json.RawMessage is taken as it is
// and must be valid; other data is encoded once, however many sessions are told.
type Event struct {
	Channel string
	Data    any
}

// encoded is an Event on its way.
type encoded struct {
	channel  string
	patterns []string
	frame    []byte // an array with the message; its inside is the message
}

// Publish tells the sessions of a user, of everyone if it is "", that subscribed to the channel or to a
// pattern that it matches. What one caller publishes arrives in order. It fails, and tells nobody,
// when the channel's name is not valid or the data cannot be encoded.
func (s *Server) Publish(user, channel string, data any) error {
	return s.PublishAll(user, Event{channel, data})
}

// PublishAll is Publish for several events at once: a connect that is held is answered with all of
// them together. It fails, and tells nobody anything, when one of them is not valid.
func (s *Server) PublishAll(user string, events ...Event) error {
	list := make([]encoded, len(events))
	for i, e := range events {
		var err error
		if list[i], err = s.encode(e); err != nil {
			return err
		}
	}
	for _, x := range s.of(user) {
		if !x.deliver(list) {
			s.tallies.overflows.Add(1)
			s.remove(x, endDropped)
		}
	}
	return nil
}

func (s *Server) encode(e Event) (encoded, error) {
	if !validChannel(e.Channel) {
		return encoded{}, fmt.Errorf("cometd: not a channel: %q", e.Channel)
	}
	raw, ok := e.Data.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(e.Data); err != nil {
			return encoded{}, fmt.Errorf("cometd: %w", err)
		}
	}
	const before, between, after = `[{"data":`, `,"channel":"`, `"}]`
	frame := make([]byte, 0, len(before)+len(raw)+len(between)+len(e.Channel)+len(after))
	frame = append(frame, before...)
	frame = append(frame, raw...)
	frame = append(frame, between...)
	frame = append(frame, e.Channel...) // its characters need no escape
	frame = append(frame, after...)
	return encoded{e.Channel, s.patterns.of(e.Channel), frame}, nil
}

// Subscribers returns how many sessions of a user, of everyone if it is "", Publish would tell about
// something on the channel.
func (s *Server) Subscribers(user, channel string) int {
	e := encoded{channel: channel, patterns: s.patterns.of(channel)}
	n := 0
	for _, x := range s.of(user) {
		x.mu.Lock()
		if x.gone == alive && x.wants(&e) {
			n++
		}
		x.mu.Unlock()
	}
	return n
}
