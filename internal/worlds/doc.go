// Package worlds holds the conformance suite's view of each fake: who is on the bridge, what this
// session ought to see of it, and how to break things between a driver and the fake. The truth is
// taken from the bridge itself and never from a driver or a server.
package worlds
