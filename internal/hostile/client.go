package hostile

import (
	"context"
	"net/http"
)

// A Client is tried by cases. Its methods are the four things that any client of a conference API
// can do. One that takes no context ignores it.
type Client interface {
	Snapshot(ctx context.Context, room string) error
	Remove(ctx context.Context, room, person string) error
	Mute(ctx context.Context, room, person string, on bool) error
	End(ctx context.Context, room string) error

	// Tell reads an error that one of the above has returned.
	Tell(err error) Told
	Close() error
}

// Told is what an error of a client tells.
type Told struct {
	Status    int  // of the answer; 0 if the error does not have it
	Uncertain bool // the command may have been carried out
}

// An Op is one of a client's operations.
type Op string

// The operations.
const (
	Snapshot Op = "snapshot"
	Remove   Op = "remove"
	Mute     Op = "mute"
	Unmute   Op = "unmute"
	End      Op = "end"
)

// A Peer is a client that can be tried, and the vendor that it is for.
type Peer struct {
	Name    string
	Posts   Op   // a command that it sends as POST
	Deletes Op   // a command that it sends as DELETE
	Exact   bool // Told.Uncertain is meant, and a nil means that it was done

	// Vendor makes a vendor that behaves, with a conference of at least two.
	Vendor func() (*Vendor, error)
	// Open makes a client of the vendor that is reached by a Site.
	Open func(Site) (Client, error)
}

// A Vendor is a conference API that behaves.
type Vendor struct {
	Host         string // by which the client knows it
	Handler      http.Handler
	Secret       string // of the client's credentials, as it is in its requests; nobody else may see it
	Room, Person string
	Done         func(Op) bool // whether Room, or Person in it, is as the operation has it; nil: not known

	// Refusal is the body of an error answer. Sample is that of the answer to a command with the
	// value of member_id, in JSON.
	Refusal func(status int) string
	Sample  func(memberID string) string

	Close func() error
}

// A Site is where a client finds its vendor.
type Site struct {
	URL       string          // scheme and host
	Transport *http.Transport // nil: the client's own
}
