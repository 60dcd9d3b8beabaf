package genesys

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// A view is a call with everybody on it: the others as the server tells them, and our own leg, which it
// does not list.
type view struct {
	call CallRecord
	own  string // number of our own leg; empty where it cannot be told or said
}

// look reads a call, and whose leg is ours.
func (d *driver) look(ctx context.Context, op string, c cc.ConferenceID) (view, error) {
	r, err := d.call(ctx, op, c)
	if err != nil {
		return view{}, err
	}
	own, err := d.api.ownNumber(ctx, r.DeviceID)
	if err != nil {
		return view{}, err
	}
	return view{call: r, own: said(own)}, nil
}

// ownNumber is the number of the device that a call is seen from. Devices are read with the login, and
// again where one is not among them.
func (a *api) ownNumber(ctx context.Context, device string) (string, error) {
	if number, ok := numberOf(a.current().devices, device); ok {
		return number, nil
	}
	r := get("Devices", every, "me", "devices")
	generation := a.current().generation
	devices, err := a.readDevices(ctx, r)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	if a.session.generation >= generation {
		a.session.devices = devices
	}
	a.mu.Unlock()
	number, _ := numberOf(devices, device)
	return number, nil
}

// numberOf finds a device. A call that does not say whose view it is belongs to the only one.
func numberOf(devices []DeviceRecord, device string) (string, bool) {
	if device == "" && len(devices) == 1 {
		return devices[0].PhoneNumber, true
	}
	for _, d := range devices {
		if d.ID == device && device != "" {
			return d.PhoneNumber, true
		}
	}
	return "", false
}

func (a *api) readDevices(ctx context.Context, r request) ([]DeviceRecord, error) {
	raw, err := a.do(ctx, r)
	if err != nil {
		return nil, err
	}
	var w struct {
		Devices []json.RawMessage `json:"devices"`
	}
	if object(raw, &w) != nil || w.Devices == nil {
		return nil, a.unreadable("a list of devices without the list")
	}
	return a.devicesOf(w.Devices)
}

// forgetDevices has the devices read again: one of them has another number now.
func (a *api) forgetDevices() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session.devices = nil
}

// said is a number that can be the id of a participant, else nothing.
func said(number string) string {
	if !isNumber(number) {
		return ""
	}
	return number
}

// participants are the others, and our own leg. Those who have one id, or none, are told apart by
// package provider.
func (v view) participants() []cc.Participant {
	all := make([]cc.Participant, 0, len(v.call.Participants)+1)
	self := cc.Participant{ID: cc.ParticipantID(v.own), Address: v.own, Self: true, State: v.call.state()}
	if v.call.monitored() {
		self.Role = cc.RoleSupervisor
	}
	if v.own != "" {
		self.Controls = v.call.own()
	}
	all = append(all, self)
	for i, o := range v.call.Participants {
		p := cc.Participant{ID: cc.ParticipantID(said(o.PhoneNumber)), Address: o.PhoneNumber}
		if p.ID != "" && v.call.Offers(opRemove) && !v.ambiguous(i) {
			p.Controls = cc.CanRemove
		}
		all = append(all, p)
	}
	return all
}

// ambiguous reports whether the number of one of the others may be read as somebody else's: the server
// tells a number in several forms.
func (v view) ambiguous(i int) bool {
	number := v.call.Participants[i].PhoneNumber
	if number == v.own {
		return true
	}
	for j, o := range v.call.Participants {
		if j != i && (o.PhoneNumber == number || o.Digits == number || o.E164Number == number) {
			return true
		}
	}
	return false
}

// A who is the answer to whose id that is.
type who uint8

const (
	nobody who = iota
	self
	other
	several // they cannot be told apart
)

// find tells whose id that is. It does so on what was read during this very call.
func (v view) find(id cc.ParticipantID) who {
	number := string(id)
	count, at := 0, -1
	for i, o := range v.call.Participants {
		if said(o.PhoneNumber) == number {
			count++
			at = i
		}
	}
	own := v.own != "" && v.own == number
	switch {
	case v.suffixed(number):
		return several
	case own && count == 0:
		return self
	case count > 1 || own, count == 1 && v.ambiguous(at):
		return several
	case count == 1:
		return other
	}
	return nobody
}

// suffixed reports whether a number is the id of somebody who shares a number, or has none to tell.
func (v view) suffixed(id string) bool {
	base, nth, ok := cutSuffix(id)
	if !ok {
		return false
	}
	count := 0
	if v.own == base {
		count++
	}
	for _, o := range v.call.Participants {
		if said(o.PhoneNumber) == base {
			count++
		}
	}
	return nth <= count && (base == "" || count > 1 && nth > 1)
}

// cutSuffix takes "#2" off a number.
func cutSuffix(id string) (base string, nth int, ok bool) {
	i := strings.LastIndexByte(id, '#')
	if i < 0 {
		return "", 0, false
	}
	nth, err := strconv.Atoi(id[i+1:])
	if err != nil || nth < 1 || id[i+1] == '+' || id[i+1] == '0' {
		return "", 0, false
	}
	return id[:i], nth, true
}

// state is how our own leg stands. What the field mute says of a monitored call is the supervisor's
// mode, and not told as being muted.
func (c *CallRecord) state() cc.ParticipantState {
	s := cc.ParticipantState{Mute: toggle(c.Mute), Hold: toggle(c.State == stateHeld)}
	if c.monitored() {
		s.Mute = cc.Unset
	}
	return s
}

func toggle(on bool) cc.Toggle {
	if on {
		return cc.On
	}
	return cc.Off
}

// own is what may be done to our own leg now.
func (c *CallRecord) own() (can cc.Controls) {
	if c.Offers(opHangup) {
		can |= cc.CanRemove
	}
	if !c.monitored() && c.Offers(muting(!c.Mute)) {
		can |= cc.CanMute
	}
	if c.Offers(holding(c.State != stateHeld)) {
		can |= cc.CanHold
	}
	return can
}

// ends is whether the call may be ended now. Older servers do it without offering it.
func (a *api) ends(c CallRecord) cc.Controls {
	if c.Offers(opClear) || c.old && !c.monitored() && !a.clears.Load() {
		return cc.CanEnd
	}
	return 0
}

func muting(on bool) string {
	if on {
		return opMute
	}
	return opUnmute
}

func holding(on bool) string {
	if on {
		return opHold
	}
	return opRetrieve
}
