// Package genesys drives Genesys Web Services (GWS, formerly HTCC), API v2, as one agent's session
// sees it: REST for reads and orders, CometD for notifications. Importing it registers the provider
// "genesys".
//
// A client is one agent's login. It sees the calls that this agent is on, removes others from them and
// ends them as the server lets this agent, and mutes and holds the agent's own leg, nobody else's.
//
// # Mapping
//
//	contract              request below /api/v2
//	Conferences           GET me/calls?fields=*
//	Snapshot              GET me/calls/{id}; by Instance GET me/calls?fields=*
//	RemoveParticipant     POST me/calls/{id} RemoveParticipantFromConference
//	  of our own leg      POST me/calls/{id} Hangup
//	Mute, of our own leg  POST me/calls/{id} MuteCall, UnmuteCall
//	Hold, of our own leg  POST me/calls/{id} Hold, Retrieve
//	End                   POST me/calls/{id} ClearCall
//	Check                 GET me
//	Events                CometD at notifications: /v2/me/calls, /v2/me/devices
//
// A conference is every call of the agent that is Established or Held, one with two parties too; a call
// that is Ringing or Dialing is none, and a consultation (Consult) is none. The server lists the other
// parties of a call; our own leg is added as Self, under the number of the agent's device. Who is on a
// call is told by the list of participants alone, never by the dialled number or what is attached.
//
// An order is answered when it was passed on to the telephony server; what becomes of it shows later.
// So each is confirmed by a read that begins after the answer, as package provider does it. Each begins
// with a read, too: of whose leg is meant and of what the server offers at that moment.
//
// What the vendor has beside that is in [Call], which callcontrol.As of a Conference yields: the raw
// call, supervisor modes, muting the monitored agent, adding a party, attached data.
//
// # Identifiers
//
// A conference is known by the id of the call, 1 to 64 letters, digits and hyphens, and by its
// Instance, "uuid:" and the call UUID, which is the same for all agents on the call. Older servers use
// the connection id as the id of a call, newer ones the UUID. Ids are compared, and never taken from
// the addresses in an answer, whose host need not be one that can be reached. A call whose id has
// another form is listed by its Instance, and left out where it has none either.
//
// A participant is known by its phone number as the server tells it: 1 to 128 printable characters of
// ASCII without space, comma and slash. The same number twice, and a number that is withheld or has
// other characters, is listed with a suffix ("15001#2", "#1") and without controls, and commanding it
// is ErrConflict. So is a number that is another one's in another form, since the server might take it
// for that. There are no names, roles, times of joining and ids of legs.
//
// # Capabilities
//
// Self is CanRemove, CanMute and CanHold; Others is CanRemove; Conference is CanEnd, CanList and
// CanWatch; SessionOnly is set, and who is removed is hung up. What can be done at one moment is in the
// Controls, from the capabilities that the server lists with the call: removing others is for the owner
// of the conference and for a supervisor who monitors it, muting on a call of two depends on the switch.
//
// Nobody's leg but our own can be muted or put on hold here: that is ErrUnsupported, and nothing is
// sent. On a call that this session monitors, mute is the supervisor's mode (listening in or barging
// in), so that it is not told as a state, and changing it through the contract is ErrUnsupported; see
// [Call.SwitchToBargeIn]. How the others stand is not told: Unset, not Off.
//
// ClearCall is sent where the server offers it, and where this server has never offered it on any call:
// older ones do it without offering it. Its answer is told then.
//
// # Errors
//
// The statusCode of an answer decides, whatever the HTTP status; it is the Code, and the statusMessage
// is the Message. The vendor's page is "Return Values".
//
//	1, 10, 11              ErrInvalid
//	2, 16 to 19            ErrConflict
//	3, 5                   ErrForbidden
//	4, 12 to 15            ErrUnavailable: nothing was done
//	6                      ErrNotFound
//	7, 9                   an unknown outcome, which a read settles; of a start, whether voice failed
//	8, 20, and HTTP 401    ErrUnauthenticated; a read answered 20 or 401 is made once more, after a login
//
// Without a statusCode the HTTP status decides. An order is never sent again after a refusal, but for one
// about the CSRF token. The read before it notices a session that is over; one that ends between the two
// is ErrUnauthenticated, and the next use logs in. What the server does not offer at the moment is
// refused without asking: ErrConflict while the call is on hold or has two parties, since that is its
// state, else ErrForbidden; in both cases with Missing.
//
// A failure that the server reports after it has accepted an order (ErrorMessage) is ErrUnavailable if
// a read shows that it is not done, and costs nothing if it is. It names only the call, sometimes only
// the device, often without a text; so commands on one call are done one after the other. One that was
// told in the answer as well is told once.
//
// # Events
//
// The client logs in at its first use, in this order: authenticated GET of me, CSRF token, CometD
// handshake, subscriptions and the replies to both, the session of the contact center where that was
// chosen, and a baseline. A use that only reads has no need of CometD and does without.
//
// Notifications have whole calls in them, and no order against answers; so they are bells: the call is
// read. Types that are not known ring, too. A CometD session that the server forgets is begun anew, with a
// gap marked; so is an answer that was lost and may have had notifications in it, where the server does
// not take acknowledgements. An HTTP session that is over costs one login, however many notice; a CSRF
// token that is refused is read anew once. While the connection is broken what is watched is read; after
// 10 s it is given up, and polled every 5 s until notifications come again.
//
// # Configuration
//
//	genesys://agent7@gws.example.com:8090
//	genesys://agent7@gws.example.com?start=true&place=desk-7&secret.GENESYS_PASSWORD=AGENT7_PASSWORD
//
// The endpoint is required. The secret GENESYS_PASSWORD is; the user is the one in front of the host,
// the setting user, or the secret GENESYS_USER. The settings are
//
//	user           the agent's name
//	start          true: begin the contact-center session at the first use; else attach to what there is
//	place, login_code, queue, device
//	               where to begin it, and need start
//	notifications  path of the CometD service after the prefix; api/v2/notifications
//	insecure       true: plain http to a loopback address
//
// [New] stands beside the configuration. The session of the contact center is begun at most once in the
// life of a client, whatever is lost and comes back meanwhile, and Close does not end it: the agent stays
// logged in. A start that was refused is tried again at the next use; one of which nothing is known only
// after a read has shown that the agent is not logged in.
//
// Every client has a cookie jar of its own for REST and CometD, and needs one: the server takes two
// clients with one jar for one.
//
// # Limits
//
// The server publishes no quota; [Options.Limiter] sets one. An answer may have 1 MiB. What is watched is
// read when a notification rings, at most once in 100 ms, and every 30 s beside that. 1024
// notifications of each kind wait at most; what comes beyond waits on the connection, and is not
// lost. CometD is spoken by long polling, which the vendor's deployment guide names as the one transport.
package genesys
