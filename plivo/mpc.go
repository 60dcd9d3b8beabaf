package plivo

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// mpc drives the Multiparty Call API.
type mpc struct {
	provider.Unimplemented
	api    *api
	hangUp bool
}

var (
	_ provider.Driver         = (*mpc)(nil)
	_ provider.ConferenceAser = (*mpc)(nil)
)

const mpcControls = cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach

func (d *mpc) Name() string { return MPC }

func (d *mpc) Capabilities() cc.Capabilities {
	c := cc.Capabilities{
		Conference: cc.CanEnd | cc.CanList | cc.CanWatch,
		Others:     mpcControls,
		Removed:    cc.FateDepends,
		Ended:      cc.FateDepends,
	}
	if d.hangUp {
		c.Removed = cc.FateHangsUp
	}
	return c
}

// An Instance is "uuid:" and the mpc_uuid: no name can have a colon.
const instancePrefix = "uuid:"

func instance(uuid string) cc.ConferenceID { return cc.ConferenceID(instancePrefix + uuid) }

// runOf takes an Instance apart.
func runOf(c cc.ConferenceID) (uuid string, ok bool) {
	return strings.CutPrefix(string(c), instancePrefix)
}

// checkUUID takes what Plivo's ids of rooms and calls look like, and anything near it that is one
// path segment whatever reads it.
func checkUUID(s string) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
	}
	return !provider.Reserved(s)
}

func (d *mpc) CheckConference(c cc.ConferenceID) error {
	if uuid, ok := runOf(c); ok {
		if !checkUUID(uuid) {
			return &cc.Error{Kind: cc.ErrInvalid, Message: "not an Instance of this provider"}
		}
		return nil
	}
	return provider.CheckName(string(c))
}

func (d *mpc) CheckParticipant(p cc.ParticipantID) error { return checkMember(p) }

// checkMember is the grammar of both APIs: Plivo reads "all" and comma lists as several people.
func checkMember(p cc.ParticipantID) error { return provider.CheckNumber(string(p), 20) }

// roomKey is a conference's path segment.
func roomKey(c cc.ConferenceID) string {
	if uuid, ok := runOf(c); ok {
		return "uuid_" + uuid
	}
	return "name_" + string(c)
}

// known is the run that a command goes to, where its address says so.
func known(c cc.ConferenceID) cc.ConferenceID {
	if _, ok := runOf(c); ok {
		return c
	}
	return ""
}

// Snapshot makes two reads, between which the room may end. That everybody has departed is therefore
// looked into once more: it is over then, or another run has the name, or somebody rings in it.
func (d *mpc) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	s, err := d.snapshot(ctx, c)
	if err != nil || !deserted(s) {
		return s, err
	}
	again, err := d.snapshot(ctx, c)
	if err == nil && deserted(again) && again.Instance != s.Instance {
		return provider.Snapshot{}, d.api.fail(cc.ErrUnavailable, cc.Detail("the conference keeps changing while it is read"))
	}
	return again, err
}

// deserted reports whether everybody has departed.
func deserted(s provider.Snapshot) bool { return len(s.Participants) == 0 && len(s.Departed) > 0 }

func (d *mpc) snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	room, err := d.api.room(ctx, cc.OpSnapshot, c)
	if err != nil {
		return provider.Snapshot{}, err
	}
	if !room.Live() {
		return provider.Snapshot{}, &cc.Error{Kind: cc.ErrNotFound}
	}
	// By name the second read could be of another run.
	records, err := d.api.participants(ctx, cc.OpSnapshot, "uuid_"+room.MPCUUID)
	if err != nil {
		return provider.Snapshot{}, err
	}
	run := instance(room.MPCUUID)
	s := provider.Snapshot{Snapshot: cc.Snapshot{
		Conference:   askedOr(c, nameOf(room)),
		Instance:     run,
		Participants: make([]cc.Participant, 0, len(records)),
		Controls:     cc.CanEnd,
	}}
	for _, r := range records {
		if r.Departed {
			s.Departed = append(s.Departed, departure(r))
			continue
		}
		s.Participants = append(s.Participants, participant(r))
	}
	return s, nil
}

// askedOr is the name that was asked for; for an Instance it is the name that was told.
func askedOr(c, told cc.ConferenceID) cc.ConferenceID {
	if known(c) == "" {
		return c
	}
	return told
}

// nameOf is the room's name, or its Instance where this library would refuse the name.
func nameOf(r RoomRecord) cc.ConferenceID {
	if provider.CheckName(r.FriendlyName) != nil {
		return instance(r.MPCUUID)
	}
	return cc.ConferenceID(r.FriendlyName)
}

// room reads one room. What it returns has an mpc_uuid that can be addressed.
func (a *api) room(ctx context.Context, op string, c cc.ConferenceID) (RoomRecord, error) {
	var raw json.RawMessage
	if err := a.get(ctx, op, nil, &raw, "MultiPartyCall", roomKey(c)); err != nil {
		return RoomRecord{}, err
	}
	var r RoomRecord
	if r.decode(raw) != nil || !checkUUID(r.MPCUUID) {
		return RoomRecord{}, a.unreadable("a room without an mpc_uuid")
	}
	if uuid, ok := runOf(c); ok && uuid != r.MPCUUID {
		return RoomRecord{}, a.unreadable("another room than the one asked for")
	}
	return r, nil
}

func participant(r ParticipantRecord) cc.Participant {
	p := cc.Participant{
		ID:       cc.ParticipantID(r.MemberID),
		CallID:   r.CallUUID,
		Address:  r.MemberAddress,
		Role:     role(r.Role),
		State:    cc.ParticipantState{Mute: r.Mute, Hold: r.Hold},
		JoinedAt: r.JoinTime,
	}
	if checkMember(p.ID) == nil {
		p.Controls = mpcControls &^ cc.CanCoach
	}
	// Plivo stores coach_mode for everybody, and it does something for supervisors alone.
	if r.supervisor() {
		p.State.Coach = r.CoachMode
		if p.Controls != 0 {
			p.Controls |= cc.CanCoach
		}
	}
	return p
}

func departure(r ParticipantRecord) provider.Departure {
	return provider.Departure{
		ID:     cc.ParticipantID(r.MemberID),
		CallID: r.CallUUID,
		Reason: exitReason(r.ExitCause),
		Code:   r.ExitCause,
		At:     r.ExitTime,
	}
}

// exitReason reads the exit causes that Plivo lists. A transferred call has left without anybody
// here having removed it; what is not listed is not guessed at.
func exitReason(cause string) cc.Reason {
	switch strings.ToLower(strings.Join(strings.Fields(cause), " ")) {
	case "participant call hangup":
		return cc.ReasonHungUp
	case "kicked out of multiparty call":
		return cc.ReasonRemoved
	case "multiparty call ended":
		return cc.ReasonEnded
	}
	return ""
}

func (d *mpc) Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	r, run, err := d.present(ctx, "Participant", c, p)
	if err != nil {
		return cc.Participant{}, run, err
	}
	return participant(r), run, nil
}

// present reads one participant who is there, and the run that Plivo says it is of.
func (d *mpc) present(ctx context.Context, op string, c cc.ConferenceID, p cc.ParticipantID) (ParticipantRecord, cc.ConferenceID, error) {
	var raw json.RawMessage
	if err := d.api.get(ctx, op, nil, &raw, "MultiPartyCall", roomKey(c), "Participant", string(p)); err != nil {
		return ParticipantRecord{}, "", err
	}
	var r ParticipantRecord
	if r.decode(raw) != nil || r.MemberID != string(p) {
		return ParticipantRecord{}, "", d.api.unreadable("another participant than the one asked for")
	}
	run := known(c)
	if checkUUID(r.MPCUUID) {
		if run != "" && run != instance(r.MPCUUID) {
			return ParticipantRecord{}, "", d.api.unreadable("a participant of another room than the one asked for")
		}
		run = instance(r.MPCUUID)
	}
	if r.Departed {
		return r, run, &cc.Error{Kind: cc.ErrNotParticipant, Status: 200}
	}
	return r, run, nil
}

// Conferences lists the rooms that are live. Waiting rooms are read before active ones: a room that
// starts meanwhile is then seen twice, and told once, instead of not at all.
func (d *mpc) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		seen := make(map[string]bool)
		for _, status := range []string{"initialized", "active"} {
			stopped := false
			filter := url.Values{"status": {status}}
			err := d.api.pages(ctx, cc.OpConferences, filter, maxRoomsPages, func(p *page) (bool, error) {
				for _, raw := range p.Objects {
					var r RoomRecord
					if r.decode(raw) != nil || !checkUUID(r.MPCUUID) {
						return false, d.api.unreadable("a room without an mpc_uuid")
					}
					if seen[r.MPCUUID] || !r.Live() {
						continue
					}
					seen[r.MPCUUID] = true
					if stopped = !yield(summary(r), nil); stopped {
						return false, nil
					}
				}
				return true, nil
			}, "MultiPartyCall")
			if err != nil {
				yield(cc.Summary{}, err)
				return
			}
			if stopped {
				return
			}
		}
	}
}

func summary(r RoomRecord) cc.Summary {
	return cc.Summary{
		Conference: nameOf(r), Instance: instance(r.MPCUUID), Participants: -1, StartedAt: startOf(r),
	}
}

// startOf is when the run began: when it started, or, while nobody has started it, when the first
// one came to wait in it.
func startOf(r RoomRecord) time.Time {
	if !r.StartTime.IsZero() {
		return r.StartTime
	}
	return r.CreationTime
}

func (d *mpc) Check(ctx context.Context) error {
	p := new(page)
	if err := d.api.get(ctx, cc.OpCheck, url.Values{"limit": {"1"}}, p, "MultiPartyCall"); err != nil {
		return err
	}
	if !p.readable() {
		return d.api.unreadable("a page without a list") // of somebody else's server
	}
	return nil
}

func (d *mpc) ConferenceAs(c cc.ConferenceID, target any) bool {
	if t, ok := target.(**Room); ok && t != nil {
		*t = &Room{h: &handle{api: d.api, id: c, check: d.CheckConference}}
		return true
	}
	return false
}

func (d *mpc) Close() error { return d.api.shut() }
