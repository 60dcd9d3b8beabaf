package provider

import (
	"context"
	"iter"

	cc "github.com/callcontrol-go/callcontrol"
)

// Unimplemented answers ErrUnsupported to everything that can answer, and declares nothing. Embed it
// in a driver, so that the driver still compiles when Driver grows, and overwrite what the vendor has.
type Unimplemented struct{}

var _ Driver = Unimplemented{}

func unsupported() error { return &cc.Error{Kind: cc.ErrUnsupported} }

// Name is "unimplemented".
func (Unimplemented) Name() string { return "unimplemented" }

// Capabilities declares nothing.
func (Unimplemented) Capabilities() cc.Capabilities { return cc.Capabilities{} }

// CheckConference applies the default grammar, [CheckName].
func (Unimplemented) CheckConference(c cc.ConferenceID) error { return CheckName(string(c)) }

// CheckParticipant applies the default grammar, [CheckName].
func (Unimplemented) CheckParticipant(p cc.ParticipantID) error { return CheckName(string(p)) }

// Snapshot is unsupported.
func (Unimplemented) Snapshot(context.Context, cc.ConferenceID) (Snapshot, error) {
	return Snapshot{}, unsupported()
}

// Participant is unsupported.
func (Unimplemented) Participant(context.Context, cc.ConferenceID, cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	return cc.Participant{}, "", unsupported()
}

// Conferences is unsupported.
func (Unimplemented) Conferences(context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) { yield(cc.Summary{}, unsupported()) }
}

// Remove is unsupported.
func (Unimplemented) Remove(context.Context, cc.ConferenceID, cc.ParticipantID) (Result, error) {
	return Result{}, unsupported()
}

// SetState is unsupported.
func (Unimplemented) SetState(context.Context, cc.ConferenceID, cc.ParticipantID, cc.Change) (Result, error) {
	return Result{}, unsupported()
}

// End is unsupported.
func (Unimplemented) End(context.Context, cc.ConferenceID) (Result, error) {
	return Result{}, unsupported()
}

// Listen is unsupported: New polls.
func (Unimplemented) Listen(context.Context, func(Update)) error { return unsupported() }

// Follow is unsupported: nothing needs to be asked.
func (Unimplemented) Follow(context.Context, cc.ConferenceID, bool) error { return unsupported() }

// Check is unsupported.
func (Unimplemented) Check(context.Context) error { return unsupported() }

// As knows nothing.
func (Unimplemented) As(any) bool { return false }

// Close has nothing to release.
func (Unimplemented) Close() error { return nil }
