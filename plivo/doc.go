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
// Coach exists for supervisors only. On: the supervisor is heard by the agents; Off: by everybody. Plivo
// stores coach_mode for every participant and obeys it for a supervisor's alone, so it is Unset for anyone
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
// Where callbacks can reach this program (PublicURL), what is watched is read when one rings, and
// every 30 s beside that, since callbacks get lost; elsewhere every 5 s. The [Receiver] is an
// http.Handler, which callcontrol.As yields and somebody has to mount. Plivo is told the address in
// the answer document of the joining call (statusCallbackUrl, or callbackUrl of a conference) or with
// [Room.AddParticipant], so a client cannot ask for callbacks by itself.
//
//	rings            plivo-mpc                                      plivo-conference
//	yes              MPCInitialized, MPCStart, MPCEnd               enter, exit
//	                 ParticipantJoin, Exit, Mute, Unmute, Hold,
//	                 Unhold, CoachModeStart, CoachModeStop
//	                 AddParticipantByAPIActionInitiated, Completed
//	no, and is raw   ParticipantSpeakStart, SpeakStop, DigitInput   digits, floor, record
//	                 MPCRecordingInitiated, Paused, Resumed,        the callback of a recording
//	                 Completed, Failed                              that was begun by REST
//
// The names are those of Plivo's pages "Multiparty Calls" and "Conferencing (XML)". One rings only if it
// has every field that Plivo documents for it, none of them twice, and each in its own format; other
// fields that this library knows are empty or in theirs. No callback is believed: it has the conference
// read that it names, and what is told are differences between what was read, so lost, doubled, late and
// reordered ones cost nothing but time. For the Conference API Plivo sends none when somebody is muted or
// deafened, nor at the end; the read every 30 s tells these. What rings nothing is in
// [Receiver.RawEvents], like everything else that is genuine, also that of the other API.
//
// Why somebody has left is told by Plivo's record of the participant or by this client's own confirmed
// command; the Conference API keeps no record.
//
// Of several replicas one gets a callback. Its Notified is told which conference rang, by name (by
// Instance where the name would be refused here), and passes that on to Client.Notify of the others.
//
// Callbacks are proven by the signature V3, with the auth token or another that was named. It is of
// the origin of PublicURL and of the request URI as it came; Host and forwarded headers are never
// looked at. The weaker V2 is for those who choose it. Plivo signs no time: a callback that comes
// again is known by its nonce for 10 minutes, and only to the replica that had it. After that it rings
// once more, for a read that shows nothing new. [Verifier], [SignV3] and [SignV2] are for those who
// receive callbacks on their own.
//
// # Configuration
//
//	plivo-mpc:?remove=hangup&rate=150
//	plivo-conference://127.0.0.1:8080?insecure=true
//	plivo-mpc:?public_url=https://hooks.example.net&secret.PLIVO_OLD_AUTH_TOKEN=PLIVO_OLD_AUTH_TOKEN
//
// The secrets PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN are required. Callbacks can be signed with more
// tokens than that: PLIVO_MAIN_AUTH_TOKEN, where the auth id is a sub-account's, and
// PLIVO_OLD_AUTH_TOKEN and PLIVO_OLD_MAIN_AUTH_TOKEN while a token is being replaced. These are looked
// up only where the configuration names them, so that nothing is trusted by chance. The settings are
//
//	remove     leave (the default) or hangup: what becomes of the call of a removed participant
//	rate       requests per 5 s, this client's part of what Plivo allows the account; 300
//	signature  v3 (the default), or v2: callbacks that have only the weaker signature are taken, too
//	insecure   true: plain http to a loopback address
//
// PublicURL is where callbacks arrive, as Plivo was told, with the same port and the same case of
// letters; its path does not matter, but Plivo has to be given addresses that have one, a slash at
// least. Notified has no effect without it.
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
//
// Of a callback at most 64 KiB are read, for at most 10 s. A receiver remembers at most 100,000
// nonces, each for 10 minutes; 1,024 conferences wait for Notified, and 256 raw events, of 1 MiB in
// all, for each reader. What is beyond that is dropped and counted ([ReceiverStats]). While callbacks
// come, a conference that is watched is read at most once in 100 ms, and within the rate.
package plivo
