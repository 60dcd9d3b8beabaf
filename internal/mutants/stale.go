package mutants

import (
	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

func staleMutants() []Mutant {
	return []Mutant{
		{"stale-without-cause", "stale/told", "Stale does not tell why.", worlds.Everything, onEvent(func(ev *cc.Event) { ev.Err = nil })},
		{"drops-the-gap", "stale/ends", "The synced that ends stale does not tell of the gap.", worlds.Everything, onGap(true)},
		{"too-often-is-the-end", "stale/goes-on", "A range ends when the vendor refuses a read for its rate.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if cc.KindOf(ev.Err) == cc.ErrRateLimited {
					yield(cc.Event{}, ev.Err)
					return false
				}
				return yield(ev, err)
			}
		})},
		{"drops-a-silent-gap", "stale/gap", "A gap is not told where no read has failed.", worlds.Everything, onGap(false)},
		{"synced-before-differences", "stale/differences-first", "Where three were there, the synced that ends stale is told before what it has seen happen.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step { return syncedFirst() })},
		{"gap-at-every-join", "stale/calm", "Whoever joins is told with a gap.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				gap := cc.Event{Type: cc.Synced, At: ev.At, Gap: true, Snapshot: ev.Snapshot}
				return yield(ev, err) && (ev.Type != cc.Joined || yield(gap, nil))
			}
		})},
		{"synced-forgets-a-name", "stale/fold", "A synced with a gap has the first one without their name.", worlds.Everything, onEvent(func(ev *cc.Event) {
			if ev.Gap && len(ev.Snapshot.Participants) > 0 {
				ev.Snapshot.Participants[0].Name = ""
			}
		})},
		{"no-end-after-stale", "stale/end", "A conference that ended while the truth could not be had is not told as ended.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			stale := false
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				stale = ev.Type == cc.Stale || stale && ev.Type != cc.Synced
				return ev.Type == cc.Ended && stale || yield(ev, err)
			}
		})},
	}
}

// onGap takes the gap from synced events, those that end stale or the others.
func onGap(ends bool) worlds.With {
	return onEvents(func(*shim, cc.ConferenceID) step {
		stale := false
		return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
			if stale == ends {
				ev.Gap = false
			}
			stale = ev.Type == cc.Stale || stale && ev.Type != cc.Synced
			return yield(ev, err)
		}
	})
}

// syncedFirst keeps what comes after stale back until synced was told.
func syncedFirst() step {
	n, stale := 0, false
	var kept []cc.Event
	return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
		if n == 0 {
			n = len(ev.Snapshot.Participants)
		}
		switch {
		case ev.Type == cc.Stale:
			stale = n == 3
		case stale && (ev.Type == cc.Joined || ev.Type == cc.Left):
			kept = append(kept, ev)
			return true
		default:
			stale = false
		}
		if !yield(ev, err) {
			return false
		}
		for ; !stale && len(kept) > 0; kept = kept[1:] {
			if !yield(kept[0], nil) {
				return false
			}
		}
		return true
	}
}
