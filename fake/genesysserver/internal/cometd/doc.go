// Package cometd is a Bayeux server as GWS embeds one: CometD 3.1 as far as a client can see it,
// over long polling and, as an option, WebSocket. It shares no code with package bayeux, so that an
// error in the one is not hidden by the same error in the other.
//
// A session belongs to the user that Options.Admit names and, over long polling, to the cookie
// BAYEUX_BROWSER. Its events wait in a bounded queue and leave with the next reply that goes to it,
// whatever that answers; over WebSocket they leave at once.
package cometd
