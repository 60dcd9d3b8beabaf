// Package conformance judges implementations of [callcontrol.Client]. It holds one rule a case: a
// sentence that is true of every provider, and a small play that shows whether it is true of this
// one. Every driver of this module passes it, and so can a driver written elsewhere.
//
// # What a driver's author supplies
//
// A [Harness] opens a [Site]: the client under judgement, a [World] that plays everyone but the
// driver (callers who join and hang up, a conference that is over and begins again under its old
// name) and knows the truth, and [Faults], which break things between the driver and the vendor.
// Neither goes through the driver. For a vendor's fake they are a page of code each.
//
// # Running it
//
// [Run] is called from a test. Where Harness.FakeTime is set, every case runs in a bubble of
// testing/synctest of its own, so that rules about instants are exact and waiting costs nothing.
// [Check] needs no test, runs in real time with cases side by side, and allows 250 ms to rules about
// instants. What fails there while the machine is late for its own timers is judged again, three times
// at most, and says so. [Judge] judges one rule.
//
// # Verdicts
//
// A rule holds, or fails, or cannot arise: what it speaks of is something that this vendor cannot
// produce, as when a rule about twins meets a vendor that numbers people. Whatever the world or its
// faults could not do is not judged, with the reason; a driver with such a rule may be right, and is
// not shown to be. There is no skipping: what is declared must work, and what is not declared must
// answer ErrUnsupported and send nothing. Whether something is declared is read from the Controls
// that World.Look tells, so that a driver cannot pass by declaring less than the vendor has.
//
// A rule fails only if the promise that it states is broken. A rule about one thing looks at
// nothing else, so that the list of failed rules reads like a diagnosis.
package conformance
