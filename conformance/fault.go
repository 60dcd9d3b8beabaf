package conformance

import "time"

// A Fault is something that goes wrong with one kind of request: an Op and a What, both constants of
// this package. Several can stand at the same time; of two that meet one request, the one that was
// injected first acts.
type Fault struct{ Op, What string }

// The kinds of requests that a Fault can meet.
const (
	OpRemove   = "remove"   // the removal of one participant
	OpSet      = "set"      // a change of a participant's state
	OpRestrict = "restrict" // a change of state that turns something on, whatever else it does
	OpRelease  = "release"  // a change of state that only turns something off
	OpEnd      = "end"      // the end of a conference
	OpRead     = "read"     // everything that changes nothing, a held poll excepted
	OpListen   = "listen"   // the subscription by which news come
	OpAny      = "any"      // all of these but OpListen
)

// What can go wrong. LoseBefore and LoseAfter meet the next such request only. The others meet every
// such request until they are lifted.
const (
	// LoseBefore: the request arrives, nothing is done, and the connection is cut.
	LoseBefore = "lose-before"
	// LoseAfter: what was asked is done, and the connection is cut before an answer.
	LoseAfter = "lose-after"
	// Garble: what was asked is done, and the answer is success with a body that cannot be read. A
	// read is answered so, too.
	Garble = "garble"
	// Hollow: with OpRead, the answer is success, can be read, and lacks what it is about: an empty JSON
	// object, for instance.
	Hollow = "hollow"
	// Fail: nothing is done, and the answer is that of a server in trouble (503), which says
	// nothing of what was done.
	Fail = "fail"
	// Hang: the request arrives, nothing is done, and no answer comes for as long as whoever asked
	// waits. Lifting may cut what is held so, and need not.
	Hang = "hang"
	// Unreachable: no connection can be made, so that nothing leaves. It is injected before the first
	// request.
	Unreachable = "unreachable"
	// Ignore: the command is accepted, and never done.
	Ignore = "ignore"
	// Late: the command is accepted at once, and done Lag after that.
	Late = "late"
	// Old: with OpRead, for Lag after a command was done, reads show what was true before it.
	Old = "old"
	// Contradict: the command is done, and refused as a conflict.
	Contradict = "contradict"
	// FailLater: the command is accepted and not done, and news of its failure come after that.
	FailLater = "fail-later"
	// FailEarly: as FailLater, but the news overtake the answer to the command.
	FailEarly = "fail-early"
	// Drop: with OpListen, the subscription is lost, news are lost with it, and it cannot be had again.
	Drop = "drop"
	// Silent: with OpListen, the subscription seems to stand, and no news come.
	Silent = "silent"

	// The request is definitely refused, and nothing is done.
	RefuseInvalid         = "refuse-invalid"
	RefuseUnauthenticated = "refuse-unauthenticated"
	RefuseForbidden       = "refuse-forbidden"
	RefuseUnsupported     = "refuse-unsupported"
	RefuseConflict        = "refuse-conflict"
	RefuseRateLimited     = "refuse-rate-limited"
)

// Lag is how long Late and Old last.
const Lag = 200 * time.Millisecond
