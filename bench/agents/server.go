package agents

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// A world is a bridge, the server in front of it, and a conference for each agent.
type world struct {
	bridge *fake.Switch
	url    string
	rooms  []*room
}

// A room is a conference of an agent and two other people, one of whom comes and goes.
type room struct {
	name  string
	agent *fake.Member
	held  bool
	guest *fake.Member // nil while away
}

func newWorld(agents int) (*world, error) {
	w := &world{bridge: fake.NewSwitch(fake.Options{})}
	server, err := genesysserver.New(w.bridge, genesysserver.Options{})
	if err != nil {
		return nil, err
	}
	for n := range agents {
		a, err := server.AddAgent(genesysserver.AgentOptions{User: user(n), Password: password})
		if err != nil {
			return nil, err
		}
		r := &room{name: fmt.Sprintf("conference-%04d", n)}
		if r.agent, err = a.Join(r.name); err != nil {
			return nil, err
		}
		for i := range 2 {
			if r.guest, err = w.bridge.Join(r.name, fake.Leg{Address: fmt.Sprintf("20%04d%d", n, i)}); err != nil {
				return nil, err
			}
		}
		w.rooms = append(w.rooms, r)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.url = "http://" + l.Addr().String()
	go func() { _ = (&http.Server{Handler: server, ReadHeaderTimeout: time.Minute}).Serve(l) }() // until the process ends
	return w, nil
}

// change makes changes at a pace: each is one notification to one agent.
func (w *world) change(p pace) (s spell, err error) {
	random := rand.New(rand.NewPCG(p.Seed, 1))
	began := time.Now()
	for ; s.Changes < p.Rate*p.Seconds; s.Changes++ {
		due := began.Add(time.Duration(s.Changes) * time.Second / time.Duration(p.Rate))
		if d := time.Until(due); d > time.Millisecond {
			time.Sleep(d)
		}
		if time.Since(began) > 2*time.Duration(p.Seconds)*time.Second {
			break // it cannot be done
		}
		if err := w.step(w.rooms[random.IntN(len(w.rooms))], random.IntN(2) == 0); err != nil {
			return s, err
		}
	}
	s.Seconds = time.Since(began).Seconds()
	return s, nil
}

// step holds or retrieves the agent, or has the guest go or come.
func (w *world) step(r *room, hold bool) (err error) {
	switch {
	case hold:
		r.held = !r.held
		change := cc.Change{Hold: cc.Off}
		if r.held {
			change.Hold = cc.On
		}
		_, err = w.bridge.Set(cc.ConferenceID(r.name), r.agent.ID(), change)
	case r.guest != nil:
		r.guest.HangUp()
		r.guest = nil
	default:
		r.guest, err = w.bridge.Join(r.name, fake.Leg{Address: "29" + strings.TrimPrefix(r.name, "conference-")})
	}
	return err
}

// truth tells what each conference is, in the words of a story.
func (w *world) truth() ([]string, error) {
	var all []string
	for _, r := range w.rooms {
		info, err := w.bridge.Look(cc.ConferenceID(r.name))
		if err != nil {
			return nil, err
		}
		var people []string
		for _, m := range info.Members {
			people = append(people, person(m.Address, m.Leg.Login != "", m.Hold))
		}
		slices.Sort(people)
		all = append(all, strings.Join(people, " "))
	}
	return all, nil
}

// person tells of one who is on a conference. Of others Genesys does not tell whether they are held.
func person(address string, self, held bool) string {
	if self && held {
		return address + ",held"
	}
	return address
}
