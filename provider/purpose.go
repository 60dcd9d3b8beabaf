package provider

import (
	"context"
	"sync/atomic"
)

// A Purpose says what a read is for. It travels in the read's context, where a transport finds it
// with [PurposeOf].
type Purpose uint8

const (
	ForCommand  Purpose = iota
	ForSettling         // costs what a retry costs; refused when the budget is spent
	ForWatching         // yields to commands; at most half of the vendor's rate
)

type purposeKey struct{}

// WithPurpose returns a context that says what a read is for. New calls it; a driver does not.
func WithPurpose(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf tells what a read is for. A context that does not say is ForCommand.
func PurposeOf(ctx context.Context) Purpose {
	p, _ := ctx.Value(purposeKey{}).(Purpose)
	return p
}

// attempts counts what a transport tries for one command.
type attempts struct{ left atomic.Int32 }

type attemptsKey struct{}

// Said is a context that tells what an exchange of a command is for.
type said struct {
	context.Context
	purpose Purpose
	tries   *attempts // nil: of a read, which has no limit
}

func (s *said) Value(key any) any {
	switch key.(type) {
	case purposeKey:
		if s.purpose != ForCommand {
			return s.purpose
		}
	case attemptsKey:
		if s.tries != nil {
			return s.tries
		}
	}
	return s.Context.Value(key)
}

// TakeAttempt reports whether the command that ctx belongs to may be tried again, and counts the
// attempt if so. A transport calls it before each attempt of a command, the first one included: a
// command is sent at most twice and tried at most three times in all, whoever repeats it. Where ctx
// belongs to no command there is no limit.
func TakeAttempt(ctx context.Context) bool {
	a, ok := ctx.Value(attemptsKey{}).(*attempts)
	return !ok || a.left.Add(-1) >= 0
}
