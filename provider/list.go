package provider

import (
	"context"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Conferences tells what the driver lists. A page has the default time where ctx has no deadline: so
// much may pass from one summary to the next.
func (c *client) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		l := &listing{client: c, ctx: ctx, yield: yield}
		if err := l.run(); err != nil {
			yield(cc.Summary{}, c.fail(cc.OpConferences, "", "", err))
		}
	}
}

// A listing is one range over Conferences.
type listing struct {
	client  *client
	ctx     context.Context
	yield   func(cc.Summary, error) bool
	refused int         // conferences that have no id under which they could be asked for
	late    atomic.Bool // a page took too long
}

// Run yields what can be listed. Its error is the last thing to tell; it is nil, too, where nobody wants
// to hear more.
func (l *listing) run() error {
	c := l.client
	if err := c.require(cc.CanList, c.caps.Conference); err != nil {
		return err
	}
	if l.ctx == nil {
		return noContext()
	}
	if ended := c.interrupted(l.ctx); ended != nil {
		return notSent(ended)
	}
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	defer c.untilClosed(cancel)()
	rest, page := func() {}, func() {}
	if _, ok := l.ctx.Deadline(); !ok {
		timer := time.AfterFunc(c.timeout, func() {
			l.late.Store(true)
			cancel()
		})
		defer timer.Stop()
		rest, page = func() { timer.Stop() }, func() { timer.Reset(c.timeout) }
	}
	defer l.count()
	for s, err := range c.driver.Conferences(ctx) {
		if err != nil {
			return l.ended(err)
		}
		if !c.listable(&s) {
			l.refused++
			continue
		}
		s.StartedAt = utc(s.StartedAt)
		rest()
		if !l.yield(s, nil) {
			return nil
		}
		page()
	}
	if ctx.Err() == nil {
		return nil
	}
	return l.ended(nil) // what was told may not be all
}

// Ended is the error of a listing that the driver ended with err.
func (l *listing) ended(err error) error {
	switch ended := l.client.interrupted(l.ctx); {
	case ended != nil:
		return keeping(notSent(ended), err)
	case l.late.Load():
		return keeping(&cc.Error{
			Kind: cc.ErrUnavailable, Err: because{"a page did not come in time", context.DeadlineExceeded},
		}, err)
	}
	return err
}

// Count writes a log line about those that were left out.
func (l *listing) count() {
	if log := l.client.log; log != nil && l.refused > 0 {
		log.LogAttrs(l.ctx, slog.LevelWarn, "conferences left out of a listing: they have no id that can be asked for",
			slog.String("client", l.client.name), slog.Int("count", l.refused))
	}
}

// Listable gives a summary the ids under which its conference can be asked for: its name, else that of
// the run. It reports whether there is one.
func (c *client) listable(s *cc.Summary) bool {
	if s.Instance == "" {
		s.Instance = s.Conference
	}
	if c.checkConference(s.Conference) == nil {
		return true
	}
	s.Conference = s.Instance
	return c.checkConference(s.Conference) == nil
}
