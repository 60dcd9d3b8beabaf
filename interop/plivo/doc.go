// Package interop shows that fake/plivoserver is right for software that nobody here wrote: the
// vendor's own client libraries for Go, Node, Python and Java, each at a fixed version, as its
// package registry has it. It is a module of its own, so that none of them is a dependency of the
// library.
//
// Every method that a library offers for the MultiPartyCall and the Conference API is called against
// the fake server, in front of a Switch whose truth decides: what the library decoded is compared
// with it, and so is what became of the conference. Defects of the libraries are named and asserted,
// so that a version without them is noticed. docs/interop.md has the table; it is made by
//
//	go test -update
//
// and every complete run checks that it is current.
//
// How each library signs and verifies callbacks is compared with package plivo, in both directions, on
// requests that are made at random from a fixed seed.
//
// The libraries are installed where CALLCONTROL_INTEROP_CACHE says, or else in the user's cache
// directory. Where a runtime is missing its library is skipped, and the test says so; with
// CALLCONTROL_INTEROP=required, as in CI, it fails instead.
package interop
