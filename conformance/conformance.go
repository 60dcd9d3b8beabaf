package conformance

import (
	"context"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A World plays everyone but the driver, and knows the truth. Nothing in it goes through the driver.
// A method that answers ErrUnsupported says: this cannot arise at this vendor. Any other error says
// that the world could not do it, and the rule that needed it is then not judged.
//
// What a method does is true when it returns: the next Look shows it, and so does the vendor's next
// answer. A World is safe for concurrent use.
type World interface {
	// Start begins a conference of n people, our own leg among them where the session has one. The
	// conference has a name that no other has had.
	Start(n int) (cc.ConferenceID, []cc.ParticipantID, error)
	// Join brings one more person in, in a role where the vendor has roles.
	Join(c cc.ConferenceID, role cc.Role) (cc.ParticipantID, error)
	// Twin brings someone in who cannot be told from of.
	Twin(c cc.ConferenceID, of cc.ParticipantID) error
	// HangUp has p leave of their own accord. Of twins it is the one who came first. The last one
	// to leave ends the conference.
	HangUp(c cc.ConferenceID, p cc.ParticipantID) error
	// Restart ends the conference and begins another of the same name with n people, whose ids are
	// those of the first n people of the run before, wherever the vendor could give them out again.
	Restart(c cc.ConferenceID, n int) ([]cc.ParticipantID, error)
	// Look tells the truth about the live conference of that name, with Self and Controls as this
	// session ought to see them. ErrNotFound says that there is none.
	Look(c cc.ConferenceID) (cc.Snapshot, error)
	// Up tells whether the call leg that p was, or is, is still a call. It answers for people of a
	// conference that is over, too.
	Up(c cc.ConferenceID, p cc.ParticipantID) (bool, error)
	// Requests counts what has reached the vendor so far: requests that would change something, and
	// the others. A held poll is neither.
	Requests() (commands, reads int)
}

// Faults break things between the driver and the vendor.
type Faults interface {
	// Inject has f stand until lift is called, which may be done twice. ErrUnsupported says that
	// such a fault cannot arise at this vendor; any other error says that it cannot be injected, and
	// the rule that needed it is then not judged.
	Inject(f Fault) (lift func(), err error)
}

// A Site is one client and the world around it. Each case opens its own.
type Site struct {
	Client cc.Client
	World  World
	Faults Faults // nil needs Harness.NoFaults to say why; its cases are then reported as not judged
	Close  func() // releases the world; the client has been closed before. May be nil
}

// A Harness is what the suite needs to know of a driver.
type Harness struct {
	Name string
	// Want is what the driver must declare, as a literal: a driver that declares less fails.
	Want cc.Capabilities
	// Open makes a new client in a new world. It makes no request.
	Open func(ctx context.Context) (*Site, error)
	// Patience is how long the vendor may take to do what it was asked and to tell of it; 10 s if zero.
	Patience time.Duration
	// FakeTime has Run give each case a testing/synctest bubble, with Open inside it. Nothing in the
	// world may then wait for anything outside, a socket for instance. Check does not look at it.
	FakeTime bool
	// NoFaults says why there are no Faults, where a Site has none.
	NoFaults string
	// Hostile lists more ids that this vendor could misread, with {0} and {1} for the ids of two people
	// who are there. Like those that the suite knows itself they must be refused, or be taken for
	// exactly the one id that they are.
	Hostile []cc.ParticipantID
	// Known names the cases that fail, and why. They are still run, and passing is an error.
	Known map[string]string
	// Only, if not nil, says which cases to run.
	Only func(name string) bool
}

// The verdicts of an Outcome.
const (
	Holds       = "holds"
	Fails       = "fails"
	CannotArise = "cannot arise"
	NotJudged   = "not judged"
)

// An Outcome is the verdict on one rule. Detail says what was seen, or why there was nothing to see.
// It names people of the world by their ids.
type Outcome struct{ Case, Rule, Verdict, Detail string }

// patience is how long the vendor may take.
func (h Harness) patience() time.Duration {
	if h.Patience > 0 {
		return h.Patience
	}
	return 10 * time.Second
}

// cases returns the cases that h is to be judged by, in order.
func (h Harness) cases() []rule {
	var chosen []rule
	for _, r := range rules() {
		if h.Only == nil || h.Only(r.name) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}
