package mutants

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func eventMutants() []Mutant {
	return []Mutant{
		{"begins-with-a-gap", "events/first-synced", "The first event tells of a gap.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			began := false
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				ev.Gap = ev.Gap || !began
				began = true
				return yield(ev, err)
			}
		})},
		{"joined-without-them", "events/joined", "The Snapshot of joined does not have the one who joined.", worlds.Everything, onEvent(func(ev *cc.Event) {
			if ev.Type == cc.Joined {
				ev.Snapshot.Participants = without(ev.Snapshot.Participants, func(p cc.Participant) bool { return p.ID == ev.Participant.ID })
			}
		})},
		{"changed-from-nothing", "events/changed", "Changed does not tell the state before.", worlds.Everything, onEvent(func(ev *cc.Event) { ev.Before = cc.ParticipantState{} })},
		{"controls-untold", "events/changed-controls", "A change of what may be done to somebody is not told.", worlds.ByAddress, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				return ev.Type == cc.Changed && ev.Before == ev.Participant.State || yield(ev, err)
			}
		})},
		{"left-without-leg", "events/left", "Left does not tell the call leg.", worlds.Everything, onEvent(func(ev *cc.Event) {
			if ev.Type == cc.Left {
				ev.Participant.CallID = ""
			}
		})},
		{"removed-is-hung-up-told", "events/left-reason", "Somebody who was removed is told as having hung up.", worlds.Everything, onEvent(func(ev *cc.Event) {
			if ev.Reason == cc.ReasonRemoved {
				ev.Reason = cc.ReasonHungUp
			}
		})},
		{"joined-twice", "events/once", "Whoever joins three others is told as joined twice.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			n := 0
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if n == 0 {
					n = len(ev.Snapshot.Participants)
				}
				return yield(ev, err) && (ev.Type != cc.Joined || n != 3 || yield(ev, err))
			}
		})},
		{"joined-when-asked", "events/unprompted", "Joined is told only if somebody has called Notify.", worlds.Everything, inClient(joinedWhenAsked)},
		{"deaf-to-notify", "events/notify", "Notify with an id does nothing.", worlds.Everything, inClient(func(s *shim) {
			s.notify = func(ids []cc.ConferenceID, next func()) {
				if len(ids) == 0 {
					next()
				}
			}
		})},
		{"deaf-to-notify-all", "events/notify-all", "Notify without an id does nothing.", worlds.Everything, inClient(func(s *shim) {
			s.notify = func(ids []cc.ConferenceID, next func()) {
				if len(ids) > 0 {
					next()
				}
			}
		})},
		{"range-of-ten-seconds", "events/no-deadline", "A range ends after ten seconds.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			began := time.Now()
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				return time.Since(began) <= 10*time.Second && yield(ev, err)
			}
		})},
		{"no-reconcile", "events/lost-notification", "What is watched is never read without a notification.", worlds.Everything, worlds.With{Options: func(o provider.Options) provider.Options { o.Poll = 0; return o }}},
		{"callbacks-alone", "events/lost-notification", "What is watched is read when a callback comes, and hardly ever else.", worlds.PlivoMPCCallbacks, worlds.With{Options: func(o provider.Options) provider.Options { o.Poll = time.Hour; return o }}},
		{"own-end-untold", "events/ended", "Where this client has ended the conference, that it ended is not told.", worlds.Everything, inClient(func(s *shim) {
			untoldAfterEnd(s, func(ev cc.Event) bool { return ev.Type == cc.Ended })
		})},
		{"ended-over-somebody", "events/left-for-each", "Where this client has ended the conference, the first one is not told as left.", worlds.Everything, inClient(func(s *shim) {
			untoldAfterEnd(s, func(ev cc.Event) bool { return ev.Type == cc.Left && ev.Participant.ID == "101" })
		})},
		{"synced-after-ended", "events/nothing-more", "After ended comes synced.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				after := cc.Event{Type: cc.Synced, At: ev.At, Snapshot: ev.Snapshot}
				return yield(ev, err) && (ev.Type != cc.Ended || yield(after, nil))
			}
		})},
		{"ended-is-lost", "events/ended-reason", "A conference that was ended is told as lost.", worlds.Everything, onEvent(func(ev *cc.Event) {
			if ev.Type == cc.Ended {
				ev.Reason = cc.ReasonLost
			}
		})},
		{"tells-the-new-run", "events/new-run", "Before a run is told as ended, somebody of the next one is told.", worlds.Everything, onEvents(func(s *shim, id cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if there := members(s.bridge(), id); ev.Type == cc.Ended && len(there) > 0 {
					next := cc.Event{Type: cc.Joined, At: ev.At, Participant: cc.Participant{ID: there[0].ID}}
					if !yield(next, nil) {
						return false
					}
				}
				return yield(ev, err)
			}
		})},
		{"named-by-run", "events/instance", "Events by Instance have the Instance for the conference's name.", worlds.Everything, onEvents(func(s *shim, id cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if !s.named(id) {
					ev.Snapshot.Conference = id
				}
				return yield(ev, err)
			}
		})},
		{"own-leg-is-the-end", "events/own-leg", "One's own leg being gone is told as the end of the conference.", worlds.FakeGenesys, onEvent(func(ev *cc.Event) {
			if ev.Type == cc.Ended {
				ev.Reason = cc.ReasonEnded
			}
		})},
		{"same-id-same-person", "events/identity", "Somebody whose id another leg has by now is not told as left.", worlds.ByAddress, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if _, back := ev.Snapshot.Participant(ev.Participant.ID); ev.Type == cc.Left && back && len(ev.Snapshot.Participants) > 0 && !over(ev) {
					return true
				}
				return yield(ev, err)
			}
		})},
		{"slow-reader-loses", "events/slow-reader", "The first to come after a reader was busy for more than a second is never told to it.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			slow := false
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if slow && ev.Type == cc.Joined {
					slow = false
					return true
				}
				at := time.Now()
				more := yield(ev, err)
				slow = slow || time.Since(at) > time.Second
				return more
			}
		})},
		{"ranges-share-their-end", "events/two-ranges", "When one range ends the others fall silent.", worlds.Everything, inClient(func(s *shim) {
			var ended state[bool]
			s.events = func(_ cc.ConferenceID, from stream) stream {
				return func(yield func(cc.Event, error) bool) {
					defer ended.set(true)
					for ev, err := range from {
						if (err != nil || !ended.get()) && !yield(ev, err) {
							return
						}
					}
				}
			}
		})},
		{"ranges-share-a-list", "events/own-snapshot", "The first Snapshots of ranges share one list of people.", worlds.Everything, inClient(func(s *shim) {
			var shared state[[]cc.Participant]
			s.events = func(_ cc.ConferenceID, from stream) stream {
				return func(yield func(cc.Event, error) bool) {
					began := false
					for ev, err := range from {
						if !began && err == nil {
							shared.with(func(list *[]cc.Participant) {
								if *list == nil {
									*list = ev.Snapshot.Participants
								}
								ev.Snapshot.Participants = *list
							})
						}
						began = true
						if !yield(ev, err) {
							return
						}
					}
				}
			}
		})},
		{"reads-for-nobody", "events/break", "After a range was broken off the conference goes on being read.", worlds.Everything, inClient(readsForNobody)},
		{"range-ends-late", "events/context", "A range whose context was canceled ends late.", worlds.Everything, inClient(func(s *shim) {
			var once sync.Once
			closed := make(chan struct{})
			s.close = func(next func() error) error {
				once.Do(func() { close(closed) })
				return next()
			}
			s.events = func(_ cc.ConferenceID, from stream) stream {
				return func(yield func(cc.Event, error) bool) {
					for ev, err := range from {
						if errors.Is(err, context.Canceled) {
							select {
							case <-time.After(late):
							case <-closed:
							}
						}
						if !yield(ev, err) {
							return
						}
					}
				}
			}
		})},
		{"nothing-is-unavailable", "events/not-found", "Events of a conference that is not there ends as if the vendor were not.", worlds.Everything, endsWith(cc.ErrNotFound, into(cc.ErrUnavailable))},
		{"let-in-no-more", "events/unauthenticated", "A range that we are not let in for any more ends as forbidden.", worlds.Everything, endsWith(cc.ErrUnauthenticated, into(cc.ErrForbidden))},
		{"forbidden-is-conflict", "events/forbidden", "A range that is forbidden ends with a conflict.", worlds.Everything, endsWith(cc.ErrForbidden, into(cc.ErrConflict))},
	}
}

// over tells whether an event is of those that come before ended: they hold the last Snapshot of the
// run, with everybody in it.
func over(ev cc.Event) bool {
	return slices.ContainsFunc(ev.Snapshot.Participants, func(p cc.Participant) bool { return p == ev.Participant })
}

// endsWith changes the error of that kind that ends a range.
func endsWith(kind cc.Kind, change func(*cc.Error)) worlds.With {
	return onEvents(func(*shim, cc.ConferenceID) step {
		return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
			return yield(ev, turned(err, kind, change))
		}
	})
}

// untoldAfterEnd keeps some events from those who watch once this client has ended the conference.
func untoldAfterEnd(s *shim, what func(cc.Event) bool) {
	var ours state[bool]
	s.command = func(ctx context.Context, cmd cc.Command, next order) error {
		if cmd.Op == cc.OpEnd {
			ours.set(true)
		}
		return next(ctx, cmd)
	}
	s.events = func(_ cc.ConferenceID, from stream) stream {
		return func(yield func(cc.Event, error) bool) {
			for ev, err := range from {
				if (!ours.get() || !what(ev)) && !yield(ev, err) {
					return
				}
			}
		}
	}
}

func joinedWhenAsked(s *shim) {
	var asked state[bool]
	s.notify = func(_ []cc.ConferenceID, next func()) { asked.set(true); next() }
	s.events = func(_ cc.ConferenceID, from stream) stream {
		return func(yield func(cc.Event, error) bool) {
			for ev, err := range from {
				if (ev.Type != cc.Joined || asked.get()) && !yield(ev, err) {
					return
				}
			}
		}
	}
}

// readsForNobody reads a conference every second after a range was broken off, until Close.
func readsForNobody(s *shim) {
	var over state[bool]
	var readers sync.WaitGroup
	closed := make(chan struct{})
	s.close = func(next func() error) error {
		over.with(func(already *bool) {
			if !*already {
				close(closed)
			}
			*already = true
		})
		defer readers.Wait()
		return next()
	}
	read := func(id cc.ConferenceID) {
		for ticks := time.NewTicker(time.Second); ; {
			select {
			case <-ticks.C:
				_, _ = s.look(context.Background(), id)
			case <-closed:
				ticks.Stop()
				return
			}
		}
	}
	s.events = func(id cc.ConferenceID, from stream) stream {
		return func(yield func(cc.Event, error) bool) {
			for ev, err := range from {
				if yield(ev, err) {
					continue
				}
				over.with(func(already *bool) {
					if !*already {
						readers.Go(func() { read(id) })
					}
				})
				return
			}
		}
	}
}
