package provider

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// This file is the watching of one conference as a pure step function: when to read, and what a read
// and the state of the news mean together. The shell that obeys it is in watch.go.

// News is what has been heard since the watch last looked.
type news struct {
	bell   bool // something may have changed
	gap    bool // something may have been missed
	lost   bool // the subscription is lost
	stands bool // a subscription stands (again)
}

// Watching is the state of one watch.
type watching struct {
	poll      time.Duration // between reads while nothing is pushed
	reconcile time.Duration // between reads beside a standing subscription; 0: none
	standing  bool          // the vendor's news comes
	lost      bool          // news may have been lost since the last good read
	have      bool          // there was a good read
	stale     bool          // readers were told that the truth cannot be had
	fails     int           // bad reads in a row
	began     time.Time     // when the last read began
	due       time.Time     // when the next one is; zero: when the bell rings
}

type watchInput struct {
	now  time.Time
	news news

	read bool  // a read has come back
	err  error // and has failed
	wait time.Duration
}

type watchOutput struct {
	read    bool  // read now
	publish bool  // the read that came back is the truth
	gap     bool  // with publish: something may have been missed
	stale   error // tell that the truth cannot be had
	over    bool  // the conference was not found
	fail    error // the story ends, for this reason
	wake    time.Time
}

func (s watching) step(in watchInput) (watching, watchOutput) {
	var out watchOutput
	missed := s.lost // before the read that has come back began
	if in.news.lost {
		s.standing, s.lost = false, true
	}
	if in.news.stands {
		s.standing = true
	}
	if in.news.gap {
		s.lost = true
	}
	if in.news.bell || in.news.gap || in.news.lost || in.news.stands {
		s.ring(in.now)
	}
	switch {
	case in.read && in.err == nil:
		out.publish, out.gap = true, s.have && missed || s.stale
		s.have, s.stale, s.fails = true, false, 0
		s.lost = in.news.lost || in.news.gap // since the read began: the next one makes up for it
		s.again(in.now, s.interval())
	case in.read:
		switch kind := cc.KindOf(in.err); kind {
		case cc.ErrNotFound, cc.ErrNotParticipant:
			out.over = true
			return s, out
		case cc.ErrUnauthenticated, cc.ErrForbidden, cc.ErrUnsupported, cc.ErrClosed:
			out.fail = in.err
			return s, out
		}
		s.fails++
		if !s.standing {
			s.lost = true // without a subscription a read that failed is news that was lost
		}
		// One bad read while the news comes is repeated in silence; a second is silence that is no calm.
		if !s.stale && (s.lost || s.fails > 1) {
			s.stale, out.stale = true, in.err
		}
		s.again(in.now, min(in.wait, s.poll))
	}
	if !s.due.IsZero() && !in.now.Before(s.due) {
		s.began, s.due = in.now, time.Time{}
		out.read = true
	}
	out.wake = s.due
	return s, out
}

// Ring brings the next read forward: at once, or when the debounce since the last one is over.
func (s *watching) ring(now time.Time) {
	at := s.began.Add(debounce)
	if at.Before(now) {
		at = now
	}
	if s.due.IsZero() || at.Before(s.due) {
		s.due = at
	}
}

// Again sees to it that there is a read after d, if d is more than nothing.
func (s *watching) again(now time.Time, d time.Duration) {
	if d <= 0 {
		return
	}
	if at := now.Add(d); s.due.IsZero() || at.Before(s.due) {
		s.due = at
	}
}

func (s *watching) interval() time.Duration {
	if s.standing {
		return s.reconcile
	}
	return s.poll
}
