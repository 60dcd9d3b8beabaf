package genesys

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// driver drives one agent's session.
type driver struct {
	provider.Unimplemented
	api      *api
	failures failures
}

var (
	_ provider.Driver         = (*driver)(nil)
	_ provider.Vetter         = (*driver)(nil)
	_ provider.ConferenceAser = (*driver)(nil)
)

func newDriver(o Options) (*driver, error) {
	a, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	return &driver{api: a}, nil
}

func (d *driver) Name() string { return Name }

func (d *driver) Capabilities() cc.Capabilities {
	return cc.Capabilities{
		Conference:  cc.CanEnd | cc.CanList | cc.CanWatch,
		Others:      cc.CanRemove,
		Self:        cc.CanRemove | cc.CanMute | cc.CanHold,
		SessionOnly: true,
		Removed:     cc.FateHangsUp,
		Ended:       cc.FateHangsUp,
	}
}

// An Instance is "uuid:" and the call UUID: no id of a call can have a colon.
const instancePrefix = "uuid:"

func instance(uuid string) cc.ConferenceID { return cc.ConferenceID(instancePrefix + uuid) }

// runOf takes an Instance apart.
func runOf(c cc.ConferenceID) (uuid string, ok bool) {
	return strings.CutPrefix(string(c), instancePrefix)
}

const (
	maxCallID = 64
	maxNumber = 128
)

// isCallID reports whether s is what ids of calls look like: one path segment whatever reads it.
func isCallID(s string) bool {
	if s == "" || len(s) > maxCallID || provider.Reserved(s) {
		return false
	}
	for i := range len(s) {
		if b := s[i]; !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-') {
			return false
		}
	}
	return true
}

// isNumber reports whether s can be the id of a participant: printable ASCII without blanks, commas and
// slashes.
func isNumber(s string) bool {
	if s == "" || len(s) > maxNumber || provider.Reserved(s) || strings.Trim(s, ".") == "" {
		return false
	}
	for i := range len(s) {
		if b := s[i]; b <= ' ' || b > '~' || b == ',' || b == '/' {
			return false
		}
	}
	return true
}

func (d *driver) CheckConference(c cc.ConferenceID) error {
	id := string(c)
	if uuid, ok := runOf(c); ok {
		id = uuid
	}
	if !isCallID(id) {
		return &cc.Error{Kind: cc.ErrInvalid, Err: cc.Detail("not an id of a call")}
	}
	return nil
}

func (d *driver) CheckParticipant(p cc.ParticipantID) error {
	if !isNumber(string(p)) {
		return &cc.Error{Kind: cc.ErrInvalid, Err: cc.Detail("not a phone number of this provider")}
	}
	return nil
}

// every asks for the resources themselves, where the server would tell their addresses.
var every = url.Values{"fields": {"*"}}

// call reads one call that the agent is on. By Instance it is looked for among all of them: older
// servers know a call by another id.
func (d *driver) call(ctx context.Context, op string, c cc.ConferenceID) (CallRecord, error) {
	uuid, byRun := runOf(c)
	if !byRun {
		raw, err := d.api.do(ctx, get(op, nil, "me", "calls", string(c)))
		if err != nil {
			return CallRecord{}, err
		}
		var w struct {
			Call json.RawMessage `json:"call"`
		}
		var r CallRecord
		if object(raw, &w) != nil || r.UnmarshalJSON(w.Call) != nil {
			return CallRecord{}, d.api.unreadable("no call in it")
		}
		if r.ID != string(c) {
			return CallRecord{}, d.api.unreadable("another call than the one asked for")
		}
		return d.conference(r)
	}
	list, err := d.calls(ctx, op)
	if err != nil {
		return CallRecord{}, err
	}
	for _, r := range list {
		if r.CallUUID == uuid && r.live() {
			return d.conference(r)
		}
	}
	return CallRecord{}, &cc.Error{Kind: cc.ErrNotFound}
}

// conference takes a call for a conference, if it is one.
func (d *driver) conference(r CallRecord) (CallRecord, error) {
	d.api.learn(&r)
	switch {
	case r.State == "":
		return CallRecord{}, d.api.unreadable("a call without a state")
	case !r.live():
		return CallRecord{}, &cc.Error{Kind: cc.ErrNotFound}
	case !r.membership:
		return CallRecord{}, d.api.unreadable("a call without its participants")
	}
	return r, nil
}

func (d *driver) calls(ctx context.Context, op string) ([]CallRecord, error) {
	raw, err := d.api.do(ctx, get(op, every, "me", "calls"))
	if err != nil {
		return nil, err
	}
	var w struct {
		Calls []json.RawMessage `json:"calls"`
	}
	if object(raw, &w) != nil || w.Calls == nil {
		return nil, d.api.unreadable("a list of calls without the list")
	}
	return d.api.callsOf(w.Calls)
}

func (a *api) callsOf(list []json.RawMessage) ([]CallRecord, error) {
	calls := make([]CallRecord, 0, len(list))
	for _, raw := range list {
		var r CallRecord
		if r.UnmarshalJSON(raw) != nil {
			return nil, a.unreadable("a call that is not an object")
		}
		a.learn(&r)
		calls = append(calls, r)
	}
	return calls, nil
}

// learn notes what holds for as long as there is this server, and this call: that the server offers to
// clear calls, and that the agent's leg on the call is a supervisor's, which older servers show by offering
// a change of mode, and not while the leg is on hold.
func (a *api) learn(r *CallRecord) {
	if !a.clears.Load() && r.Offers(opClear) {
		a.clears.Store(true)
	}
	if !isCallID(r.CallUUID) { // bounded, too
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch _, known := a.monitors[r.CallUUID]; {
	case r.State == stateReleased:
		delete(a.monitors, r.CallUUID) // who comes back may be no supervisor
	case known:
		r.supervised = true
	case r.monitored():
		if len(a.monitors) >= maxMonitored {
			clear(a.monitors)
		}
		a.monitors[r.CallUUID] = struct{}{}
	}
}

// maxMonitored bounds the calls that are known to be monitored.
const maxMonitored = 256

// nameOf is the id of a call, or its Instance where the id cannot be one.
func nameOf(r CallRecord) cc.ConferenceID {
	if !isCallID(r.ID) {
		return runIDOf(r)
	}
	return cc.ConferenceID(r.ID)
}

// runIDOf is the Instance of a call; empty where the server tells no UUID that can be addressed.
func runIDOf(r CallRecord) cc.ConferenceID {
	if !isCallID(r.CallUUID) {
		return ""
	}
	return instance(r.CallUUID)
}

func (d *driver) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	v, err := d.look(ctx, cc.OpSnapshot, c)
	if err != nil {
		return provider.Snapshot{}, err
	}
	s := provider.Snapshot{Snapshot: cc.Snapshot{
		Conference: nameOf(v.call), Instance: runIDOf(v.call), Participants: v.participants(), Controls: d.api.ends(v.call),
	}}
	if _, byRun := runOf(c); !byRun {
		s.Conference = c
	}
	return s, nil
}

// Conferences lists the calls that the agent is on. The server tells them all at once.
func (d *driver) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		own, cancel := d.api.limit(ctx)
		list, err := d.calls(own, cc.OpConferences)
		cancel()
		if err != nil {
			yield(cc.Summary{}, err)
			return
		}
		refused := 0
		for _, r := range list {
			name := nameOf(r)
			switch {
			case !r.live():
				continue
			case name == "":
				refused++
				continue
			}
			s := cc.Summary{Conference: name, Instance: runIDOf(r), Participants: -1}
			if s.Instance == "" {
				s.Instance = name
			}
			if r.membership {
				s.Participants = len(r.Participants) + 1
			}
			if !yield(s, nil) {
				return
			}
		}
		if refused > 0 {
			d.api.log.WarnContext(ctx, "calls left out of a listing: their ids cannot be names", "count", refused)
		}
	}
}

// Check reads who the agent is, by the login where there is no session yet.
func (d *driver) Check(ctx context.Context) error {
	if !d.api.current().live {
		return d.api.ready(ctx, false)
	}
	r := get(cc.OpCheck, nil, "me")
	r.early = true
	_, err := d.api.do(ctx, r)
	return err
}

func (d *driver) ConferenceAs(c cc.ConferenceID, target any) bool {
	if t, ok := target.(**Call); ok && t != nil {
		*t = &Call{d: d, id: c}
		return true
	}
	return false
}

func (d *driver) As(any) bool { return false }

func (d *driver) Close() error { return d.api.shut() }
