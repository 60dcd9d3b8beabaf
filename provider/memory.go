package provider

import (
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// MemorySize is how many conferences a client remembers. One that was not read for long is forgotten,
// and a command on it by name is then without evidence until it is read again.
const memorySize = 256

// Memory is what a client last read under each name or Instance. It is never proof of a state: it is
// used to tell runs and call legs apart, and to know when one read may save a command.
type memory struct {
	entries map[cc.ConferenceID]*memo
	clock   uint64
}

type memo struct {
	conference, instance cc.ConferenceID
	runTime              time.Duration
	over                 bool
	whole                bool // participants are all who were there
	participants         []cc.Participant
	used                 uint64
}

func (m *memory) get(id cc.ConferenceID) *memo {
	e := m.entries[id]
	if e != nil {
		m.clock++
		e.used = m.clock
	}
	return e
}

func (m *memory) put(id cc.ConferenceID, e *memo) {
	if m.entries == nil {
		m.entries = make(map[cc.ConferenceID]*memo)
	}
	if m.entries[id] == nil && len(m.entries) >= memorySize {
		var oldest cc.ConferenceID
		age := ^uint64(0)
		for k, v := range m.entries {
			if v.used < age {
				oldest, age = k, v.used
			}
		}
		delete(m.entries, oldest)
	}
	m.clock++
	e.used = m.clock
	m.entries[id] = e
}

// Saw remembers a whole snapshot, under the id that it was asked by, its name and its Instance.
func (m *memory) saw(id cc.ConferenceID, s *Snapshot) {
	e := &memo{
		conference: s.Conference, instance: s.Instance, runTime: s.RunTime,
		whole: true, participants: s.Participants,
	}
	m.put(id, e)
	if s.Conference != id {
		m.put(s.Conference, e)
	}
	if s.Instance != id && s.Instance != s.Conference {
		m.put(s.Instance, e)
	}
}

// SawOne remembers one participant, of the run that it was read from.
func (m *memory) sawOne(id, instance cc.ConferenceID, p cc.Participant) {
	e := m.entries[id]
	if e == nil || e.over || e.instance != instance {
		e = &memo{conference: id, instance: instance}
		m.put(id, e)
	}
	list := slices.Clone(e.participants)
	if i := e.index(p.ID); i >= 0 {
		list[i] = p
	} else {
		list = append(list, p)
	}
	e.participants = list
}

// SawNone remembers that one participant is not there.
func (m *memory) sawNone(id cc.ConferenceID, p cc.ParticipantID) {
	e := m.entries[id]
	if e == nil {
		return
	}
	if i := e.index(p); i >= 0 {
		e.participants = slices.Delete(slices.Clone(e.participants), i, i+1)
	}
}

// SawOver remembers that a conference was not found.
func (m *memory) sawOver(id cc.ConferenceID) {
	if e := m.entries[id]; e != nil {
		o := *e
		o.over, o.participants = true, nil
		m.put(id, &o)
	}
}

func (e *memo) index(p cc.ParticipantID) int {
	for i := range e.participants {
		if e.participants[i].ID == p {
			return i
		}
	}
	return -1
}

// Evidence is what the memory knows of whom an order is for.
func (e *memo) evidence(id cc.ConferenceID, p cc.ParticipantID) evidence {
	ev := evidence{handle: id}
	if e == nil || e.over {
		return ev
	}
	ev.known, ev.instance, ev.named = true, e.instance, namesRun(e.conference, e.instance)
	ev.runTime, ev.others = e.runTime, e.participants
	if p == "" {
		return ev
	}
	if i := e.index(p); i >= 0 {
		ev.present, ev.callID, ev.self = true, e.participants[i].CallID, triOf(e.participants[i].Self)
	} else if e.whole {
		ev.self = no
	}
	return ev
}

// AsAsked reports whether the last known state already is as the order asks, so that one read may
// save the command.
func (e *memo) asAsked(o order) bool {
	if e.over {
		return true
	}
	i := e.index(o.part)
	switch o.op {
	case opRemove:
		return i < 0 && e.whole
	case opSet:
		return i >= 0 && compare(e.participants[i].State, o.change) == vAsAsked || i < 0 && e.whole
	}
	return false
}
