package plivo

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"net/url"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// conference drives the older Conference API.
type conference struct {
	provider.Unimplemented
	api    *api
	hangUp bool
}

var (
	_ provider.Driver         = (*conference)(nil)
	_ provider.ConferenceAser = (*conference)(nil)
)

const conferenceControls = cc.CanRemove | cc.CanMute | cc.CanDeaf

func (d *conference) Name() string { return Conference }

func (d *conference) Capabilities() cc.Capabilities {
	c := cc.Capabilities{
		Conference: cc.CanEnd | cc.CanList | cc.CanWatch,
		Others:     conferenceControls,
		Removed:    cc.FateContinues,
		Ended:      cc.FateUnknown,
	}
	if d.hangUp {
		c.Removed = cc.FateHangsUp
	}
	return c
}

func (d *conference) CheckConference(c cc.ConferenceID) error   { return provider.CheckName(string(c)) }
func (d *conference) CheckParticipant(p cc.ParticipantID) error { return checkMember(p) }

// A conferenceRecord is a conference as it comes.
type conferenceRecord struct {
	RunTime     text              `json:"conference_run_time"`
	MemberCount text              `json:"conference_member_count"`
	Members     []json.RawMessage `json:"members"`
}

func (d *conference) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	var raw json.RawMessage
	if err := d.api.get(ctx, cc.OpSnapshot, nil, &raw, "Conference", string(c)); err != nil {
		return provider.Snapshot{}, err
	}
	return d.decode(c, raw)
}

func (d *conference) decode(c cc.ConferenceID, raw json.RawMessage) (provider.Snapshot, error) {
	var w conferenceRecord
	if object(raw, &w) != nil {
		return provider.Snapshot{}, d.api.unreadable("a conference that is not an object")
	}
	// An answer that has lost its members is not one that has none.
	if n := w.MemberCount.number(); w.Members == nil && n != 0 || len(w.Members) == 0 && n > 0 {
		return provider.Snapshot{}, d.api.unreadable("a conference without its members")
	}
	s := provider.Snapshot{
		Snapshot: cc.Snapshot{
			Conference: c, Instance: c, Controls: cc.CanEnd,
			Participants: make([]cc.Participant, 0, len(w.Members)),
		},
		RunTime: w.RunTime.seconds(),
	}
	for _, raw := range w.Members {
		p, err := member(raw)
		if err != nil {
			return provider.Snapshot{}, d.api.unreadable("a member that is not an object")
		}
		s.Participants = append(s.Participants, p)
	}
	return s, nil
}

// member reads one member. Plivo tells how long ago it joined, to the second it was asked in, which
// is no instant: JoinedAt stays zero.
func member(raw json.RawMessage) (cc.Participant, error) {
	var w struct {
		MemberID   text `json:"member_id"`
		CallUUID   text `json:"call_uuid"`
		Muted      flag `json:"muted"`
		Deaf       flag `json:"deaf"`
		From       text `json:"from"`
		To         text `json:"to"`
		CallerName text `json:"caller_name"`
		Direction  text `json:"direction"`
	}
	if err := object(raw, &w); err != nil {
		return cc.Participant{}, err
	}
	p := cc.Participant{
		ID:      cc.ParticipantID(w.MemberID),
		CallID:  string(w.CallUUID),
		Address: string(w.From), // of who called in
		Name:    callerName(string(w.CallerName)),
		State:   cc.ParticipantState{Mute: w.Muted.toggle(), Deaf: w.Deaf.toggle()},
	}
	if strings.EqualFold(string(w.Direction), "outbound") {
		p.Address = string(w.To) // of whom we called
	}
	if checkMember(p.ID) == nil {
		p.Controls = conferenceControls
	}
	return p, nil
}

// callerName undoes the percent escapes in which Plivo may write a name. What is not escaped
// throughout is left as it is.
func callerName(s string) string {
	if name, err := url.PathUnescape(s); err == nil {
		return strings.ToValidUTF8(name, "\uFFFD")
	}
	return s
}

// Conferences lists the names that Plivo tells. A name that this library would refuse has no other
// handle here, so it is left out, and a log line counts those.
func (d *conference) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		own, cancel := d.api.limit(ctx)
		names, err := d.names(own, cc.OpConferences)
		cancel()
		if err != nil {
			yield(cc.Summary{}, err)
			return
		}
		refused := 0
		for _, name := range names {
			if provider.CheckName(string(name)) != nil {
				refused++
			}
		}
		if refused > 0 {
			d.api.log.LogAttrs(ctx, slog.LevelWarn, "conferences left out of the list: their names cannot be addressed",
				slog.String("client", d.api.name), slog.Int("count", refused))
		}
		for _, name := range names {
			c := cc.ConferenceID(name)
			if provider.CheckName(string(c)) != nil {
				continue
			}
			if !yield(cc.Summary{Conference: c, Instance: c, Participants: -1}, nil) {
				return
			}
		}
	}
}

// Remove kicks the member, whose call goes on with its own XML, or hangs it up where that was chosen.
func (d *conference) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	return provider.Result{}, d.api.removeMember(ctx, c, string(p), d.hangUp)
}

func (a *api) removeMember(ctx context.Context, c cc.ConferenceID, who string, hangUp bool) error {
	if hangUp {
		return a.remove(ctx, cc.OpRemoveParticipant, "Conference", string(c), "Member", who)
	}
	return a.post(ctx, cc.OpRemoveParticipant, noFields, "Conference", string(c), "Member", who, "Kick")
}

// SetState sends one request for each field, restricting ones first. It is asked for one at a time.
func (d *conference) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	_, err := d.api.changeMember(ctx, c, string(p), change)
	return provider.Result{}, err
}

// changeMember tells what of the change was accepted.
func (a *api) changeMember(ctx context.Context, c cc.ConferenceID, who string, change cc.Change) (accepted cc.Change, err error) {
	var missing cc.Controls
	if change.Hold != cc.Unset {
		missing |= cc.CanHold
	}
	if change.Coach != cc.Unset {
		missing |= cc.CanCoach
	}
	if missing != 0 {
		return accepted, &cc.Error{Kind: cc.ErrUnsupported, Missing: missing}
	}
	if change == (cc.Change{}) {
		return accepted, &cc.Error{Kind: cc.ErrInvalid, Message: "a change that sets nothing"}
	}
	for _, to := range []cc.Toggle{cc.On, cc.Off} {
		if change.Mute == to {
			if err = a.switchMember(ctx, c, who, "Mute", to); err != nil {
				return accepted, err
			}
			accepted.Mute = to
		}
		if change.Deaf == to {
			if err = a.switchMember(ctx, c, who, "Deaf", to); err != nil {
				return accepted, err
			}
			accepted.Deaf = to
		}
	}
	return accepted, nil
}

func (a *api) switchMember(ctx context.Context, c cc.ConferenceID, who, what string, to cc.Toggle) error {
	if to == cc.On {
		return a.post(ctx, cc.OpSetParticipantState, noFields, "Conference", string(c), "Member", who, what)
	}
	return a.remove(ctx, cc.OpSetParticipantState, "Conference", string(c), "Member", who, what)
}

func (d *conference) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	return provider.Result{}, d.api.remove(ctx, cc.OpEnd, "Conference", string(c))
}

// Check lists the conferences: it is the cheapest read that the API has.
func (d *conference) Check(ctx context.Context) error {
	_, err := d.names(ctx, cc.OpCheck)
	return err
}

// names reads the list of conferences. An object without a list says that there is none (plivo-node,
// issue 149); what is no object is no answer.
func (d *conference) names(ctx context.Context, op string) ([]text, error) {
	var raw json.RawMessage
	if err := d.api.get(ctx, op, nil, &raw, "Conference"); err != nil {
		return nil, err
	}
	var w struct {
		Conferences []text `json:"conferences"`
	}
	if object(raw, &w) != nil {
		return nil, d.api.unreadable("a list of conferences that is not an object")
	}
	return w.Conferences, nil
}

func (d *conference) ConferenceAs(c cc.ConferenceID, target any) bool {
	if t, ok := target.(**ConferenceRoom); ok && t != nil {
		*t = &ConferenceRoom{h: &handle{api: d.api, id: c, check: d.CheckConference}, hangUp: d.hangUp}
		return true
	}
	return false
}

func (d *conference) Close() error { return d.api.shut() }
