package request

import (
	"fmt"
	"time"
)

// An exchange is what a contender is asked to do.
type exchange string

const (
	// withJSON mutes a member: JSON, or what the vendor takes in its place, both ways.
	withJSON exchange = "mute, JSON both ways"
	// without removes a member, or unmutes it where that is the answer without a body.
	without exchange = "DELETE and 204, no bodies"
)

// A contender is a way to make the exchanges of one account, ready for use.
type contender interface {
	// prepare makes what one worker does again and again, on its own member.
	prepare(e exchange, member int) (func() error, error)
	// close gives back what the contender has of the system, where it knows how to.
	close() error
}

// A kind of contender, as the tables name it.
type kind struct {
	Name      string
	exchanges []exchange
	requests  int64 // of one call
	closes    bool  // has something like Close
	open      func(o opening) (contender, error)
}

// An opening is what a contender is opened with.
type opening struct {
	URL  string
	Fast bool // repeats without waiting, where it waits between repeats
}

const (
	floorName   = "net/http, tuned (the floor)"
	controlName = "the floor, a second time"
	oursName    = "plivo-mpc"
	olderName   = "plivo-conference"
)

// kinds are all contenders, the floor first.
var kinds = []kind{
	{Name: floorName, exchanges: both, requests: 1, closes: true, open: openFloor},
	{Name: controlName, exchanges: both, requests: 1, closes: true, open: openFloor},
	{Name: "net/http by hand: 10 s a call, answer decoded", exchanges: both, requests: 1, closes: true, open: openByHand},
	{Name: oursName, exchanges: both, requests: 1, closes: true, open: openMPC},
	{Name: olderName, exchanges: both, requests: 1, closes: true, open: openConference},
	{Name: oursName + ", confirmed", exchanges: both[:1], requests: 2, closes: true, open: openMPCConfirmed},
	{Name: olderName + ", confirmed", exchanges: both[:1], requests: 2, closes: true, open: openConferenceConfirmed},
	{Name: "go-retryablehttp v0.7.8 as it comes", exchanges: both, requests: 1, closes: true, open: openRetryable},
	{Name: "plivo-go v7.60.2", exchanges: both, requests: 1, open: openPlivoGo},
	{Name: "twilio-go v1.31.0", exchanges: both, requests: 1, open: openTwilioGo},
}

var both = []exchange{withJSON, without}

// kindOf finds a contender by its name.
func kindOf(name string) (kind, error) {
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no contender is called %q", name)
}

// ours reports whether the bars are for this contender.
func (k kind) ours() bool { return k.Name == oursName || k.Name == olderName }

// The account at the server, which asks for none.
const (
	authID    = "MA0000000000000000AA"
	authToken = "token"
	patience  = 10 * time.Second
)
