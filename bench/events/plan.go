package events

import (
	"fmt"
	"time"
)

// A cell is one comparison: rounds of slices, one slice of each contender a round.
type cell struct {
	Way      way
	Sessions int
	PerPoll  int // events with each answer, or in each frame
	Rounds   int
	Slice    time.Duration // about as long as one of the floor's takes
	Flowing  bool          // events become due by themselves, at half of what the floor could do
}

func (c cell) String() string {
	unit := "a poll"
	if c.Way == socket {
		unit = "a frame"
	}
	what := fmt.Sprintf("%s, %s %s, %s", c.Way, plural(c.PerPoll, "event"), unit, plural(c.Sessions, "session"))
	if c.Flowing {
		return what + ", as they come"
	}
	return what
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(n) + " " + what
}

func thousands(n int) string {
	if n >= 1000 {
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return fmt.Sprint(n)
}

// A rest is sessions that wait for nothing.
type rest struct {
	Way      way
	Sessions int
	Rounds   int
	Names    []string // contenders, the floor first
	Reported bool     // and not judged
}

func (r rest) String() string {
	return fmt.Sprintf("idle, %s, %s", r.Way, plural(r.Sessions, "session"))
}

// A plan is what a run measures.
type plan struct {
	cells []cell
	rests []rest
	age   time.Duration // of the sessions when they are weighed
	hold  time.Duration // of a poll
	rate  int           // sessions that a process opens a second
}

const many = 1000 // sessions

// full is what docs/benchmarks.md shows.
func full() plan {
	const rounds, slice = 21, 300 * time.Millisecond
	return plan{
		cells: []cell{
			{Way: polling, Sessions: 1, PerPoll: 1, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: 1, PerPoll: 10, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: 1, PerPoll: 100, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: many, PerPoll: 1, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: many, PerPoll: 1, Rounds: 15, Slice: time.Second, Flowing: true},
			{Way: socket, Sessions: 1, PerPoll: 1, Rounds: rounds, Slice: slice},
		},
		rests: []rest{
			{Way: polling, Sessions: many, Rounds: 3, Names: []string{pollFloorName, controlName, eachFloorName, sharedName, oursName}},
			{Way: socket, Sessions: many, Rounds: 3, Names: []string{socketFloorName, controlName, oursName}},
			{Way: polling, Sessions: 5 * many, Rounds: 1, Names: []string{pollFloorName, sharedName}, Reported: true},
			{Way: polling, Sessions: 10 * many, Rounds: 1, Names: []string{pollFloorName, sharedName, oursName}, Reported: true},
		},
		age: time.Minute, hold: 25 * time.Second, rate: 400,
	}
}

// quick is enough to see whether what is counted holds, and to have an idea of the rest.
func quick() plan {
	const rounds, slice = 3, 50 * time.Millisecond
	return plan{
		cells: []cell{
			{Way: polling, Sessions: 1, PerPoll: 1, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: 1, PerPoll: 10, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: 1, PerPoll: 100, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: many / 5, PerPoll: 1, Rounds: rounds, Slice: slice},
			{Way: polling, Sessions: many / 5, PerPoll: 1, Rounds: rounds, Slice: 100 * time.Millisecond, Flowing: true},
			{Way: socket, Sessions: 1, PerPoll: 1, Rounds: rounds, Slice: slice},
		},
		rests: []rest{
			{Way: polling, Sessions: many / 5, Rounds: 1, Names: []string{pollFloorName, eachFloorName, sharedName, oursName}},
			{Way: socket, Sessions: many / 5, Rounds: 1, Names: []string{socketFloorName, oursName}},
		},
		age: idle + 2*time.Second, hold: 25 * time.Second, rate: 400,
	}
}
