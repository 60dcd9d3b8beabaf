// Package interop shows that package bayeux is right for servers that nobody here wrote: CometD in
// Java, in the version that is closest to what products embed and in a current one, CometD for Node,
// and Faye, each at a fixed version, as its package registry has it. It is a module of its own, so
// that none of them is a dependency of the library.
//
// The tests start the servers on the loopback interface and end them. A server that the tests could
// not end ends by itself, because it reads its commands from them. A proxy between client and server
// breaks connections where a case needs it. docs/interop-bayeux.md has the table; it is made by
//
//	go test -update
//
// and every complete run checks that it is current.
//
// The servers are installed where CALLCONTROL_INTEROP_CACHE says, or else in the user's cache
// directory. Where a runtime is missing its servers are skipped, and the test says so; with
// CALLCONTROL_INTEROP=required, as in CI, it fails instead.
package interop
