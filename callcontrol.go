// Package callcontrol controls conferences of telephone calls without caring which vendor hosts them.
//
// An application opens a [Client] by configuration, asks it for a [Conference], and works on that:
// it reads who is there, mutes, deafens, holds and coaches single participants, removes them, ends
// the conference, and follows what happens in it.
//
//	client, err := callcontrol.Open(ctx, "plivo-mpc:")
//	conf := client.Conference("standup")
//	err = conf.SetParticipantState(ctx, "15", callcontrol.Change{Mute: callcontrol.On})
//
// A provider becomes known to [Open] by an import for its side effect, as with database/sql; the
// package provider/all imports every one that this module has.
//
// # What is promised
//
//   - A nil error means that it happened: a read that began after the provider's answer showed the
//     effect. Where the truth cannot be learnt in time the error is [ErrUncertain], never a guess.
//     (A provider's own options may trade this for speed, and then say so.)
//   - A command acts on exactly the named participant or on nobody. Words that a provider reads as
//     "everybody", lists, blanks and paths never reach it.
//   - Mute, deaf, hold and coach never disturb each other.
//   - What a provider cannot do answers [ErrUnsupported] and sends nothing. [Require] tells at the
//     start whether a provider can do what an application needs.
//   - Events are told from snapshots. A lost, doubled or reordered notification costs time, not
//     truth; a gap is marked, and a loss of sight is told as [Stale].
//
// # Personal data
//
// Phone numbers, names, and the ids of participants and conferences are personal data. JSON and the
// verbs %v and %+v carry them for [Participant], [Snapshot], [Summary], [Event] and [Command],
// because applications need them there. They never appear in the text of an [Error] in any verb or encoding, in what
// %#v prints, or in the log value ([log/slog.LogValuer]) of any type here. slog asks only the value that it is
// given: log a Snapshot, not its slice of participants. A credential appears nowhere at all: a
// [Config] holds the names of secrets, not the secrets.
package callcontrol

import (
	"context"
	"iter"
)

// A ConferenceID is a conference's name, or the Instance of a [Snapshot]. By name it means whichever
// run is live now; by Instance, where that differs from the name, it means that run only, for good.
// Applications that show people before they act should act by Instance. It means something only to
// the client that it came from. It may be a phone number at some providers, so it has no log value
// and %#v hides it.
//
// A name has 1 to 128 bytes of ASCII letters, digits, "-", "_", "." and inner single spaces, unless the
// provider's package documents another grammar. Never a name, nor the id of a participant, is what could
// mean somebody else: the words all, participants, last and non_moderator in any case, what is empty or
// consists of dots, what begins or ends with a blank, and what holds a comma, a slash or a control
// character. All of that is [ErrInvalid], and the provider is asked nothing.
type ConferenceID string

// A ParticipantID names one participant of one conference. It means something only to the client
// and the conference that it came from. It may be a phone number at some providers, so it has no
// log value and %#v hides it.
//
// Where a provider gives two participants one id, or none, both are listed, with a suffix ("15001" and
// "15001#2", "#1") and empty Controls. A command on one of them, under either id, is [ErrConflict].
type ParticipantID string

// The names of the operations, as they stand in [Error.Op] and, for the three commands, in
// [Command.Op].
const (
	OpRemoveParticipant   = "RemoveParticipant"
	OpSetParticipantState = "SetParticipantState"
	OpEnd                 = "End"
	OpSnapshot            = "Snapshot"
	OpEvents              = "Events"
	OpConferences         = "Conferences"
	OpCheck               = "Check"
	OpClose               = "Close"
	OpOpen                = "Open"
	OpParseURL            = "ParseURL"
	OpRequire             = "Require"
	OpAwait               = "Await"
	OpChannel             = "Channel"
)

// A Conference is a handle on one conference. It is safe for concurrent use. Obtaining one makes no
// request and cannot fail; whether the conference exists is told by what is done with it.
//
// Commands on the same participant are done one after the other, in order of arrival; End waits for
// none of them, or goes next where the provider's failures name only the conference. Without a
// deadline on ctx a command or a Snapshot takes at most 10 seconds. A command waits for its effect until
// a fifth of its time, at most 2 seconds, is left: that is for the read that decides. When ctx ends
// before anything was sent the error is [ErrCanceled]; afterwards it is [ErrUncertain]; errors.Is(err,
// context.Canceled) or context.DeadlineExceeded holds in both. On a conference that is over or
// unknown everything answers [ErrNotFound]. Every error is an *[Error].
//
// A command whose answer was lost is looked for by a read. It is sent once more, and never again, if
// that read shows that it was not done and that run and call leg are those which the command was for:
// the handle is by Instance, or this client has read them under the name before. Otherwise it is
// [ErrUncertain].
//
// The package conformance judges implementations. The interface does not grow before v2.
type Conference interface {
	// ID is the id that the handle was made with.
	ID() ConferenceID

	// Snapshot reads who is on the conference now. The result is the caller's own copy, ordered by
	// JoinedAt and then ID.
	Snapshot(ctx context.Context) (Snapshot, error)

	// RemoveParticipant takes one participant off the conference; Capabilities.Removed says what
	// becomes of the call leg. For someone who is not there it answers [ErrNotParticipant]; where it
	// cannot be found out whether it is the participant or the conference that is missing, because that
	// read fails, [ErrNotFound]. It is nil if somebody turns out to be gone after a try of this very
	// call whose answer was lost.
	RemoveParticipant(ctx context.Context, id ParticipantID) error

	// SetParticipantState changes what change sets and leaves the rest alone. Nil also where it
	// already was so. A change that sets nothing is [ErrInvalid]. A change with one field that can
	// never be had here is [ErrUnsupported] with [Error.Missing], and nothing of it is sent; one
	// that this session or this moment does not allow is [ErrForbidden] or [ErrConflict], and
	// nothing is changed. Where a change takes several requests the restricting ones go first, the
	// first failure stops it, and [Error.Applied] tells what was confirmed until then.
	SetParticipantState(ctx context.Context, id ParticipantID, change Change) error

	// End ends the conference for everybody; Capabilities.Ended says what becomes of the legs. It is nil
	// if the conference turns out to be over after a try of this very call whose answer was lost.
	End(ctx context.Context) error

	// Events tells what happens on the conference. Every range over the result is a subscription of
	// its own, which ends with the range. The first event is [Synced] with the Snapshot to start
	// from; then [Joined], [Changed] and [Left] as differences to it. After anything may have been
	// missed the differences come first and then Synced, with Gap. [Stale] says that the truth
	// cannot be had for now, and Synced that this is over; where that is so from the start, Stale
	// comes before the first Synced. A slow reader misses steps, never the outcome.
	//
	// Somebody whose ID stays while CallID or JoinedAt, where known, becomes another is told as Left and
	// then Joined. When the conference is over, another run has got its name, or this session's own leg
	// is gone, everybody is told as Left and then comes [Ended].
	//
	// After [Ended], or after one error, nothing more comes. Only these end a subscription with an
	// error: the conference is not found, not signed in, forbidden, unsupported, the client closed,
	// ctx ended. There is no deadline but that of ctx.
	Events(ctx context.Context) iter.Seq2[Event, error]

	// As sets target, a pointer, to the provider's own handle of this conference if it has one of
	// the type that target points to, and reports whether it did. See the function [As].
	As(target any) bool
}

// A Client is one account, or one login, at one provider. It is safe for concurrent use. Making one
// sends no request: Check proves endpoint and credentials.
//
// The package conformance judges implementations. The interface does not grow before v2.
type Client interface {
	// Name is what this account or login is called: Config.Name, else Provider.
	Name() string

	// Provider is the name that the provider is registered under, such as "plivo-mpc".
	Provider() string

	// Capabilities is the most that can be done here. It does not change.
	Capabilities() Capabilities

	// Conference gives a handle. It makes no request and does not fail.
	Conference(id ConferenceID) Conference

	// Conferences lists the live conferences that this client can see. An error is the last thing
	// that a range yields. Without a deadline on ctx each page takes at most 10 seconds.
	Conferences(ctx context.Context) iter.Seq2[Summary, error]

	// Check asks whether the provider is reachable and lets this client in, by one cheap read that
	// changes nothing.
	Check(ctx context.Context) error

	// Notify says that these conferences may have changed (none given: all of them), as heard
	// elsewhere, such as by another replica. What is watched is read again. It never blocks.
	Notify(ids ...ConferenceID)

	// As sets target, a pointer, to something of the provider's own if it has one of the type that
	// target points to, and reports whether it did. See the function [As].
	As(target any) bool

	// Close ends all streams with [ErrClosed] and stops the client. Commands in flight answer
	// ErrClosed if nothing was sent, else [ErrUncertain]. It waits at most 2 seconds for the
	// client's own work, never for a caller's loop. Closing again does nothing.
	Close() error
}

// As gives what v has of type T: v is a [Client] or a [Conference], and T the type of a provider's
// own handle, of the receiver of its callbacks (net/http.Handler), or of whatever else its package
// documents. Without such a thing ok is false and t is the zero value.
func As[T any](v interface{ As(any) bool }) (t T, ok bool) {
	var got T
	if v == nil || !v.As(&got) {
		return t, false
	}
	return got, true
}
