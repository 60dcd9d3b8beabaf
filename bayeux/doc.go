// Package bayeux is a client for servers that speak the Bayeux protocol 1.0: CometD in Java and
// Node, Faye, and the products that have one of them inside. It speaks long polling and WebSocket, and
// keeps a session going over broken connections, restarted servers and expired sessions.
//
//	session, err := bayeux.Dial(ctx, "https://example.com/cometd", bayeux.Options{})
//	...
//	defer session.Close()
//	sub, err := session.Subscribe(ctx, "/orders/*", bayeux.Delivery{})
//	...
//	for m := range sub.Messages(ctx) {
//		fmt.Println(m.Channel, string(m.Data))
//	}
//
// # What is delivered, and what may be lost
//
// Within a session of which the server agrees to acknowledge messages (Session.Acknowledged), every
// message is delivered once and in order, however often the connection breaks. The client takes what the
// server sends as one batch, all or nothing: what belongs to a batch that has not arrived in full is thrown
// away, and the server sends it again. A batch is acknowledged when all of it is in the queues of
// its subscriptions. A program that ends at that point loses what is in the queues; that is why the
// promise of the protocol is called at least once, and not exactly once: a server or a proxy that
// plays a batch twice is not caught, because messages have no numbers.
//
// Without acknowledgements the server forgets a message when it has written it. What may be lost is what
// it wrote to a connection that was breaking: from the last answer that arrived until the server takes the
// client's next connect for the session's. A server that notices late may go on writing to the old
// connection for a moment after EventResumed. Over long polling messages also come with the answers to
// subscribe, unsubscribe and publish, and are lost with such an answer. Messages that come over two
// connections may change places.
//
// When the server has forgotten the session, its queue is gone in any case. The client shakes hands
// again, and renews all subscriptions in one array before anything else. What was published in between
// is lost.
//
// # How to see a gap
//
// Both kinds of loss are told, and only those, in two ways. An Event has PossibleGap set: EventResumed
// after a break without acknowledgements, EventReestablished after the loss of a session, EventGap after
// an answer that got lost without acknowledgements. And the first Message that a subscription receives
// after the connection broke, or another attempt failed, without acknowledgements, or after the session
// was lost, has AfterGap set, so that who only reads messages sees it in the right place among them; it
// can come before the Event. Whoever mirrors some state of the server reads it anew then, after the Event,
// because only then the subscriptions are known to work. A message that the policy DropOldest drops is
// counted (Subscription.Dropped) and is no gap in that sense.
//
// # Publishing
//
// Publish returns when the server has said that it took the message. Nothing that was published is ever
// sent twice by itself: if a connection breaks before the answer, the error says so, and Error.Sent
// that the message may have arrived.
//
// # Slow consumers
//
// Each subscription has a bounded queue, so that a consumer may take its time without holding up
// heartbeats. What happens when the queue is full is a choice, Policy: to stop asking the server, to
// drop the oldest, or to end the session. Nothing is ever dropped without being counted.
//
// # Coming back
//
// After a break the client tries again at once, then after random pauses of up to two seconds while the
// server may still hold the session, which is for ten seconds in most servers. If it cannot any
// more, handshakes follow with doubling, partly random pauses. A server that accepts handshakes and then
// forgets sessions at once sees growing pauses too. Sessions of one process can share a Limiter.
//
// A server's advice to wait, to shake hands again, or to stay away is followed. On the answer to a connect
// or handshake it counts at once; on any other message it counts when the answer to the connect that is
// outstanding does not say otherwise, or does not come. An advice that the client does not know means to
// stay away, as the specification demands; the session then ends with the server's error, or with
// ErrDisconnected if there is none. An advice to use other hosts is ignored: where to connect to is not
// for a server to say.
//
// # Errors
//
// Every error is or wraps an *Error, whose Kind can be asked for with errors.Is. Texts, logs and
// events have no session ids, headers, cookies, addresses or payloads.
//
// The protocol is described in "The Bayeux Protocol Specification 1.0", an appendix of the CometD reference
// documentation, and the acknowledge extension in its chapter "Acknowledge Extension".
package bayeux
