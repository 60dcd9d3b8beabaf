// Package genesysserver is an HTTP server that speaks Genesys Web Services v2 and its CometD
// notifications in front of a [fake.Switch], so that clients of it can be tested without an account
// and without a phone. It shares no code and no type with the driver of this module or its Bayeux
// client: both are written from the vendor's documentation and recorded exchanges.
//
//	sw := fake.NewSwitch(fake.Options{})
//	server, err := genesysserver.New(sw, genesysserver.Options{})
//	defer server.Close()
//	ana, err := server.AddAgent(genesysserver.AgentOptions{User: "ana", DN: "15000"})
//	endpoint, err := server.Start(genesysserver.TCP)
//	defer endpoint.Close()
//	_, err = ana.Join("standup")
//	_, err = sw.Join("standup", fake.Leg{Address: "15001"})
//	// GET endpoint.URL() + "/api/v2/me/calls?fields=*" with ana.User() and ana.Password()
//
// # Calls and conferences
//
// A run of a conference on the Switch is a call. Legs whose Login is the name of an agent are that
// agent's; everybody else is a bare number. Each agent sees a projection: the other legs as
// participants, the mute and hold of the own leg, and what it may do now as capabilities. Two people
// are a call of two, more are a conference. The owner is whose leg came in first, as the Switch has
// it. Legs of supervisors, with fake.Leg.Role and a Login, monitor the call: their Mute and Coach
// are the mode. A call whose Rules have EndAlone ends when one is left; calls that begin here do so.
//
// # What is served
//
// GET: me with sub-resources, me/devices, me/devices/{id}, me/calls, me/calls/{id},
// diagnostics/version, services. POST: me (start and end the contact-center session),
// me/channels/voice (Ready, NotReady), me/devices/{id} (ListenIn, Coach, BargeIn,
// CancelSupervisorMonitoring), me/devices/{id}/calls (Dial), me/calls/{id} (all documented operations
// but those of outbound previews), notifications and whatever is below it (Bayeux). The last slash of
// a path may be there or not; an empty segment is a segment, and dots are names like any other.
//
// A request is held against, in this order: CSRF, authentication, the path and the method, the
// connection to the telephony server, the contact-center session (500 with 4, and a bare ErrorMessage
// on the device), the call or device (6), the operation's name (1, 3), its parameters (1), the
// capabilities (2, 3), the features (5). The vendor documents no order, and few pairs of HTTP
// status and statusCode; [Options] choose others. An operation on a call that passes is answered
// {"statusCode":0} and done when the Switch does it: see the lags of [fake.Options].
//
// # Sessions
//
// The first request with Basic credentials opens an HTTP session: a cookie, and a CSRF token, which
// every GET tells. It serves REST and CometD. A contact-center session belongs to the agent and not to
// an HTTP session: agents begin with one, unless AgentOptions.LoggedOut.
//
// # Notifications
//
// Whatever changes in an agent's projection is published as CallStateChangeMessage on /v2/me/calls to
// the CometD sessions of that user: StatusChange for the own leg, ParticipantsUpdated for the
// others, and so on, each with the whole call. Released has the participants that were there before.
// DeviceStateChangeMessage with a list of devices, and ErrorMessage, are on their channels. [Timing]
// says when they leave.
//
// No page says, and so it is a choice of this package: that listening and coaching supervisors are
// hidden from the others (Options.Supervisors); that a removal of somebody absent is code 2; that
// what changes about supervision alone is told as StatusChange; that deleting one key of user data
// takes it as "key"; that mute of a monitored agent is a flag of the call and not of the
// agent's leg; that a coaching supervisor's mute is Off; that a device notification has its devices
// in a list.
//
// # Misbehaviour
//
// [Server.Inject] breaks single requests, on REST and CometD alike; [fake.Switch.Inject] breaks what
// the bridge does, and this server says so in the vendor's words, failures told afterwards as
// ErrorMessage included; faults on news (fake.OpNews) are lost, late and doubled notifications.
// [Quirks] change the shapes of what is told. ExpireSessions, RotateCSRF, DropCometD, ForgetBrowser,
// Restart, SetVoice, Agent.LogOut and Endpoint.Cut take things away; Publish says anything at all.
// [Server.Requests], [Server.Counts] and [Server.CometD] tell what arrived, [Server.Quiet] waits for
// the end of it.
package genesysserver
