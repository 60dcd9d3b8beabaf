package mutants

import (
	"context"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

func identityMutants() []Mutant {
	return []Mutant{
		{"blank-is-an-id", "identity/empty", "Three blanks are taken for an id.", worlds.Everything, accepts(func(p string) bool { return p == "   " })},
		{"last-is-an-id", "identity/reserved", "The word last is taken for an id.", worlds.Everything, accepts(func(p string) bool { return strings.EqualFold(p, "last") })},
		{"a-list-is-an-id", "identity/list", "A list with nothing after its comma is taken for an id.", worlds.Everything, accepts(func(p string) bool { return strings.HasSuffix(p, ",") })},
		{"a-path-is-an-id", "identity/slash", "An id with a path to another action is taken for an id.", worlds.Everything, accepts(func(p string) bool { return strings.HasSuffix(p, "/Mute") })},
		{"line-ends-cut", "identity/control", "A line end after an id is cut away, and the id commanded.", worlds.Everything, readsAs(func(p string) string { return strings.TrimRight(p, "\r\n") })},
		{"accents-cut", "identity/non-ascii", "A letter of another alphabet after an id is cut away, and the id commanded.", worlds.Everything, readsAs(func(p string) string { return strings.TrimSuffix(p, "é") })},
		{"long-cut", "identity/long", "An id of more than 128 bytes is cut to three, and what is left commanded.", worlds.Everything, readsAs(func(p string) string {
			if len(p) > 128 {
				return p[:3]
			}
			return p
		})},
		{"query-cut", "identity/odd", "What follows a question mark is cut off an id, and the rest commanded.", worlds.Everything, readsAs(func(p string) string { p, _, _ = strings.Cut(p, "?"); return p })},
		{"leading-zeros-cut", "identity/prefix", "Leading zeros are cut off an id, and the rest commanded.", worlds.Everything, readsAs(func(p string) string { return strings.TrimLeft(p, "0") })},
		{"quotes-cut", "identity/hostile", "Quotes around an id are cut away, and the id commanded.", worlds.Everything, readsAs(func(p string) string { return strings.Trim(p, "'") })},
		{"room-trimmed", "identity/conference", "A blank after the name of a conference is cut away, and the conference commanded.", worlds.Everything, inClient(func(s *shim) {
			s.handle = func(id cc.ConferenceID) cc.ConferenceID {
				if trimmed := strings.TrimRight(string(id), " "); trimmed != "" {
					return cc.ConferenceID(trimmed)
				}
				return id
			}
		})},
		{"dots-are-a-path", "identity/conference-dots", "Two dots for the name of a conference lead to another one.", worlds.Everything, inClient(func(s *shim) {
			s.handle = func(id cc.ConferenceID) cc.ConferenceID {
				if rooms := s.bridge().Rooms(); id == ".." && len(rooms) > 0 {
					return cc.ConferenceID(rooms[0].Name)
				}
				return id
			}
		})},
		{"twins-in-reach", "identity/twins-listed", "The second of two who cannot be told apart is told as somebody who may be removed.", worlds.ByAddress, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			for i, p := range told.Participants {
				if strings.Contains(string(p.ID), "#") {
					told.Participants[i].Controls = cc.CanRemove
				}
			}
			return err
		})},
		{"first-twin-removed", "identity/twins-removed", "Of two who cannot be told apart the first is removed.", worlds.ByAddress, answers(cc.OpRemoveParticipant, func(s *shim, cmd cc.Command, err error) error {
			if t := twins(s.bridge(), cmd); len(t) > 1 {
				_, _ = s.bridge().Remove(cmd.Conference, t[0].ID, fake.HangUp)
			}
			return err
		})},
		{"first-twin-set", "identity/twins-set", "Of two who cannot be told apart the first has their state set.", worlds.ByAddress, answers(cc.OpSetParticipantState, func(s *shim, cmd cc.Command, err error) error {
			if t := twins(s.bridge(), cmd); len(t) > 1 {
				_, _ = s.bridge().Set(cmd.Conference, t[0].ID, cmd.Change)
			}
			return err
		})},
		{"looked-for-elsewhere", "identity/other-conference", "Whoever is not there is looked for in other conferences, and removed there.", worlds.Everything, answers(cc.OpRemoveParticipant, func(s *shim, cmd cc.Command, err error) error {
			if cc.KindOf(err) == cc.ErrNotParticipant {
				removeElsewhere(s.bridge(), cmd)
			}
			return err
		})},
		{"removed-everywhere", "identity/same-id", "Whoever has the id in another conference is removed, too.", worlds.Everything, answers(cc.OpRemoveParticipant, func(s *shim, cmd cc.Command, err error) error {
			if err == nil {
				removeElsewhere(s.bridge(), cmd)
			}
			return err
		})},
	}
}

// accepts has the client ask the vendor for ids that it ought to refuse; nobody there has them.
func accepts(what func(string) bool) worlds.With {
	return readsAs(func(p string) string {
		if what(p) {
			return "999999"
		}
		return p
	})
}

// readsAs has the client take one id for another.
func readsAs(as func(string) string) worlds.With {
	return onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
		cmd.Participant = cc.ParticipantID(as(string(cmd.Participant)))
		return next(ctx, cmd)
	})
}

// twins are those who have the number that a command names.
func twins(sw *fake.Switch, cmd cc.Command) []fake.MemberInfo {
	return without(members(sw, cmd.Conference), func(m fake.MemberInfo) bool { return m.Address != string(cmd.Participant) })
}

// removeElsewhere removes whoever has the id of a command in another conference.
func removeElsewhere(sw *fake.Switch, cmd cc.Command) {
	for _, r := range sw.Rooms() {
		if r.Instance != run(sw, cmd.Conference) {
			_, _ = sw.Remove(r.Instance, cmd.Participant, fake.HangUp)
		}
	}
}

func runMutants() []Mutant {
	return []Mutant{
		{"instance-unknown", "run/instance-live", "A removal by Instance is refused as not found.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			if cmd.Op == cc.OpRemoveParticipant && !s.named(cmd.Conference) {
				return &cc.Error{Kind: cc.ErrNotFound}
			}
			return next(ctx, cmd)
		})},
		{"instance-is-a-name", "run/instance-command", "A removal by the Instance of a run that is over goes to the run that has the name now.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			if cmd.Op == cc.OpRemoveParticipant {
				cmd.Conference = nameOf(s.bridge(), cmd.Conference)
			}
			return next(ctx, cmd)
		})},
		{"instance-read-by-name", "run/instance-snapshot", "A Snapshot by the Instance of a run that is over tells the run that has the name now.", worlds.Everything, inClient(func(s *shim) {
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				return next(ctx, nameOf(s.bridge(), id))
			}
		})},
		{"name-sticks-to-a-run", "run/name-command", "A removal by name goes to the run that was read under it first.", worlds.Everything, inClient(func(s *shim) {
			var first state[cc.ConferenceID]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				first.with(func(run *cc.ConferenceID) {
					if *run == "" {
						*run = told.Instance
					}
				})
				return told, err
			}
			s.command = func(ctx context.Context, cmd cc.Command, next order) error {
				if run := first.get(); run != "" && cmd.Op == cc.OpRemoveParticipant {
					cmd.Conference = run
				}
				return next(ctx, cmd)
			}
		})},
		{"name-read-by-run", "run/name-snapshot", "A Snapshot by name tells the run that was read under it first.", worlds.Everything, inClient(func(s *shim) {
			var first state[cc.ConferenceID]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				if run := first.get(); run != "" {
					id = run
				}
				told, err := next(ctx, id)
				first.set(told.Instance)
				return told, err
			}
		})},
	}
}

// nameOf is the name of a run.
func nameOf(sw *fake.Switch, id cc.ConferenceID) cc.ConferenceID {
	r, err := sw.Look(id)
	if err != nil {
		return id
	}
	return cc.ConferenceID(r.Name)
}
