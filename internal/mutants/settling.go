package mutants

import (
	"context"
	"io"
	"net/http"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func settlingMutants() []Mutant {
	return []Mutant{
		{"repeats-a-done-removal", "settling/lost-after-remove", "A removal that was done, and whose answer was lost, is repeated blindly.", worlds.Everything, repeats(cc.OpRemoveParticipant, func(t *tries) bool {
			_, there := member(t.bridge(), t.cmd.Conference, t.cmd.Participant)
			return !there
		})},
		{"repeats-a-done-change", "settling/lost-after-set", "A change of state that was done, and whose answer was lost, is repeated blindly.", worlds.Everything, repeats(cc.OpSetParticipantState, func(t *tries) bool {
			m, _ := member(t.bridge(), t.cmd.Conference, t.cmd.Participant)
			return m.State().Mute == t.cmd.Change.Mute
		})},
		{"repeats-a-done-end", "settling/lost-after-end", "An end that was done, and whose answer was lost, is repeated blindly.", worlds.Everything, repeats(cc.OpEnd, func(t *tries) bool {
			return len(members(t.bridge(), t.cmd.Conference)) == 0
		})},
		{"other-leg-at-removal", "settling/lost-before-remove", "The read that settles a removal tells another call leg.", worlds.Everything, otherLeg(cc.OpRemoveParticipant)},
		{"other-leg-at-change", "settling/lost-before-set", "The read that settles a change of state tells another call leg.", worlds.Everything, otherLeg(cc.OpSetParticipantState)},
		{"other-run-at-end", "settling/lost-before-end", "The read that settles an end tells another run.", worlds.Everything, inDriver(func(l *link) {
			l.snapshot = func(ctx context.Context, s *provider.Snapshot, err error) error {
				if provider.PurposeOf(ctx) == provider.ForSettling {
					s.Instance += "0"
				}
				return err
			}
		})},
		{"ignores-the-run-at-removal", "settling/reused-remove", "A removal of unknown outcome is repeated by name in the run that began meanwhile.", worlds.Everything, ignoresRun(cc.OpRemoveParticipant)},
		{"ignores-the-run-at-change", "settling/reused-set", "A change of unknown outcome is repeated by name in the run that began meanwhile.", worlds.Everything, ignoresRun(cc.OpSetParticipantState)},
		{"ignores-the-run-at-end", "settling/reused-end", "An end of unknown outcome is repeated by name in the run that began meanwhile.", worlds.Everything, ignoresRun(cc.OpEnd)},
		{"repeats-blindly", "settling/read-first", "An end that was lost before it was done is repeated at once, in the same run.", worlds.Everything, repeats(cc.OpEnd, func(t *tries) bool {
			return len(members(t.bridge(), t.cmd.Conference)) > 0 && t.read && run(t.bridge(), t.cmd.Conference) == t.run
		})},
		{"repeats-without-evidence", "settling/no-evidence", "A removal that was lost, in a conference that was never read, is repeated.", worlds.Everything, repeats(cc.OpRemoveParticipant, func(t *tries) bool { return !t.read })},
		{"other-run-without-evidence", "settling/instance", "The read that settles a removal tells another run where nothing was read before.", worlds.Everything, inDriver(func(l *link) {
			reads := state[int]{}
			l.read = func() { reads.with(func(n *int) { *n++ }) }
			l.single = func(ctx context.Context, _ *cc.Participant, run *cc.ConferenceID, err error) error {
				if reads.get() == 1 && provider.PurposeOf(ctx) == provider.ForSettling {
					*run += "0"
				}
				return err
			}
		})},
		{"leg-from-memory", "settling/other-leg", "Reads of one participant tell the call leg that was first read under the id.", worlds.ByAddress, inDriver(func(l *link) {
			var known state[map[cc.ParticipantID]string]
			known.set(map[cc.ParticipantID]string{})
			l.snapshot = func(_ context.Context, s *provider.Snapshot, err error) error {
				known.with(func(m *map[cc.ParticipantID]string) {
					for _, p := range s.Participants {
						(*m)[p.ID] = p.CallID
					}
				})
				return err
			}
			l.single = func(_ context.Context, p *cc.Participant, _ *cc.ConferenceID, err error) error {
				if id, ok := known.get()[p.ID]; ok {
					p.CallID = id
				}
				return err
			}
		})},
		{"unreadable-is-done", "settling/unreadable", "A settling read that fails is taken for proof that somebody is deaf.", worlds.Everything, inDriver(func(l *link) {
			l.single = func(ctx context.Context, p *cc.Participant, _ *cc.ConferenceID, err error) error {
				if cc.KindOf(err) == cc.ErrUnavailable && provider.PurposeOf(ctx) == provider.ForSettling {
					p.State.Deaf = cc.On
					return nil
				}
				return err
			}
		})},
		{"garbled-is-refused", "settling/garbled", "A success that cannot be read is taken for a refusal of the change.", worlds.PlivoMPC, worlds.With{Transport: func(t http.RoundTripper) http.RoundTripper { return garbledIsRefused{t} }}},
		{"repeats-twice", "settling/twice", "A change of state whose second answer is lost, too, is sent a third time.", worlds.Everything, repeats(cc.OpSetParticipantState, func(t *tries) bool { return t.lost == 2 })},
		{"repeats-in-an-outage", "settling/outage", "A change of hold of unknown outcome is repeated when it cannot be read what became of it.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			err := next(ctx, cmd)
			if cmd.Change.Hold == cc.Unset || cc.KindOf(err) != cc.ErrUncertain {
				return err
			}
			if _, why := s.look(ctx, cmd.Conference); cc.KindOf(why) == cc.ErrUnavailable {
				err = next(ctx, cmd)
			}
			return err
		})},
		{"not-sent-is-uncertain", "settling/not-sent", "A removal that could not be sent is told as uncertain.", worlds.Everything, turns(cc.OpRemoveParticipant, cc.ErrUnavailable, into(cc.ErrUncertain))},
	}
}

// tries is what a client that repeats has seen until a command was lost.
type tries struct {
	*link
	cmd  cc.Command
	run  cc.ConferenceID // when it was sent
	read bool            // something has been read
	lost int             // how many commands have been lost
}

// repeats sends a command of unknown outcome again at once, where that is so.
func repeats(op string, when func(*tries) bool) worlds.With {
	return inDriver(func(l *link) {
		var read state[bool]
		var lost state[int]
		l.read = func() { read.set(true) }
		l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			t := tries{link: l, cmd: cmd, run: run(l.bridge(), cmd.Conference), read: read.get()}
			r, err := next(ctx, cmd)
			if cmd.Op != op || cc.KindOf(err) != cc.ErrUncertain || ctx.Err() != nil {
				return r, err
			}
			lost.with(func(n *int) { *n++; t.lost = *n })
			if when(&t) {
				return next(ctx, cmd)
			}
			return r, err
		}
	})
}

// otherLeg has settling reads after one kind of command tell another call leg.
func otherLeg(op string) worlds.With {
	return inDriver(func(l *link) {
		var last state[string]
		l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			last.set(cmd.Op)
			return next(ctx, cmd)
		}
		l.single = func(ctx context.Context, p *cc.Participant, _ *cc.ConferenceID, err error) error {
			if last.get() == op && provider.PurposeOf(ctx) == provider.ForSettling {
				p.CallID += "0"
			}
			return err
		}
	})
}

// ignoresRun gives a command of unknown outcome again if another run has the name by then.
func ignoresRun(op string) worlds.With {
	return onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
		before := run(s.bridge(), cmd.Conference)
		err := next(ctx, cmd)
		if cmd.Op == op && cc.KindOf(err) == cc.ErrUncertain && run(s.bridge(), cmd.Conference) != before {
			return next(ctx, cmd)
		}
		return err
	})
}

// garbledIsRefused answers commands whose success is not JSON with 400.
type garbledIsRefused struct{ http.RoundTripper }

func (g garbledIsRefused) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.RoundTripper.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || resp.StatusCode != http.StatusOK || strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.StatusCode, resp.Status = http.StatusBadRequest, "400 Bad Request"
	return resp, nil
}

func uncertainMutants() []Mutant {
	return []Mutant{
		{"yes-is-removed-of-two", "uncertain/remove", "A vendor's yes to a removal is taken for proof where two are there.", worlds.Everything, yesIsDone(cc.OpRemoveParticipant, 2)},
		{"uncertain-is-conflict", "uncertain/set", "A change of state that is never seen by its deadline is told as a conflict.", worlds.Everything, onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
			err := next(ctx, cmd)
			if _, limited := ctx.Deadline(); limited && cmd.Op == cc.OpSetParticipantState {
				return turned(err, cc.ErrUncertain, into(cc.ErrConflict))
			}
			return err
		})},
		{"yes-is-ended-of-two", "uncertain/end", "A vendor's yes to an end is taken for proof where two are there.", worlds.Everything, yesIsDone(cc.OpEnd, 2)},
		{"hollow-is-absent", "uncertain/hollow", "A participant of whom nothing is told is taken for one who is not there.", worlds.PlivoMPC,
			filled("Participant", http.StatusNotFound, `{}`)},
		{"gives-up-early", "uncertain/deciding-read", "An end is given up at three quarters of its time.", worlds.Everything, onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
			if d, limited := left(ctx); limited && cmd.Op == cc.OpEnd {
				inner, cancel := context.WithTimeout(ctx, d*3/4)
				defer cancel()
				ctx = inner
			}
			return next(ctx, cmd)
		})},
		{"over-is-refuted", "uncertain/over", "A change of state is told as not found where the conference is over when it is given up.", worlds.Everything, answers(cc.OpSetParticipantState, func(s *shim, cmd cc.Command, err error) error {
			if len(members(s.bridge(), cmd.Conference)) > 0 {
				return err
			}
			return turned(err, cc.ErrUncertain, into(cc.ErrNotFound))
		})},
	}
}
