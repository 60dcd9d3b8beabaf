package mutants

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// without is a list without those that it says.
func without[T any](list []T, out func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), out)
}

func snapshotMutants() []Mutant {
	return []Mutant{
		{"fifth-of-five-unseen", "snapshot/people", "Of five the last is left out.", worlds.Everything, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			if len(told.Participants) == 5 {
				told.Participants = told.Participants[:4]
			}
			return err
		})},
		{"supervisor-is-agent", "snapshot/roles", "A supervisor is told as an agent.", worlds.Everything, onTold(func(p *cc.Participant, _ int) {
			if p.Role == cc.RoleSupervisor {
				p.Role = cc.RoleAgent
			}
		})},
		{"address-of-third", "snapshot/address", "The third one is told without their number.", worlds.Everything, onTold(func(p *cc.Participant, i int) {
			if i == 2 {
				p.Address = ""
			}
		})},
		{"first-joined-untold", "snapshot/joined-at", "When the first one joined is not told.", worlds.Everything, onTold(func(p *cc.Participant, i int) {
			if i == 0 {
				p.JoinedAt = time.Time{}
			}
		})},
		{"first-never-muted", "snapshot/state", "Where three are there, the first one is never told as muted.", worlds.Everything, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			if len(told.Participants) == 3 {
				told.Participants[0].State.Mute = cc.Off
			}
			return err
		})},
		{"agents-coach", "snapshot/coach", "Where a supervisor is there, coach is told of agents, too.", worlds.Everything, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			if slices.ContainsFunc(told.Participants, func(p cc.Participant) bool { return p.Role == cc.RoleSupervisor }) {
				for i := range told.Participants {
					if p := &told.Participants[i]; p.Role == cc.RoleAgent {
						p.State.Coach = cc.Off
					}
				}
			}
			return err
		})},
		{"run-without-id", "snapshot/run", "The first Snapshot tells no id of the run.", worlds.Everything, inClient(func(s *shim) {
			var read state[bool]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				if !read.get() {
					told.Instance = told.Conference
				}
				read.set(true)
				return told, err
			}
		})},
		{"snapshot-from-memory", "snapshot/fresh", "The second Snapshot of a run is the first again.", worlds.Everything, inClient(func(s *shim) {
			var last state[cc.Snapshot]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				if was := last.get(); err == nil && was.Instance == told.Instance {
					was.Participants = slices.Clone(was.Participants)
					return was, nil
				}
				last.set(told)
				told.Participants = slices.Clone(told.Participants)
				return told, err
			}
		})},
		{"last-first", "snapshot/order", "People are told in the reverse order.", worlds.Everything, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			slices.Reverse(told.Participants)
			return err
		})},
		{"local-time", "snapshot/utc", "The time of joining is told in another zone.", worlds.Everything, onTold(func(p *cc.Participant, _ int) {
			p.JoinedAt = p.JoinedAt.In(time.FixedZone("", 3600))
		})},
		{"shared-list", "snapshot/own-copy", "Snapshots share one list of people while their number is the same.", worlds.Everything, inClient(func(s *shim) {
			var list state[[]cc.Participant]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				list.with(func(was *[]cc.Participant) {
					if len(*was) == len(told.Participants) {
						told.Participants = *was
					}
					*was = told.Participants
				})
				return told, err
			}
		})},
		{"unreadable-is-over", "snapshot/unreadable", "A Snapshot that cannot be read is told as a conference that is over.", worlds.Everything, onSnapshot(func(_ *shim, _ *cc.Snapshot, err error) error {
			return turned(err, cc.ErrUnavailable, into(cc.ErrNotFound))
		})},
		{"hollow-is-empty", "snapshot/hollow", "A conference without its members is taken for one that has none.", worlds.PlivoConference,
			filled("Conference", http.StatusOK, `{"conference_name":"","conference_member_count":"0","members":[]}`)},
		{"refused-is-forbidden", "snapshot/refused", "A Snapshot that we are not let in for is told as forbidden.", worlds.Everything, onSnapshot(func(_ *shim, _ *cc.Snapshot, err error) error {
			return turned(err, cc.ErrUnauthenticated, into(cc.ErrForbidden))
		})},
	}
}

// onTold is a change to each person of what applications read.
func onTold(change func(p *cc.Participant, i int)) worlds.With {
	return onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
		for i := range told.Participants {
			change(&told.Participants[i], i)
		}
		return err
	})
}

func listMutants() []Mutant {
	return []Mutant{
		{"first-page-only", "list/every", "A listing ends after twenty.", worlds.Everything, onList(func(_ *shim, all []cc.Summary) []cc.Summary { return all[:min(len(all), 20)] })},
		{"lists-the-past", "list/over", "Conferences that are over are listed.", worlds.Everything, onList(func(s *shim, all []cc.Summary) []cc.Summary {
			for _, r := range s.bridge().History() {
				all = append(all, cc.Summary{Conference: cc.ConferenceID(r.Name), Instance: r.Instance})
			}
			return all
		})},
		{"counts-nobody", "list/summary", "A conference of three is listed as one of nobody.", worlds.Everything, onList(func(_ *shim, all []cc.Summary) []cc.Summary {
			for i := range all {
				if all[i].Participants == 3 {
					all[i].Participants = 0
				}
			}
			return all
		})},
		{"fails-twice", "list/failure", "A listing that fails tells its error twice.", worlds.Everything, inClient(func(s *shim) {
			s.list = func(ctx context.Context, next func(context.Context) iter.Seq2[cc.Summary, error]) iter.Seq2[cc.Summary, error] {
				return func(yield func(cc.Summary, error) bool) {
					for one, err := range next(ctx) {
						if !yield(one, err) || err != nil && !yield(one, err) {
							return
						}
					}
				}
			}
		})},
	}
}
