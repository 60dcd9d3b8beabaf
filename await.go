package callcontrol

import (
	"context"
	"sync"
)

// Await waits until ok says yes to a snapshot of the conference, and gives that snapshot. It asks ok
// about every snapshot that [Conference.Events] tells from, the first one being what stands at the
// start; never about one that is known to be out of date. ok is called from the calling goroutine,
// one call after the other.
//
// Await has no deadline of its own: it waits until ctx ends. It fails when the events do, with their
// error, and with [ErrNotFound] when the conference ends before ok says yes. With an error, the
// snapshot is the last one that ok was asked about, or zero.
//
// Await sees what Events sees: of states that come and go quickly it may miss one.
func Await(ctx context.Context, c Conference, ok func(Snapshot) bool) (Snapshot, error) {
	if ctx == nil || c == nil || ok == nil {
		return Snapshot{}, &Error{Op: OpAwait, Kind: ErrInvalid, Err: Detail("there is no context, no conference, or no condition")}
	}
	var last Snapshot
	for event, err := range c.Events(ctx) {
		if err != nil {
			return last, err
		}
		switch event.Type {
		case Synced, Joined, Changed, Left:
			last = event.Snapshot
			if ok(last) {
				return last, nil
			}
		case Ended:
			return last, &Error{
				Op: OpAwait, Conference: c.ID(), Kind: ErrNotFound,
				Err: Detail("the conference ended before the condition held"),
			}
		}
	}
	return last, streamEnd(ctx, OpAwait, c)
}

// streamEnd is the error for events that stopped without a word.
func streamEnd(ctx context.Context, op string, c Conference) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: op, Conference: c.ID(), Kind: ErrCanceled, Err: err}
	}
	return &Error{Op: op, Conference: c.ID(), Kind: ErrUnavailable, Err: Detail("the events stopped without saying why")}
}

// channelSize bounds the queue of Channel.
const channelSize = 16

// Channel gives the events of c through a channel that holds at most 16, for use in a select. A
// reader that falls behind holds up the events, which is safe: see [Conference.Events]. Nothing is
// dropped while ctx lasts.
//
// The channel is closed after [Ended], after an error, or when ctx ends. The function waits for that
// and for the goroutine behind it, and gives the error: nil after Ended, [ErrCanceled] if ctx ended.
// It may be called any number of times, from anywhere. Whoever stops reading early must end ctx
// before calling it:
//
//	ctx, cancel := context.WithCancel(ctx)
//	events, wait := callcontrol.Channel(ctx, conf)
//	defer func() { cancel(); wait() }()
func Channel(ctx context.Context, c Conference) (<-chan Event, func() error) {
	events := make(chan Event, channelSize)
	if ctx == nil || c == nil {
		close(events)
		return events, func() error {
			return &Error{Op: OpChannel, Kind: ErrInvalid, Err: Detail("there is no context, or no conference")}
		}
	}
	var (
		running sync.WaitGroup
		failure error
	)
	running.Go(func() {
		defer close(events)
		failure = forward(ctx, c, events)
	})
	return events, func() error {
		running.Wait()
		return failure
	}
}

// forward sends the events of c to events until they are over.
func forward(ctx context.Context, c Conference, events chan<- Event) error {
	for event, err := range c.Events(ctx) {
		if err != nil {
			return err
		}
		select {
		case events <- event:
		case <-ctx.Done():
			return streamEnd(ctx, OpChannel, c)
		}
		if event.Type == Ended {
			return nil
		}
	}
	return streamEnd(ctx, OpChannel, c)
}
