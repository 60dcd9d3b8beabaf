// Package hostile is 43 ways in which a server of a conference API, or whoever calls its client, can
// misbehave, each with a judge who looks at what the client did about it. It knows no client and no
// vendor: a [Peer] brings both, so that the drivers of this module and the client libraries of others
// can be tried by the same cases. docs/safety.md has what came out.
//
// # A case
//
// Every case begins in order: the client reads the conference, and must succeed. Then the server
// misbehaves in one way, the client is asked for something, and the judge looks at the error or its
// absence, the time that it took, the requests that arrived since, and, where it matters, at memory
// and at the strangers that a request went to. Mutating requests (all but GET and HEAD) and reads are
// counted apart: a client that has to know what became of a command must be allowed to look.
//
// A client whose errors can say that nobody knows whether a command was carried out must say so
// where that is so ([Peer.Exact]); of the others an error is enough. From the same client a nil for
// what was not done is a failure in every case.
//
// # How they are counted
//
// Ten cases are about identifiers, one for each kind; a case is passed with all of its inputs, each
// tried with every operation that takes it. Thirty-three are about answers, one for each way in which
// the server misbehaves: the redirects are five, one for each status, each to four places.
//
// # Where it is played
//
// A [Stage] is a network and a clock: pipes in a bubble of fake time, or, for clients with a transport
// of their own, a port of the loopback interface. A memory bound is checked while bytes arrive, and a
// client that has passed it is cut off, so that a case costs little also where it is lost.
package hostile
