package genesys

import (
	"context"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// A Scope says what a supervisor follows; the zero value is the server's default, the call.
type Scope string

// The scopes.
const (
	ScopeCall  Scope = "Call"  // the customer's call, wherever it goes
	ScopeAgent Scope = "Agent" // the agent
)

// Calls says which calls are monitored; the zero value is the server's default, all of them.
type Calls string

// What can be monitored.
const (
	NextCall Calls = "NextCall"
	AllCalls Calls = "AllCalls"
)

// A Target is whom a supervisor monitors: an agent's device by its id, or a number.
type Target struct {
	Device string // id of the agent's device
	Number string // or the monitored number
	Scope  Scope
	Calls  Calls
}

// ListenIn sets up the supervisor's own device to monitor somebody in silence. Monitoring begins with
// the next call that the agent gets; the supervisor is then offered a call of its own. It needs the
// server's feature api-supervisor-monitoring, without which it is ErrForbidden.
func (c *Call) ListenIn(ctx context.Context, t Target) error { return c.monitor(ctx, opListenIn, t) }

// Coach sets up the supervisor's own device so that only the monitored agent hears the supervisor. It
// is set up before the call: there is no way to Coach from ListenIn or BargeIn, and none back once it
// was left by SwitchToListenIn or SwitchToBargeIn.
func (c *Call) Coach(ctx context.Context, t Target) error { return c.monitor(ctx, opCoach, t) }

// BargeIn sets up the supervisor's own device so that everybody hears the supervisor.
func (c *Call) BargeIn(ctx context.Context, t Target) error { return c.monitor(ctx, opBargeIn, t) }

// CancelSupervisorMonitoring ends what ListenIn, Coach or BargeIn has set up.
func (c *Call) CancelSupervisorMonitoring(ctx context.Context) error {
	const op = opCancelMonitoring
	return c.device(ctx, op, operation{Name: op}, func(d DeviceRecord) bool { return d.MonitoringState == "" })
}

func (c *Call) monitor(ctx context.Context, op string, t Target) error {
	a := c.d.api
	switch {
	case (t.Device == "") == (t.Number == ""):
		return c.shape(op, a.fail(cc.ErrInvalid, "a target is either a device or a number"))
	case t.Device != "" && !isCallID(t.Device):
		return c.shape(op, a.fail(cc.ErrInvalid, "the id of a device has letters, digits and hyphens"))
	case t.Number != "" && !isNumber(t.Number):
		return c.shape(op, a.fail(cc.ErrInvalid, "the number has a blank, a comma, a slash, or a character that is not ASCII"))
	case t.Scope != "" && t.Scope != ScopeCall && t.Scope != ScopeAgent, t.Calls != "" && t.Calls != NextCall && t.Calls != AllCalls:
		return c.shape(op, a.fail(cc.ErrInvalid, "unknown scope, or unknown word for the calls"))
	}
	body := operation{Name: op, PhoneNumber: t.Number, Scope: string(t.Scope), Mode: string(t.Calls)}
	if t.Device != "" {
		u := *a.base
		u.Path = strings.TrimSuffix(u.Path, "/me")
		body.TargetDevice = u.JoinPath("devices", t.Device).String()
	}
	return c.device(ctx, op, body, func(d DeviceRecord) bool {
		return d.MonitoringState == op && (t.Device == "" || d.MonitoringTarget == "" || d.MonitoringTarget == t.Device) &&
			(t.Scope == "" || d.MonitoringScope == "" || d.MonitoringScope == string(t.Scope)) &&
			(t.Calls == "" || d.MonitoringMode == "" || d.MonitoringMode == string(t.Calls))
	})
}

// device is an errand on the device that the call is seen from, or on the agent's only one while the
// agent is not on that call: monitoring is set up before there is one.
func (c *Call) device(ctx context.Context, op string, body operation, done func(DeviceRecord) bool) error {
	return c.run(ctx, op, func(ctx context.Context) error {
		read := func(ctx context.Context, id string) (DeviceRecord, error) {
			list, err := c.d.api.readDevices(ctx, get(op, every, "me", "devices"))
			if err != nil {
				return DeviceRecord{}, err
			}
			for _, d := range list {
				if d.ID == id || id == "" && len(list) == 1 {
					return d, nil
				}
			}
			return DeviceRecord{}, c.d.api.fail(cc.ErrConflict, "the agent has no such device, or several")
		}
		id := ""
		if r, err := c.d.call(ctx, op, c.id); err == nil {
			id = r.DeviceID
		} else if cc.KindOf(err) != cc.ErrNotFound {
			return err
		}
		d, err := read(ctx, id)
		if err != nil {
			return err
		}
		if !isCallID(d.ID) {
			return c.d.api.unreadable("a device whose id cannot be addressed")
		}
		// Only a number cannot be compared with what the device tells, so that it is ordered anew.
		if done(d) && body.PhoneNumber == "" {
			return nil
		}
		return c.d.carryOut(ctx, errand{
			op: op, path: []string{"me", "devices", d.ID}, body: body, dev: d.ID,
			done: func(ctx context.Context) (bool, error) {
				now, err := read(ctx, d.ID)
				return err == nil && done(now), err
			},
		})
	})
}

// SwitchToBargeIn has everybody on the monitored call hear the supervisor. From Coach there is no way
// back.
func (c *Call) SwitchToBargeIn(ctx context.Context) error {
	return c.change(ctx, opSwitchToBargeIn, offered(opSwitchToBargeIn), operation{Name: opSwitchToBargeIn},
		func(r CallRecord) bool {
			return r.Offers(opSwitchToListenIn) && !r.Offers(opSwitchToBargeIn) && !r.Mute
		})
}

// SwitchToListenIn has nobody on the monitored call hear the supervisor. From Coach there is no way
// back.
func (c *Call) SwitchToListenIn(ctx context.Context) error {
	return c.change(ctx, opSwitchToListenIn, offered(opSwitchToListenIn), operation{Name: opSwitchToListenIn},
		func(r CallRecord) bool { return r.Offers(opSwitchToBargeIn) && !r.Offers(opSwitchToListenIn) && r.Mute })
}

// MuteMonitoredUser mutes the agent whom this supervisor monitors. Nobody else's leg can be muted at
// this provider. On a call that this session does not monitor it is ErrForbidden, and nothing is sent:
// servers do not list the operation, so that is what it is judged by.
func (c *Call) MuteMonitoredUser(ctx context.Context) error {
	return c.change(ctx, opMuteMonitoredUser, monitors, operation{Name: opMuteMonitoredUser},
		func(r CallRecord) bool { return r.MonitoredUserMuted })
}

// UnmuteMonitoredUser takes MuteMonitoredUser back.
func (c *Call) UnmuteMonitoredUser(ctx context.Context) error {
	return c.change(ctx, opUnmuteMonitored, monitors, operation{Name: opUnmuteMonitored},
		func(r CallRecord) bool { return !r.MonitoredUserMuted })
}

func monitors(r CallRecord) error {
	if r.monitored() {
		return nil
	}
	return &cc.Error{Kind: cc.ErrForbidden, Err: cc.Detail("this session does not monitor the call")}
}
