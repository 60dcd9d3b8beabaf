package fake

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// providerName is the name that the in-process provider is registered by.
const providerName = "fake"

// pageTimeout is how long the one page of a listing may take where the caller sets no deadline.
const pageTimeout = 10 * time.Second

// A driver drives a Switch in process, as a profile has it.
type driver struct {
	provider.Unimplemented
	sw      *Switch
	profile Profile
	owned   bool         // the switch is this driver's to close
	log     *slog.Logger // nil: silent

	mu     sync.Mutex // never held across a wait
	closed bool
	feeds  map[*Feed]struct{} // of Listen
}

var _ provider.Driver = (*driver)(nil)
var _ provider.Vetter = (*driver)(nil)

// Driver returns a driver in front of the Switch with this profile, for provider.New and for those
// who want to put something between the two. Closing it does not close the Switch. The error is
// ErrInvalid where the profile contradicts itself.
func (s *Switch) Driver(p Profile) (provider.Driver, error) { return s.driver(p) }

func (s *Switch) driver(p Profile) (*driver, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &driver{sw: s, profile: p, feeds: make(map[*Feed]struct{})}, nil
}

// Client returns a client in front of the Switch with this profile. There can be any number of
// them. Closing it does not close the Switch. The error is ErrInvalid where the profile contradicts
// itself.
func (s *Switch) Client(p Profile) (cc.Client, error) {
	d, err := s.Driver(p)
	if err != nil {
		return nil, err
	}
	return provider.New(d, p.Options())
}

func (d *driver) Name() string                  { return providerName }
func (d *driver) Capabilities() cc.Capabilities { return d.profile.Capabilities }

func (d *driver) CheckConference(c cc.ConferenceID) error   { return d.profile.checkConference(c) }
func (d *driver) CheckParticipant(p cc.ParticipantID) error { return d.profile.checkParticipant(p) }

func (d *driver) Snapshot(ctx context.Context, c cc.ConferenceID) (s provider.Snapshot, err error) {
	err = d.read(ctx, Request{Op: OpSnapshot, Conference: c}, func() error {
		r, err := d.shown(c)
		if err == nil {
			s = d.profile.snapshot(&r, time.Now().UTC())
		}
		return err
	})
	if err != nil {
		return provider.Snapshot{}, err
	}
	return s, nil
}

func (d *driver) Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (t cc.Participant, instance cc.ConferenceID, err error) {
	if !d.profile.Single {
		return t, "", fail(cc.ErrUnsupported, "only a snapshot tells")
	}
	err = d.read(ctx, Request{Op: OpParticipant, Conference: c, Participant: p}, func() error {
		r, err := d.shown(c)
		if err != nil {
			return err
		}
		instance = d.profile.instance(&r)
		for _, m := range d.profile.list(&r) {
			if m.id == p {
				t = d.profile.participant(&r, m)
				return nil
			}
		}
		return notParticipant()
	})
	if err != nil {
		return cc.Participant{}, "", err
	}
	return t, instance, nil
}

func (d *driver) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		var rooms []RoomInfo
		page, cancel := context.WithTimeout(ctx, pageTimeout)
		if _, ok := ctx.Deadline(); ok {
			page = ctx
		}
		err := d.read(page, Request{Op: OpList}, func() error {
			rooms = d.sw.Rooms()
			return nil
		})
		cancel()
		if err != nil {
			yield(cc.Summary{}, err)
			return
		}
		nameless := 0
		for i := range rooms {
			r := &rooms[i]
			c := d.profile.conference(r)
			switch {
			case !d.profile.own(r):
				continue
			case d.profile.checkConference(c) != nil:
				nameless++
				continue
			}
			s := cc.Summary{Conference: c, Instance: d.profile.instance(r), Participants: -1}
			if d.profile.Counts {
				s.Participants = len(r.Members)
			}
			if d.profile.StartedAt {
				s.StartedAt = r.StartedAt
			}
			if !yield(s, nil) {
				return
			}
		}
		if nameless > 0 && d.log != nil {
			d.log.LogAttrs(ctx, slog.LevelWarn, "conferences left out of a listing: their names cannot be ids",
				slog.Int("count", nameless))
		}
	}
}

func (d *driver) Check(ctx context.Context) error {
	return d.read(ctx, Request{Op: OpCheck}, func() error { return nil })
}

func (d *driver) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	then := fate(d.profile.Capabilities.Removed)
	return d.order(ctx, Request{Op: OpRemove, Conference: c, Participant: p}, cc.CanRemove,
		func(t Timed, instance cc.ConferenceID, member cc.ParticipantID) error {
			_, err := t.Remove(instance, member, then)
			return err
		})
}

func (d *driver) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	return d.order(ctx, Request{Op: OpSet, Conference: c, Participant: p, Change: change}, change.Controls(),
		func(t Timed, instance cc.ConferenceID, member cc.ParticipantID) error {
			_, err := t.Set(instance, member, change)
			return err
		})
}

func (d *driver) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	then := fate(d.profile.Capabilities.Ended)
	return d.command(ctx, Request{Op: OpEnd, Conference: c}, func(t Timed) (cc.ConferenceID, error) {
		r, err := d.truth(c)
		if err != nil {
			return "", err
		}
		_, err = t.End(r.Instance, then)
		return d.profile.instance(&r), err
	})
}

// Vet tells whether the participant can have all of a change.
func (d *driver) Vet(_ context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	return d.vet(c, p, change.Controls())
}

// vet refuses what the session may not do to a participant, on what is true now. Someone who is not
// there is left for the command to miss.
func (d *driver) vet(c cc.ConferenceID, p cc.ParticipantID, need cc.Controls) error {
	r, err := d.truth(c)
	if err != nil {
		return nil
	}
	for _, m := range d.profile.list(&r) {
		if m.id == p {
			return d.profile.refusal(&r, m, need)
		}
	}
	return nil
}

// order sends a command on a participant.
func (d *driver) order(ctx context.Context, req Request, need cc.Controls,
	do func(t Timed, instance cc.ConferenceID, member cc.ParticipantID) error) (provider.Result, error) {
	if err := d.vet(req.Conference, req.Participant, need); err != nil {
		return provider.Result{}, err
	}
	return d.command(ctx, req, func(t Timed) (cc.ConferenceID, error) {
		r, err := d.truth(req.Conference)
		if err != nil {
			return "", err
		}
		for _, m := range d.profile.list(&r) {
			if m.id != req.Participant {
				continue
			}
			if err := d.profile.refusal(&r, m, need); err != nil {
				return "", err
			}
			return d.profile.instance(&r), do(t, r.Instance, m.ID)
		}
		return "", notParticipant()
	})
}

// truth returns a live conference that the session sees, as it is.
func (d *driver) truth(c cc.ConferenceID) (RoomInfo, error) { return d.visible(d.sw.Look(c)) }

// shown returns a live conference that the session sees, as reads show it.
func (d *driver) shown(c cc.ConferenceID) (RoomInfo, error) { return d.visible(d.sw.Read(c)) }

func (d *driver) visible(r RoomInfo, err error) (RoomInfo, error) {
	if err != nil {
		return RoomInfo{}, err
	}
	if r.Status == Ended || !d.profile.own(&r) {
		return RoomInfo{}, fail(cc.ErrNotFound, "no such conference, or it is over")
	}
	return r, nil
}

// Follow has nothing to ask for: Listen tells about every conference.
func (d *driver) Follow(context.Context, cc.ConferenceID, bool) error { return nil }

// As yields the Switch and the Profile.
func (d *driver) As(target any) bool {
	switch t := target.(type) {
	case **Switch:
		*t = d.sw
	case *Profile:
		*t = d.profile
	default:
		return false
	}
	return true
}

// Close ends Listen, and closes the Switch where it was opened by configuration.
func (d *driver) Close() error {
	d.mu.Lock()
	d.closed = true
	feeds := d.feeds
	d.feeds = nil
	d.mu.Unlock()
	for f := range feeds {
		f.Close()
	}
	if d.owned {
		return d.sw.Close()
	}
	return nil
}

func notParticipant() *cc.Error {
	return fail(cc.ErrNotParticipant, "the conference is live, and the participant is not in it")
}

// fate returns what is told to the bridge so that a leg has this fate.
func fate(f cc.Fate) Then {
	switch f {
	case cc.FateHangsUp:
		return HangUp
	case cc.FateContinues:
		return GoOn
	}
	return AsEntered
}
