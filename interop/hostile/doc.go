// Package hostile tries other people's clients, and the drivers of this module beside them, by the
// same cases: 43 ways in which a server or a caller can misbehave (package internal/hostile), and nine
// things that a webhook can bring. It is a module of its own, so that none of those clients is a
// dependency of the library.
//
// Each case is played in a process of its own, since some clients end the process or never come back.
// The vendors' hosts are names on a network of pipes, so that nothing about a client is changed but
// how it connects and whom it trusts. docs/safety.md has what came out; it is made by
//
//	go test -update
//
// and every run checks that it is current. Nothing is skipped: all that is needed is Go, and where a
// module cannot be had the test does not build.
package hostile
