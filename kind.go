package callcontrol

import (
	"context"
	"errors"
)

// A Kind is the class of an error. It is an error itself, so that
//
//	errors.Is(err, callcontrol.ErrNotFound)
//
// asks for it. An [Error] has exactly one kind, whatever other errors it wraps; the one overlap is
// that [ErrNotParticipant] is ErrNotFound too.
type Kind uint8

// The kinds of errors, with what to do about each.
const (
	// ErrUnsupported: this provider, or this kind of leg, can never do that. Nothing was sent.
	// Error.Missing tells what lacks. Do not offer it; see [Require].
	ErrUnsupported Kind = 1 + iota

	// ErrInvalid: wrong whatever the state, such as a bad id, an empty change, bad configuration.
	// Nothing was sent, or the provider refused the request as malformed.
	ErrInvalid

	// ErrNotFound: there is no such conference, or it is over.
	ErrNotFound

	// ErrNotParticipant: the conference is live and the participant is not in it. It is ErrNotFound
	// too.
	ErrNotParticipant

	// ErrConflict: not possible in the present state, or it cannot be told which of two participants
	// was meant. Read a Snapshot and decide anew.
	ErrConflict

	// ErrForbidden: possible, but not for this session.
	ErrForbidden

	// ErrUnauthenticated: the provider does not accept the credentials, or the session is over.
	ErrUnauthenticated

	// ErrRateLimited: the provider or the client's own limit says that there were too many requests.
	// It was not done. Error.RetryAfter says how long to wait, where that is told.
	ErrRateLimited

	// ErrUnavailable: certainly not done, because of the network or the provider. Try again later.
	ErrUnavailable

	// ErrUncertain: it may have been done, and the truth could not be learnt in time. Every command
	// sets a final condition, so repeating it on a fresh Snapshot is safe.
	ErrUncertain

	// ErrCanceled: ctx ended before anything was sent.
	ErrCanceled

	// ErrClosed: the client was closed before anything was sent.
	ErrClosed
)

// kindWords is what kinds are called in text forms; kindTexts is what they say as errors.
var (
	kindWords = wordSet{
		ErrUnsupported: "unsupported", ErrInvalid: "invalid", ErrNotFound: "not-found",
		ErrNotParticipant: "not-participant", ErrConflict: "conflict", ErrForbidden: "forbidden",
		ErrUnauthenticated: "unauthenticated", ErrRateLimited: "rate-limited", ErrUnavailable: "unavailable",
		ErrUncertain: "uncertain", ErrCanceled: "canceled", ErrClosed: "closed",
	}
	kindTexts = wordSet{
		ErrUnsupported: "unsupported", ErrInvalid: "invalid", ErrNotFound: "not found",
		ErrNotParticipant: "not a participant", ErrConflict: "conflict", ErrForbidden: "forbidden",
		ErrUnauthenticated: "unauthenticated", ErrRateLimited: "rate limited", ErrUnavailable: "unavailable",
		ErrUncertain: "uncertain", ErrCanceled: "canceled", ErrClosed: "closed",
	}
)

// Error gives the kind in words.
func (k Kind) Error() string {
	if s, ok := kindTexts.word(int(k)); ok && s != "" {
		return s
	}
	return "unknown"
}

// Is reports that [ErrNotParticipant] is [ErrNotFound] too.
func (k Kind) Is(target error) bool { return k == ErrNotParticipant && target == ErrNotFound }

// KindOf gives the kind of the outermost [Error] that err is or wraps, or else of the Kind itself
// where err is or wraps one, or else 0. KindOf(nil) is 0.
func KindOf(err error) Kind {
	if err == nil {
		return 0 // without what errors.As would need
	}
	var e *Error
	if errors.As(err, &e) {
		if e == nil {
			return 0
		}
		return e.Kind
	}
	var k Kind
	errors.As(err, &k)
	return k
}

// IgnoreNotFound gives nil if err says that the conference or the participant is not there
// ([ErrNotFound], [ErrNotParticipant]), else err.
func IgnoreNotFound(err error) error {
	switch KindOf(err) {
	case ErrNotFound, ErrNotParticipant:
		return nil
	}
	return err
}

// IgnoreNotParticipant gives nil if err says that the participant is not in the conference while the
// conference is live ([ErrNotParticipant]), else err.
func IgnoreNotParticipant(err error) error {
	if KindOf(err) == ErrNotParticipant {
		return nil
	}
	return err
}

// kindOfContext is the kind of an error that came from a context that ended, else 0.
func kindOfContext(err error) Kind {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrCanceled
	}
	return 0
}
