package mutants

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A link stands between package provider and a driver in process. What is nil leaves the driver as it
// is. The commands and reads get the driver's own as next.
type link struct {
	provider.Driver
	declares func(cc.Capabilities) cc.Capabilities
	command  func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error)
	snapshot func(ctx context.Context, s *provider.Snapshot, err error) error
	single   func(ctx context.Context, p *cc.Participant, run *cc.ConferenceID, err error) error
	report   func(u provider.Update, next func(provider.Update))
	read     func() // is called before every read
}

// A send sends one command to a driver.
type send func(context.Context, cc.Command) (provider.Result, error)

var _ provider.Vetter = (*link)(nil)

// inDriver is a change between provider and the driver; each site has a link of its own.
func inDriver(change func(*link)) worlds.With {
	return worlds.With{Driver: func(d provider.Driver) provider.Driver {
		l := &link{Driver: d}
		change(l)
		return l
	}}
}

// onCommand is a change to what becomes of commands.
func onCommand(change func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error)) worlds.With {
	return inDriver(func(l *link) {
		l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			return change(l, ctx, cmd, next)
		}
	})
}

// bridge is the vendor: what a mutant does there behind the client's back is no request.
func (l *link) bridge() *fake.Switch { return bridge(l.Driver) }

func bridge(v interface{ As(any) bool }) *fake.Switch {
	sw, _ := cc.As[*fake.Switch](v)
	return sw
}

// members are those who are in a conference in truth; none where it is over.
func members(sw *fake.Switch, c cc.ConferenceID) []fake.MemberInfo {
	r, err := sw.Look(c)
	if err != nil || r.Status == fake.Ended {
		return nil
	}
	return r.Members
}

// member is somebody who is in a conference in truth, by the number that the bridge gave them.
func member(sw *fake.Switch, c cc.ConferenceID, p cc.ParticipantID) (fake.MemberInfo, bool) {
	for _, m := range members(sw, c) {
		if m.ID == p {
			return m, true
		}
	}
	return fake.MemberInfo{}, false
}

// run is the Instance of the run that has a name now.
func run(sw *fake.Switch, c cc.ConferenceID) cc.ConferenceID {
	r, err := sw.Look(c)
	if err != nil {
		return ""
	}
	return r.Instance
}

func (l *link) Capabilities() cc.Capabilities {
	c := l.Driver.Capabilities()
	if l.declares != nil {
		c = l.declares(c)
	}
	return c
}

func (l *link) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	return l.pass(ctx, cc.Command{Op: cc.OpRemoveParticipant, Conference: c, Participant: p})
}

func (l *link) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	return l.pass(ctx, cc.Command{Op: cc.OpSetParticipantState, Conference: c, Participant: p, Change: change})
}

func (l *link) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	return l.pass(ctx, cc.Command{Op: cc.OpEnd, Conference: c})
}

func (l *link) pass(ctx context.Context, cmd cc.Command) (provider.Result, error) {
	if l.command == nil {
		return l.send(ctx, cmd)
	}
	return l.command(ctx, cmd, l.send)
}

func (l *link) send(ctx context.Context, cmd cc.Command) (provider.Result, error) {
	switch cmd.Op {
	case cc.OpRemoveParticipant:
		return l.Driver.Remove(ctx, cmd.Conference, cmd.Participant)
	case cc.OpSetParticipantState:
		return l.Driver.SetState(ctx, cmd.Conference, cmd.Participant, cmd.Change)
	}
	return l.Driver.End(ctx, cmd.Conference)
}

func (l *link) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	l.reading()
	s, err := l.Driver.Snapshot(ctx, c)
	if l.snapshot != nil {
		err = l.snapshot(ctx, &s, err)
	}
	return s, err
}

func (l *link) Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	l.reading()
	who, run, err := l.Driver.Participant(ctx, c, p)
	if l.single != nil {
		err = l.single(ctx, &who, &run, err)
	}
	return who, run, err
}

func (l *link) reading() {
	if l.read != nil {
		l.read()
	}
}

func (l *link) Listen(ctx context.Context, report func(provider.Update)) error {
	if l.report == nil {
		return l.Driver.Listen(ctx, report)
	}
	return l.Driver.Listen(ctx, func(u provider.Update) { l.report(u, report) })
}

// Vet is the driver's.
func (l *link) Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	if v, ok := l.Driver.(provider.Vetter); ok {
		return v.Vet(ctx, c, p, change)
	}
	return nil
}
