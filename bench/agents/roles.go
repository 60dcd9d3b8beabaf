// Package agents measures what a program pays that serves many agents of Genesys Web Services: each of
// them is a client of package genesys with a login, a CometD session and a watched conference of its
// own, against one fake server.
package agents

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The roles of this measurement.
const (
	ServerRole = "agents-server"
	ClientRole = "agents-client"
)

// serverAsk is what the server's process can be asked; one field is set.
type serverAsk struct {
	Open   int   // so many agents, each on a conference; it answers with the URL
	Change *pace // it answers with a spell
	Truth  bool  // it answers with what each conference is now, as strings
}

// A pace is changes on the bridge that are to be made.
type pace struct {
	Rate    int // a second
	Seconds int
	Seed    uint64
}

// A spell is changes that were made.
type spell struct {
	Changes int
	Seconds float64
}

// clientAsk is what the client's process can be asked; one field is set.
type clientAsk struct {
	Open    *gathering // it answers with a weight
	Begin   bool       // to count CPU from here
	Used    bool       // it answers with a usage
	Stories bool       // it answers with what each conference is by its events, as strings
	Shut    bool
}

// A gathering is the agents that are to be served.
type gathering struct {
	URL    string
	Agents int
}

// A weight is what the agents hold while nothing happens.
type weight struct {
	Heap, Stacks int64 // bytes after a collection, more than before there was an agent
	Goroutines   int
}

// A usage is what has been used and seen since Begin.
type usage struct {
	CPU    int64 // nanoseconds
	Events int64
	Gaps   int64
	Stale  int64
}

func user(n int) string { return fmt.Sprintf("agent%04d", n) }

const password = "swordfish"

// NewServer is the role of the server.
func NewServer() func(json.RawMessage) (any, error) {
	var w *world
	return func(raw json.RawMessage) (any, error) {
		var ask serverAsk
		if err := json.Unmarshal(raw, &ask); err != nil {
			return nil, err
		}
		switch {
		case ask.Open > 0:
			var err error
			if w, err = newWorld(ask.Open); err != nil {
				return nil, err
			}
			return w.url, nil
		case w == nil:
			return nil, errors.New("the server is not open")
		case ask.Change != nil:
			return w.change(*ask.Change)
		}
		return w.truth()
	}
}

// NewClient is the role of the client.
func NewClient() func(json.RawMessage) (any, error) {
	var c *crowd
	return func(raw json.RawMessage) (any, error) {
		var ask clientAsk
		if err := json.Unmarshal(raw, &ask); err != nil {
			return nil, err
		}
		if ask.Open != nil {
			var w weight
			var err error
			c, w, err = newCrowd(*ask.Open)
			return w, err
		}
		switch {
		case c == nil:
			return nil, errors.New("the client is not open")
		case ask.Begin:
			return nil, c.begin()
		case ask.Used:
			return c.used()
		case ask.Stories:
			return c.stories(), nil
		}
		return nil, c.close()
	}
}
