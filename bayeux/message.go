package bayeux

import "encoding/json"

// A Message is something that was published, as a subscription receives it.
type Message struct {
	// Channel is what it was published to, also if the subscription is to a pattern.
	Channel string
	// Data is what was published, any JSON value, as it came. It belongs to the receiver.
	Data json.RawMessage
	// Ext is the ext field, or nil.
	Ext json.RawMessage
	// ID is the id of the message, which few servers set, and which means little: that of Faye is the
	// publisher's.
	ID string
	// AfterGap is set on the first message that this subscription receives after messages may have
	// been lost. The Event that tells of the same is EventResumed, EventReestablished or EventGap with
	// PossibleGap. It may come after the message.
	AfterGap bool
}

// A delivery is a message on its way to subscriptions.
type delivery struct {
	message Message
	subs    []*Subscription
	epoch   uint32
	size    int
	channel []byte // in the body, until it has been addressed
}
