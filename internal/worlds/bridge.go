package worlds

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
)

// firstMember is the number of the first member of every run, so that a run gives out the ids of the
// one before it again.
const firstMember = 101

// bridge is a conformance.World over a Switch.
type bridge struct {
	sw       *fake.Switch
	view     view
	requests func() (commands, reads int)

	mu      sync.Mutex
	started int
	joined  int
	people  map[who]*fake.Member // the last one who had the id
}

type who struct {
	conference  cc.ConferenceID
	participant cc.ParticipantID
}

var _ conformance.World = (*bridge)(nil)

// newBridge returns a world over a Switch of its own. Requests counts what reached the Switch;
// whoever counts elsewhere replaces it.
func newBridge(v view) *bridge {
	sw := fake.NewSwitch(fake.Options{Rules: fake.Rules{FirstMember: firstMember}})
	return &bridge{sw: sw, view: v, requests: sw.Requests, people: map[who]*fake.Member{}}
}

func (b *bridge) Requests() (commands, reads int) { return b.requests() }

func (b *bridge) Start(n int) (cc.ConferenceID, []cc.ParticipantID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started++
	name := cc.ConferenceID("standup-" + strconv.Itoa(b.started))
	people, err := b.fill(name, n)
	return name, people, err
}

// fill brings n people into a conference that is not live. Their numbers are the same in every run.
func (b *bridge) fill(name cc.ConferenceID, n int) ([]cc.ParticipantID, error) {
	var people []cc.ParticipantID
	for i := range n {
		leg := fake.Leg{Role: cc.RoleCustomer}
		if i == 0 {
			leg.Role = cc.RoleAgent
			if b.view.ownLeg {
				leg.Login = fake.Me
			}
		}
		id, err := b.enter(name, leg, "1555010"+strconv.Itoa(1000+i))
		if err != nil {
			return nil, err
		}
		people = append(people, id)
	}
	return people, nil
}

// enter brings one leg in, and returns the id that it has for the session.
func (b *bridge) enter(name cc.ConferenceID, leg fake.Leg, address string) (cc.ParticipantID, error) {
	b.joined++
	leg.Address, leg.Name = address, fmt.Sprintf("Caller Number %d", b.joined)
	m, err := b.sw.Join(string(name), leg)
	if err != nil {
		return "", err
	}
	r, err := b.sw.Look(name)
	if err != nil {
		return "", err
	}
	ids, _ := b.view.ids(r.Members)
	for i, info := range r.Members {
		if info.ID == m.ID() {
			b.people[who{name, ids[i]}] = m
			return ids[i], nil
		}
	}
	return "", errors.New("who joined is gone")
}

func (b *bridge) Join(c cc.ConferenceID, role cc.Role) (cc.ParticipantID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if role == "" {
		role = cc.RoleCustomer
	}
	return b.enter(c, fake.Leg{Role: role}, "1555020"+strconv.Itoa(1000+b.joined))
}

func (b *bridge) Twin(c cc.ConferenceID, of cc.ParticipantID) error {
	if !b.view.byAddress {
		return cc.ErrUnsupported
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.people[who{c, of}]
	if m == nil {
		return errors.New("nobody has that id")
	}
	_, err := b.enter(c, fake.Leg{Role: cc.RoleCustomer}, m.Address())
	return err
}

func (b *bridge) HangUp(c cc.ConferenceID, p cc.ParticipantID) error {
	m, err := b.find(c, p)
	if err != nil {
		return err
	}
	m.HangUp()
	return nil
}

// find returns the member who has that id now.
func (b *bridge) find(c cc.ConferenceID, p cc.ParticipantID) (*fake.Member, error) {
	r, err := b.sw.Look(c)
	if err != nil {
		return nil, err
	}
	ids, _ := b.view.ids(r.Members)
	members := b.sw.Members(r.Instance)
	for i, id := range ids {
		if id == p && i < len(members) {
			return members[i], nil
		}
	}
	return nil, errors.New("nobody has that id")
}

func (b *bridge) Restart(c cc.ConferenceID, n int) ([]cc.ParticipantID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.sw.End(c, fake.HangUp); err != nil {
		return nil, err
	}
	return b.fill(c, n)
}

func (b *bridge) Look(c cc.ConferenceID) (cc.Snapshot, error) {
	r, err := b.sw.Look(c)
	if err != nil || r.Status == fake.Ended {
		return cc.Snapshot{}, cc.ErrNotFound
	}
	s := b.view.snapshot(r)
	if b.view.ownLeg {
		for _, p := range s.Participants {
			if p.Self {
				return s, nil
			}
		}
		return cc.Snapshot{}, cc.ErrNotFound
	}
	return s, nil
}

func (b *bridge) Up(c cc.ConferenceID, p cc.ParticipantID) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.people[who{c, p}]
	if m == nil {
		return false, errors.New("nobody has had that id")
	}
	return m.Up(), nil
}
