package events

import (
	"fmt"
	"strings"
)

// What all sessions subscribe to.
const channel = "/v2/me/calls"

// The data of an event begin with its number within its session and the moment at which it was due,
// in nanoseconds since 1970, both as strings of fixed length: the server writes them into a template, and
// the consumer finds them without decoding the rest.
const (
	numberAt     = len(`{"seq":"`)
	numberDigits = 10
	dueAt        = numberAt + numberDigits + len(`","at":"`)
	dueDigits    = 19
	leastData    = dueAt + dueDigits
)

// The event is a call's, of many short members as such a resource has: 1.1 KB of JSON in which no
// string is long, because it is long strings that a fast decoder is fast at.
var (
	template = []byte(`{"data":` + data() + `,"channel":"` + channel + `"}`)
	inEvent  = len(`{"data":`)
)

func data() string {
	return `{"seq":"` + strings.Repeat("0", numberDigits) + `","at":"` + strings.Repeat("0", dueDigits) + `",` +
		`"messageType":"CallStateChangeMessage","notificationType":"StatusChange","call":{"id":"0071023821aec011",` +
		`"state":"Established","callUuid":"00CC8JBJM4RKB7U8BN0QSU2ECK0000NH","deviceUri":"/devices/74edb9c9","duration":73,` +
		`"participants":[{"e164Number":"+15550100","formattedPhoneNumber":"+1 555-0100","phoneNumber":"5550100","digits":"5550100"},` +
		`{"e164Number":"+15550101","formattedPhoneNumber":"+1 555-0101","phoneNumber":"5550101","digits":"5550101"}],` +
		`"dnis":"5550199","callType":"Inbound","mute":"Off","supervisorListeningIn":false,"recording":null,` +
		`"capabilities":["Hangup","Hold","InitiateTransfer","InitiateConference","SingleStepTransfer","AttachUserData","SendDtmf","MuteCall"],` +
		`"userData":{"Account":"A-1047","Segment":"gold","Queue":"billing","Language":"en","Reason":"invoice","Score":7.5,"Repeat":true},` +
		`"path":"/calls/0071023821aec011"},"phoneNumber":"7101","extensions":{"BusinessCall":1},"metrics":{"eventProcessing":` +
		`{"serverGenerationTimestamp":1795251600000,"serverProcessingTimeTotalMs":2,"nodeProcessingTimeNanos":250000}}}`
}

// appendEvent appends the n-th event of a session.
func appendEvent(b []byte, n, due int64) []byte {
	from := len(b) + inEvent
	b = append(b, template...)
	putDigits(b[from+numberAt:][:numberDigits], n)
	putDigits(b[from+dueAt:][:dueDigits], due)
	return b
}

// read finds number and moment in the data of an event.
func read(data []byte) (n, due int64, err error) {
	if len(data) < leastData {
		return 0, 0, fmt.Errorf("an event has %d bytes of data only", len(data))
	}
	return digits(data[numberAt:][:numberDigits]), digits(data[dueAt:][:dueDigits]), nil
}

func putDigits(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

func digits(b []byte) (n int64) {
	for _, c := range b {
		n = 10*n + int64(c-'0')
	}
	return n
}
