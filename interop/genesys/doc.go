// Package interop shows that fake/genesysserver is right for software that nobody here wrote: the
// CometD clients for JavaScript and for Java, each at a fixed version, as its package registry has it.
// It is a module of its own, so that none of them is a dependency of the library.
//
// Every client goes through the same cases, each against a server of its own in front of a Switch: what
// the client decoded is compared with what the Switch knows. docs/interop-genesys.md has the table; it
// is made by
//
//	go test -update
//
// and every complete run checks that it is current.
//
// The clients are installed where CALLCONTROL_INTEROP_CACHE says, or else in the user's cache
// directory. Where a runtime is missing its clients are skipped, and the test says so; with
// CALLCONTROL_INTEROP=required, as in CI, it fails instead.
package interop
