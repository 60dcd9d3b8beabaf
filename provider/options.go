package provider

import (
	"context"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Options are what a driver tells New about itself and its configuration. The zero value is good for
// a driver of a vendor that pushes nothing and takes one field a request.
type Options struct {
	Config   cc.Config     // Name and Logger are read from it
	Timeout  time.Duration // of a command, a Snapshot or a Check without a deadline; 10 s
	Poll     time.Duration // between reads of what is watched: 5 s without Listen; beside it the reconcile, 0 for none
	Serial   bool          // failures name only the conference: one command on it at a time, confirmation and End included
	Whole    bool          // one request carries any Change; else SetState gets one field at a time, restricting ones first
	Observer Observer      // nil: none

	// Unconfirmed trades proof for speed: a command that the vendor has accepted is not read back, and
	// nil then means accepted, not done. What is of unknown outcome is settled all the same.
	Unconfirmed bool
}

// An Observer is told about every command, refused ones included. It is called in the goroutine of
// the caller, so it must be quick and safe for concurrent use.
type Observer interface {
	// Command is called before a command is looked at. The context that it returns, if not nil, is the
	// command's; the function, if not nil, is called with the command's outcome.
	Command(ctx context.Context, cmd cc.Command) (context.Context, func(error))
}

const (
	defaultTimeout = 10 * time.Second
	defaultPoll    = 5 * time.Second
	debounce       = 100 * time.Millisecond
	closePatience  = 2 * time.Second
	listenPatience = time.Second // how long commands wait for the first subscription at most, if not Serial
	maxReserve     = 2 * time.Second
	maxSends       = 2
	maxAttempts    = 3
)
