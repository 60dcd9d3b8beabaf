// Package plivoserver is an HTTP server that speaks Plivo's MultiPartyCall and Conference APIs in
// front of a [fake.Switch], so that clients of either can be tested without an account and without
// a phone. It shares no code and no type with the drivers of this module: both are written from the
// vendor's documentation and recorded answers.
//
//	sw := fake.NewSwitch(fake.Options{})
//	server, err := plivoserver.New(sw, plivoserver.Options{})
//	endpoint, err := server.Start(plivoserver.TCP)
//	defer endpoint.Close()
//	// endpoint.URL() + "/v1/Account/" + server.AuthID() + "/MultiPartyCall/"
//
// A client of this module's own drivers is given endpoint.URL() as its endpoint, the setting
// insecure=true unless the network is TLS, endpoint.Transport() as its transport, and the server's
// AuthID and AuthToken as its secrets.
//
// # What is served
//
// Rooms: list, get, activate, end. Participants of rooms: list, get, add, update, kick. Conferences:
// list, get, end one, end all; their members: kick, hang up, mute, unmute, deaf, undeaf. Calls: hang
// up. Each [Operation] names its method and path. Recording, play, speak and the vendor's callbacks
// are not served: their paths are not found, and the parameters that order callbacks are checked
// and then ignored.
//
// Both APIs look at the same Switch, so that every room is a conference too once its first member
// has come in. A test that wants the vendor's separation uses two servers and two switches.
//
// # Strict and lenient
//
// Paths are split at their slashes as they came and each segment is unescaped by itself. Nobody is
// redirected, and an empty segment is a segment. Dots are the worst that a vendor's front end could
// make of them: DELETE .../Conference/room/Member/../ ends the room. With [Options.LiteralDots] they
// are names that nothing has.
//
// Unknown paths are 404, unknown methods 405, unknown or ill-typed fields 400, bodies that are not
// JSON 400, credentials or an account that do not fit 401. What the official libraries really send
// is let in: the words "true" and "false" for booleans, bodies with GET and DELETE, null for a body
// or for any field, no closing slash, no Accept header, a list of one for the status of activate, and
// what the path says of conference and member once more in the body of a Conference member's kick,
// mute or deaf. Unknown query parameters are ignored.
//
// # Answers
//
// Status codes and envelopes are those that the documentation and most libraries agree on; [Quirks]
// turns single answers into the other forms that have been seen. Each JSON answer has an api_id of
// its own, but for 401. An answer of 204 has no body. A name finds a live room only, a uuid also one
// that is over, which can be read and not changed. What was accepted is done when the Switch does
// it, and shown when the Switch shows it: see the lags of [fake.Options].
//
// # Faults
//
// [Server.Inject] breaks answers on the wire; [fake.Switch.Inject] breaks what the bridge does, and
// this server says so in the vendor's words. [Server.Requests] and [Server.Counts] tell what
// arrived.
package plivoserver
