package events

import (
	"context"
	"fmt"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// A way is how messages travel.
type way string

const (
	polling way = "long polling"
	socket  way = "WebSocket"
)

// A contender is a way to receive events, in one process. It opens any number of sessions.
type contender interface {
	// session begins a session, subscribes, and has deliver take the data of each of its events,
	// one at a time. It may be called from several goroutines at once.
	session(ctx context.Context, deliver func(data []byte)) error
	// close ends all sessions, and returns when nothing of them runs any more.
	close() error
}

// A kind of contender, as the tables name it.
type kind struct {
	Name  string
	way   way
	open  func(o opening) (contender, error)
	rests bool   // it is measured only where sessions wait
	floor string // of package bayeux: what its memory is judged by
}

// An opening is what a contender is opened with.
type opening struct {
	URL   string
	Small bool // buffers that are good for many sessions that wait, instead of few that work
}

const (
	pollFloorName   = "net/http + encoding/json (the floor)"
	eachFloorName   = "the floor, a transport for each session"
	socketFloorName = "gorilla/websocket + encoding/json (the floor)"
	controlName     = "the floor, a second time"
	oursName        = "bayeux"
	sharedName      = "bayeux, one transport for all sessions"
)

// kinds are all contenders, the floor of each way first.
var kinds = []kind{
	{Name: pollFloorName, way: polling, open: openPollFloor},
	{Name: controlName, way: polling, open: openPollFloor},
	{Name: eachFloorName, way: polling, open: openEachFloor, rests: true},
	{Name: sharedName, way: polling, open: openShared, rests: true, floor: pollFloorName},
	{Name: oursName, way: polling, open: openOurs(bayeux.LongPolling{}), floor: eachFloorName},
	{Name: socketFloorName, way: socket, open: openSocketFloor},
	{Name: controlName, way: socket, open: openSocketFloor},
	{Name: oursName, way: socket, open: openOurs(bayeux.WebSocket{}), floor: socketFloorName},
}

// ours reports whether it is package bayeux.
func (k kind) ours() bool { return k.floor != "" }

// kindOf finds a contender.
func kindOf(name string, w way) (kind, error) {
	for _, k := range kinds {
		if k.Name == name && k.way == w {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no contender for %s is called %q", w, name)
}

// patience is for what is answered at once.
const patience = 20 * time.Second
