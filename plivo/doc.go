// Package plivo drives Plivo's two conference products: the Multiparty Call API as the provider
// "plivo-mpc", and the older Conference API as "plivo-conference". Importing it registers both.
//
// # Mapping
//
//	contract              plivo-mpc                            plivo-conference
//	Conferences           GET MultiPartyCall/ by status        GET Conference/
//	Snapshot              GET the room, then its participants  GET the conference
//	RemoveParticipant     DELETE Participant/{id}/             POST Member/{id}/Kick/
//	  with remove=hangup  DELETE Call/{call_uuid}/             DELETE Member/{id}/
//	Mute                  POST Participant/{id}/, mute         POST or DELETE Member/{id}/Mute/
//	Deaf                  unsupported                          POST or DELETE Member/{id}/Deaf/
//	Hold                  POST Participant/{id}/, hold         unsupported
//	Coach                 POST Participant/{id}/, coach_mode   unsupported
//	End                   DELETE the room                      DELETE the conference
//	Check                 GET MultiPartyCall/?limit=1          GET Conference/
//
// A change of several fields of a multiparty call is one request. The Conference API has a request
// for each, so there it is several, restricting ones first. Hold is not emulated by muting and
// deafening: that is three requests that cannot be taken back together, and it would forget who was
// muted before.
//
// Plivo keeps those who have left a multiparty call in its list of participants. They are not in a
// Snapshot; why they left is in the left events. Plivo's exit causes "Participant Call Hangup",
// "Kicked Out of Multiparty Call" and "Multiparty Call Ended" are the reasons hung-up, removed and
// ended; of another cause only the Code tells.
//
// A room that is Initialized (everybody waits for somebody who may start it) is live, and one that
// is Ended is ErrNotFound, although Plivo can still tell about it by its mpc_uuid.
//
// A removed leg of a multiparty call goes on with its XML if it came in by XML and is hung up if
// Plivo dialled it, unless an exit action was set (Plivo's pages "Kick Out a Participant" and "End a
// multiparty call"); so Removed and Ended are FateDepends. With the setting remove=hangup the call is
// ended through the Call API, and Removed is FateHangsUp; a call without a usable call_uuid, and one
// that Plivo does not know any more, is taken out of the room instead. A kicked member of a
// conference goes on with its XML.
//
// # Identifiers
//
// A room of the Multiparty Call API is addressed by its friendly name, which Plivo resolves among
// live rooms only, or by its Instance, "uuid:" followed by the mpc_uuid, which is one run for good.
// A room whose name has characters that this library refuses is listed by its Instance. The
// Conference API has no id of a run: Instance equals the name, and a conference whose name would be
// refused is left out of the list, where a log line counts it.
//
// Names follow the grammar of provider.CheckName. Plivo documents none; it reads a name as part of a
// path, so slashes are refused. Participants are Plivo's member ids, 1 to 20 digits. The word "all"
// and lists of ids, which Plivo reads as several people, are refused; what they do is in [Room] and
// [ConferenceRoom].
//
// CallID is the call_uuid. Address is the member_address of a multiparty call; of a conference it is
// from for a call that came in and to for one that went out.
//
// # Capabilities
//
// Others are CanRemove, CanMute, CanHold and CanCoach for plivo-mpc, and CanRemove, CanMute and
// CanDeaf for plivo-conference; there is no leg of one's own. Both have CanEnd, CanList and CanWatch.
//
// Coach exists for supervisors only. On: the supervisor is heard by the agents; Off: by everybody. Plivo stores
// coach_mode for every participant and obeys it for a supervisor's alone, so it is Unset for anyone
// else, and changing it is ErrUnsupported after one read of the role. Roles never change.
//
// # Errors
//
// Plivo has no error codes: the status of an answer decides the Kind, and Plivo's words, wherever in
// the body they are, are the Message. The texts of accepted commands are not read. A 404 tells
// neither whether the room is over nor whether only the participant is gone; package provider tells
// that by one more read.
//
// An answer to a read that lacks what it is about (a room without mpc_uuid, a page without a list)
// is ErrUnavailable, since an empty answer would be taken as proof that nobody is there.
//
// # Events
//
// What is watched is read every 5 s. Plivo's callbacks are not received yet; they name the address
// in the answer document of the joining call, so a client cannot ask for them later in any case. Who
// receives them on their own verifies them with a [Verifier].
//
// # Configuration
//
//	plivo-mpc:?remove=hangup&rate=150
//	plivo-conference://127.0.0.1:8080?insecure=true
//
// The secrets PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN are required. The settings are
//
//	remove    leave (the default) or hangup: what becomes of the call of a removed participant
//	rate      requests per 5 s, this client's part of what Plivo allows the account; 300
//	insecure  true: plain http to a loopback address
//
// The endpoint is https://api.plivo.com where none is given. [NewMPC] and [NewConference] stand
// beside the configuration. None of them makes a request.
//
// # Limits
//
// Plivo allows an account 300 REST requests per 5 s (Plivo's page "Account and feature limits"). A
// client keeps to its rate by itself; clients of one account can share an [Options.Limiter].
// Multiparty calls have 2 to 10 participants and last at most 8 hours, conferences have up to 20.
// Lists come in pages of 20, each of them a request: a snapshot of a multiparty call is two requests,
// and one more for every 20 who are or were in the room. At most 10,000 participants of a room and
// 100,000 rooms are read.
package plivo
