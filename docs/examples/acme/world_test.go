package acme

import (
	"errors"
	"strconv"
	"sync"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A world is everyone but the driver. What it says is true comes from the bridge itself.
type world struct {
	vendor *vendor

	mu     sync.Mutex
	rooms  int
	people map[who]*fake.Member // the last one who had the id
}

type who struct {
	conference  callcontrol.ConferenceID
	participant callcontrol.ParticipantID
}

func newWorld(v *vendor) *world { return &world{vendor: v, people: map[who]*fake.Member{}} }

func (w *world) Start(n int) (callcontrol.ConferenceID, []callcontrol.ParticipantID, error) {
	w.mu.Lock()
	w.rooms++
	c := callcontrol.ConferenceID("room-" + strconv.Itoa(w.rooms))
	w.mu.Unlock()
	people, err := w.fill(c, n)
	return c, people, err
}

func (w *world) fill(c callcontrol.ConferenceID, n int) ([]callcontrol.ParticipantID, error) {
	var people []callcontrol.ParticipantID
	for range n {
		id, err := w.Join(c, "")
		if err != nil {
			return nil, err
		}
		people = append(people, id)
	}
	return people, nil
}

// Join knows no roles: Acme has none.
func (w *world) Join(c callcontrol.ConferenceID, _ callcontrol.Role) (callcontrol.ParticipantID, error) {
	m, err := w.vendor.sw.Join(string(c), fake.Leg{})
	if err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people[who{c, m.ID()}] = m
	return m.ID(), nil
}

// Twin cannot arise: Acme gives out each number once in a run.
func (w *world) Twin(callcontrol.ConferenceID, callcontrol.ParticipantID) error {
	return callcontrol.ErrUnsupported
}

func (w *world) HangUp(c callcontrol.ConferenceID, p callcontrol.ParticipantID) error {
	m, err := w.member(c, p)
	if err == nil {
		m.HangUp()
	}
	return err
}

func (w *world) Restart(c callcontrol.ConferenceID, n int) ([]callcontrol.ParticipantID, error) {
	if _, err := w.vendor.sw.End(c, fake.HangUp); err != nil {
		return nil, err
	}
	return w.fill(c, n)
}

func (w *world) Look(c callcontrol.ConferenceID) (callcontrol.Snapshot, error) {
	room, err := w.vendor.sw.Look(c)
	if err != nil || room.Status == fake.Ended {
		return callcontrol.Snapshot{}, callcontrol.ErrNotFound
	}
	s := callcontrol.Snapshot{Conference: c, Instance: callcontrol.ConferenceID("run:" + room.UUID())}
	for _, m := range room.Members {
		s.Participants = append(s.Participants, callcontrol.Participant{
			ID: m.ID, CallID: m.CallID, // nothing else is told by Acme
			State:    callcontrol.ParticipantState{Mute: toggle(m.Mute)},
			Controls: callcontrol.CanRemove | callcontrol.CanMute,
		})
	}
	return s, nil
}

func (w *world) Up(c callcontrol.ConferenceID, p callcontrol.ParticipantID) (bool, error) {
	m, err := w.member(c, p)
	return err == nil && m.Up(), err
}

func (w *world) Requests() (commands, reads int) {
	return int(w.vendor.commands.Load()), int(w.vendor.reads.Load())
}

func (w *world) member(c callcontrol.ConferenceID, p callcontrol.ParticipantID) (*fake.Member, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m := w.people[who{c, p}]; m != nil {
		return m, nil
	}
	return nil, errors.New("nobody has had that id")
}
