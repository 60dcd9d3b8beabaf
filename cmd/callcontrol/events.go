package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A follower reads the events of a conference and keeps the picture that they paint: who is there
// and how, from nothing but Synced, Joined, Changed and Left.
type follower struct {
	events  <-chan cc.Event
	stop    func() error
	name    func(cc.ParticipantID) string
	picture map[cc.ParticipantID]cc.Participant
	ended   bool
	closed  bool
	lines   []string // told since the last call of told
}

// follow begins to read. The caller calls stop, which waits for what reads.
func follow(ctx context.Context, conf cc.Conference, name func(cc.ParticipantID) string) *follower {
	ctx, cancel := context.WithCancel(ctx)
	events, wait := cc.Channel(ctx, conf)
	return &follower{
		events: events, name: name, picture: map[cc.ParticipantID]cc.Participant{},
		stop: func() error { cancel(); return wait() },
	}
}

// until reads events until done says that they have told enough, or patience is over, and reports
// whether they have.
func (f *follower) until(ctx context.Context, patience time.Duration, done func() bool) bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !done() {
		if f.closed {
			return false
		}
		select {
		case event, open := <-f.events:
			if !open {
				f.closed = true
				continue
			}
			f.take(event)
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// take draws one event into the picture.
func (f *follower) take(e cc.Event) {
	switch e.Type {
	case cc.Synced:
		if len(f.picture) == 0 {
			for _, p := range e.Snapshot.Participants {
				f.picture[p.ID] = p
			}
		}
	case cc.Joined, cc.Changed:
		if e.Participant.ID != "" {
			f.picture[e.Participant.ID] = e.Participant
		}
	case cc.Left:
		delete(f.picture, e.Participant.ID)
	case cc.Ended:
		f.ended = true
	}
	f.lines = append(f.lines, f.describe(e))
}

// told gives what has been told since it was asked last.
func (f *follower) told() []string {
	lines := f.lines
	f.lines = nil
	return lines
}

func (f *follower) describe(e cc.Event) string {
	switch e.Type {
	case cc.Synced:
		names := make([]string, 0, len(e.Snapshot.Participants))
		for _, p := range e.Snapshot.Participants {
			names = append(names, f.name(p.ID))
		}
		line := "synced   " + cond(len(names) == 0, "nobody", strings.Join(names, ", "))
		return line + cond(e.Gap, ", after a gap", "")
	case cc.Changed:
		if e.Participant.ID == "" {
			return "changed  what can be done to the conference"
		}
		changed := difference(e.Before, e.Participant.State)
		return "changed  " + f.name(e.Participant.ID) + ": " + cond(changed == "", "something else than the flags", changed)
	case cc.Stale:
		return "stale    the truth cannot be had for now"
	case cc.Ended:
		return "ended    " + string(e.Reason)
	}
	reason := cond(e.Reason == "", "", ", "+string(e.Reason))
	return fmt.Sprintf("%-8s %s%s", e.Type, f.name(e.Participant.ID), reason)
}

// difference gives the flags that are other than before.
func difference(before, now cc.ParticipantState) string {
	var changed cc.ParticipantState
	for _, f := range []struct {
		before, now cc.Toggle
		to          *cc.Toggle
	}{
		{before.Mute, now.Mute, &changed.Mute},
		{before.Deaf, now.Deaf, &changed.Deaf},
		{before.Hold, now.Hold, &changed.Hold},
		{before.Coach, now.Coach, &changed.Coach},
	} {
		if f.before != f.now {
			*f.to = f.now
		}
	}
	if changed == (cc.ParticipantState{}) {
		return ""
	}
	return changed.String()
}

// mismatch tells where the picture is other than the truth, or nothing.
func (f *follower) mismatch(cast []person, is truth) string {
	known := make([]cc.ParticipantID, 0, len(cast))
	for i, p := range cast {
		known = append(known, p.id)
		drawn, there := f.picture[p.id]
		switch {
		case there != is[i].present:
			return "the events have " + p.name + " " + inOrOut(there) + " the conference"
		case there:
			if flag := contradicts(drawn, is[i].state); flag != "" {
				return "the events have " + p.name + " with another " + flag
			}
		}
	}
	for id := range f.picture {
		if !slices.Contains(known, id) {
			return "the events have somebody who is not there"
		}
	}
	return ""
}

func cond(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
