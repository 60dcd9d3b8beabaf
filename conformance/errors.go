package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

func errorRules() []rule {
	list := []rule{
		{"errors/shape-participant", "The error of a command on a participant tells Op, Client, Provider, Conference and Participant.", func(p *probe) { errorShape(p, OpRemove) }},
		{"errors/shape-conference", "The error of a command on a conference tells Op, Client, Provider and Conference.", func(p *probe) { errorShape(p, OpEnd) }},
		{"errors/private", "Neither Error nor GoString nor the log value of an error has a number, a name or the id of anybody or of a conference in it.", errorPrivate},
	}
	for _, k := range []struct {
		what string
		kind cc.Kind
	}{
		{RefuseInvalid, cc.ErrInvalid},
		{RefuseUnauthenticated, cc.ErrUnauthenticated},
		{RefuseForbidden, cc.ErrForbidden},
		{RefuseUnsupported, cc.ErrUnsupported},
		{RefuseConflict, cc.ErrConflict},
	} {
		list = append(list, rule{
			"errors/" + k.what,
			fmt.Sprintf("A command that the vendor refuses as %s is answered with that kind, and never sent again.", k.kind.Error()),
			func(p *probe) { errorRefused(p, k.what, k.kind) },
		})
	}
	return append(list,
		rule{"errors/rate-limited", "A command that the vendor goes on refusing for its rate is answered with ErrRateLimited by the deadline, and is not done.", errorRateLimited},
		rule{"errors/refused-set", "A change of state that the vendor refuses as forbidden, and that is not so, is answered with ErrForbidden.", errorRefusedSet},
		rule{"errors/conflict-but-so", "A change of state that the vendor refuses as a conflict, and that a read shows to be so, is nil.", errorConflictButSo},
	)
}

// errorShape has the vendor refuse a command, and looks at the error.
func errorShape(p *probe, op string) {
	r := p.start(2)
	a := r.act(op)
	p.inject(Fault{op, RefuseInvalid})
	err := a.do(p.ctx, r.conf)
	e := detail(err)
	if e == nil {
		p.failf("got %s, which holds no *callcontrol.Error", describe(err))
	}
	c := p.site.Client
	for _, f := range []struct{ name, got, want string }{
		{"Client", e.Client, c.Name()},
		{"Provider", e.Provider, c.Provider()},
		{"Conference", string(e.Conference), string(r.id)},
		{"Participant", string(e.Participant), string(a.id)},
	} {
		if f.got != f.want {
			p.failf("%s is %q, want %q", f.name, f.got, f.want)
		}
	}
	if e.Op == "" {
		p.failf("Op is empty")
	}
}

// errorPrivate provokes errors of every origin and reads their texts.
func errorPrivate(p *probe) {
	r := p.start(3)
	r.read()
	unknown := r.nobodyHere()
	secrets := []string{string(r.id), string(r.truth().Instance), string(unknown)}
	for _, who := range r.truth().Participants {
		secrets = append(secrets, string(who.ID), who.Address, who.Name, who.CallID)
	}
	a := r.act(OpRemove)
	check := func(what string, err error) {
		if err == nil {
			return
		}
		e := detail(err)
		texts := []string{fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%q", err)}
		if e != nil {
			texts = append(texts, slogText(e))
		}
		for _, text := range texts {
			for _, secret := range secrets {
				// A short number may be anything: a status, a count.
				if len(secret) > 4 && strings.Contains(text, secret) {
					p.failf("%s: an id, a number or a name stands in %q", what, text)
				}
			}
		}
	}
	_, err := p.site.Client.Conference(unknown).Snapshot(p.ctx)
	check("a conference that never was", err)
	lift := p.inject(Fault{OpRemove, RefuseInvalid})
	check("a refused command", a.do(p.ctx, r.conf))
	lift()
	p.inject(Fault{OpAny, Fail})
	check("an outage", a.do(p.ctx, r.conf))
	_, err = r.conf.Snapshot(p.ctx)
	check("a read in an outage", err)
	gone, cancel := context.WithCancel(p.ctx)
	cancel()
	check("a context that has ended", a.do(gone, r.conf))
	check("a hostile id", r.conf.RemoveParticipant(p.ctx, "all,"+a.id))
}

// slogText is a value as a text log shows it.
func slogText(v any) string {
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("", "error", v)
	return b.String()
}

func errorRefused(p *probe, what string, kind cc.Kind) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, what})
	n := p.commands()
	p.wantKind(a.do(p.ctx, r.conf), "a command that was refused", kind)
	if n = p.commands() - n; n != 1 {
		p.failf("it was sent %d times", n)
	}
}

func errorRateLimited(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, RefuseRateLimited})
	p.wantKind(a.do(p.ctx, r.conf), "a command that was refused for its rate", cc.ErrRateLimited)
	if a.done() {
		p.failf("it was done all the same")
	}
}

func errorRefusedSet(p *probe) {
	r := p.start(2)
	a := r.act(OpSet)
	p.inject(Fault{OpSet, RefuseForbidden})
	p.wantKind(a.do(p.ctx, r.conf), "a change that was refused", cc.ErrForbidden)
}

func errorConflictButSo(p *probe) {
	r := p.start(2)
	a := r.act(OpSet)
	p.inject(Fault{OpSet, Contradict})
	err := a.do(p.ctx, r.conf)
	if !a.done() {
		p.notJudged("the fault was to have the change done, and it is not")
	}
	if err != nil {
		p.failf("the state is as asked, and the answer is %v", err)
	}
}
