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
// Rooms: list, get, activate, end, record. Participants of rooms: list, get, add, update, kick,
// record; play and speak to them. Conferences: list, get, end one, end all, record; their members:
// kick, hang up, mute, unmute, deaf, undeaf, play, speak. Calls: hang up. Each [Operation] names its
// method and path. The parameters of Add Participant that order music, sounds, digits, transcription
// and the recording of a participant's track are checked and then ignored; those that order callbacks
// and the recording of the room work. The callback_url of a speak in a room is checked and ignored:
// what it is told is not documented.
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
// # Sound
//
// There is none: [Server.Recordings] and [Server.Playing] tell what was ordered. A room and each
// participant have one recording at a time, and one that nobody stops is over when whom it is of has
// left. Nothing that is played ends by itself. Both happen at once, whatever the lags. What the
// vendor says to a second recording, and to stopping what is not there, is not documented: it is 400
// and 404 here, and pausing twice is 204.
//
// # Callbacks
//
// [Server.SendCallbacks] starts what sends them, as form or query, signed V3 with a nonce:
//
//	sender, err := server.SendCallbacks(plivoserver.CallbackOptions{})
//	defer sender.Close()
//	err = server.Callback("standup", plivoserver.Callbacks{URL: "https://app.example.test/plivo"})
//	// ... something happens ...
//	err = sender.Flush(ctx) // all of it has been sent
//
// They go where Options.Callbacks, [Server.Callback] or Add Participant say: status callbacks of a
// MultiPartyCall by groups of events, with a SequenceNumber; callbacks of its recordings; those of a
// Conference, which know enter, exit, digits, floor and record alone; the exit action of a leg that
// leaves with its call up, whose XML is read, up to 100 KB within 15 s, noted and not obeyed; the
// status of calls that Add Participant makes, until they leave the room. Music and sounds are not
// fetched. Each is sent once, in order of happening, and its answer changes nothing, unless
// CallbackOptions order retries. A [Plan] or [Trouble] has callbacks dropped, doubled, delayed,
// reordered and forged. [Sender.Sent] and [Sender.Counts] tell what was sent.
//
// No page says, and so it is a choice of this package: that SequenceNumber counts from 1, for each run
// the events whose groups are asked for, and for each recording on its own; that times are written as
// in answers; that add-participant events come for each leg, name nobody, and have the outcomes
// Success and Failed; that who was dialled and never came in leaves without a MemberID; that several
// flags changed at once are told one by one, and flags that were so already not at all; that a
// recording's duration and end are told with its end; the values of Event; that record of a
// Conference comes at the end of a recording that the Conference API began, with the call fields of
// who came in first. A URL is signed as it is written: one without a path has no slash, though the
// request has.
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
// this server says so in the vendor's words; those on news (fake.OpNews) are faults of callbacks.
// [Server.Requests] and [Server.Counts] tell what arrived.
package plivoserver
