package provider

import (
	"context"
	"iter"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A Driver speaks one vendor's API. [New] calls it with ids that the driver's own checks have let
// pass, and with changes that are not empty and that its Capabilities declare.
//
// A Driver is safe for concurrent use. It makes no request before one of its methods that takes a
// context is called. Its errors are *[cc.Error] values with Kind, Code, Status, RequestID,
// RetryAfter and Message as far as the vendor told them: [cc.ErrUncertain] whenever a byte of a
// command may have left and its fate is not known (New settles it), [cc.ErrUnavailable] or
// [cc.ErrCanceled] only when none did, or when the vendor's own code says that nothing was done. It
// never repeats a command after an unknown outcome. Every method returns soon after its ctx ends.
//
// Package conformance is the judge of a Driver behind New. Embed [Unimplemented], so that the
// interface can grow.
type Driver interface {
	// Name is the provider's name, as in a configuration.
	Name() string
	// Capabilities tells the most that this provider can do. It does not change.
	Capabilities() cc.Capabilities
	// CheckConference and CheckParticipant tell whether an id has a form that this vendor can have.
	// What they refuse is never sent; the answer is then ErrInvalid. Whatever they say, New refuses what
	// is empty or consists of dots, has a blank at an end, a comma, a slash or a control character, or is
	// a [Reserved] word.
	CheckConference(cc.ConferenceID) error
	CheckParticipant(cc.ParticipantID) error

	// Snapshot reads who is on a conference. A conference that is over or unknown, and at a provider
	// that sees one login only a conference that this login is not on, is ErrNotFound. Of participants
	// with the same ID, or none, New takes the Controls and gives all but one another ID; it does not send
	// a command on one of them whom it has read. A driver of a vendor that has such people refuses a
	// command on them as ErrConflict itself, for a client that has read nothing.
	Snapshot(ctx context.Context, c cc.ConferenceID) (Snapshot, error)
	// Participant reads one participant, and the Instance of the run that it was read from. Someone
	// who has left is ErrNotParticipant, or ErrNotFound if the vendor does not tell that from a
	// conference that is over. ErrUnsupported: only a Snapshot tells.
	Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error)
	// Conferences lists what is live. It ends after its first error. What could not be asked for under its
	// name New lists by its Instance, or leaves out and counts in a log line. Where ctx has no deadline
	// the default time may pass from one summary to the next.
	Conferences(ctx context.Context) iter.Seq2[cc.Summary, error]

	// Remove, SetState and End send one command, once. A nil error says that it was accepted.
	Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (Result, error)
	SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (Result, error)
	End(ctx context.Context, c cc.ConferenceID) (Result, error)

	// Listen tells about conferences until ctx ends or the subscription is lost. Its first report
	// says that the subscription stands. New runs it once at a time and restarts it with back-off;
	// ErrUnsupported means that nothing is pushed, and New polls what is watched. Calling report
	// never blocks.
	Listen(ctx context.Context, report func(Update)) error
	// Follow has Listen tell about one conference, where the vendor needs to be asked.
	Follow(ctx context.Context, c cc.ConferenceID, on bool) error

	// Check proves by one cheap read that the endpoint answers and lets us in. It changes nothing.
	Check(ctx context.Context) error
	// As gives access to what is the vendor's own; see errors.As for the convention.
	As(target any) bool
	// Close releases what the driver holds. New calls it once.
	Close() error
}

// A ConferenceAser is a Driver whose As knows of single conferences: the vendor's own handle of one
// (*plivo.Room) is reached by As of a Conference, which asks here first.
type ConferenceAser interface {
	ConferenceAs(c cc.ConferenceID, target any) bool
}

// A Vetter is a Driver that can tell, before the first of the several requests of one change,
// whether the participant can have all of it. New asks it where Options.Whole is false and more than
// one field is set, so that a change of which a part is impossible leaves everything as it was. Vet
// decides on what it reads during this very call, never on memory, and changes nothing.
type Vetter interface {
	Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error
}

// A Result tells how far an accepted command has got. The zero value is careful: the effect is
// waited for. Done says that the vendor's answer is proof; for a field that snapshots cannot tell
// there is no other. Instance is the run that the command went to, if known.
type Result struct {
	Done     bool
	Instance cc.ConferenceID
}

// An Update is a bell: "this may have changed". It is never believed; what is read is.
type Update struct {
	Conference cc.ConferenceID // name or Instance; empty: all
	Gap        bool            // something may have been missed
	Failure    error           // of the command under way on Conference: a bell too, and the error if the read disagrees; a bell alone where several are
}

// A Snapshot is what a driver read, with what only New needs. A Driver may leave Participants
// unordered, At zero, and times in any zone.
type Snapshot struct {
	cc.Snapshot
	RunTime  time.Duration // how long this run has lasted, where told
	Departed []Departure   // who has left this run, where told
}

// A Departure is a participant who has left, and why.
type Departure struct {
	ID     cc.ParticipantID
	CallID string
	Reason cc.Reason
	Code   string
	At     time.Time
}
