package provider

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Doubts are until when a failure that is told of a conference may be that of a command that has come
// to its end with its outcome unknown: where failures name the conference alone, it would be taken for
// the next command's. The zero value is ready.
type doubts struct {
	until map[cc.ConferenceID]time.Time
}

// Note remembers such a command.
func (d *doubts) note(conf cc.ConferenceID, now time.Time, long time.Duration) {
	if d.until == nil {
		d.until = make(map[cc.ConferenceID]time.Time)
	}
	for c, until := range d.until {
		if !now.Before(until) {
			delete(d.until, c)
		}
	}
	d.until[conf] = now.Add(long)
}

// Any reports whether there may be some; mostly there are none.
func (d *doubts) any() bool { return len(d.until) > 0 }

func (d *doubts) about(conf cc.ConferenceID, now time.Time) bool {
	return now.Before(d.until[conf])
}
