package provider_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// A tape is what one range over Events has yielded.
type tape struct {
	cancel context.CancelFunc
	done   chan struct{}
	pause  chan struct{} // not nil: the reader waits for it before it takes the next event

	mu     sync.Mutex
	events []cc.Event
	at     []time.Time
	err    error
	ended  time.Time
}

func record(t *testing.T, conf cc.Conference) *tape {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &tape{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for e, err := range conf.Events(ctx) {
			p.mu.Lock()
			pause := p.pause
			p.ended = time.Now()
			if err != nil {
				p.err = err
			} else {
				p.events = append(p.events, e)
				p.at = append(p.at, time.Now())
			}
			p.mu.Unlock()
			if pause != nil {
				<-pause
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-p.done
	})
	synctest.Wait()
	return p
}

// Hold has the reader think about the next event until resume.
func (p *tape) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause = make(chan struct{})
}

func (p *tape) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.pause)
}

// Words says what came since the last call: "synced joined:4 left:1:removed ended:ended synced+gap".
func (p *tape) words() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, e := range p.events {
		s := string(e.Type)
		if e.Gap {
			s += "+gap"
		}
		if e.Type == cc.Joined || e.Type == cc.Changed || e.Type == cc.Left {
			s += ":" + string(e.Participant.ID)
		}
		if e.Reason != "" {
			s += ":" + string(e.Reason)
		}
		list = append(list, s)
	}
	p.events, p.at = nil, nil
	return strings.Join(list, " ")
}

// Last is the last event that came; the tape keeps it.
func (p *tape) last(t *testing.T) cc.Event {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.events)
	return p.events[len(p.events)-1]
}

// Over tells whether the range has ended, and by which error.
func (p *tape) over() (bool, error) {
	synctest.Wait()
	select {
	case <-p.done:
		return true, p.err
	default:
		return false, nil
	}
}
