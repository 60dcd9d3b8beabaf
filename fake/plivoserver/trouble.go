package plivoserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// A Plan is what becomes of one callback on its way. The zero Plan sends it once and at once.
type Plan struct {
	// Drop loses it. Everything else but Forge is then without meaning.
	Drop bool
	// Delay is how much later it is sent; later callbacks may overtake it.
	Delay time.Duration
	// After holds it back until so many later callbacks have been let go, but a second (or Hold) at
	// most, and not beyond a Flush.
	After int
	Hold  time.Duration
	// Copies is how often it is sent once more, each copy Apart later than the one before it. Copies
	// have nonces of their own, as a vendor's second try has; SameNonce sends the very same request.
	Copies    int
	Apart     time.Duration
	SameNonce bool
	// Forge sends what is false beside it: Contrary, forged in this way.
	Forge Forgery
	// Header is added to its request.
	Header http.Header
}

const defaultHold = time.Second

func (p Plan) check() error {
	if p.Delay < 0 || p.After < 0 || p.Hold < 0 || p.Copies < 0 || p.Apart < 0 {
		return errors.New("plivoserver: a plan with a negative number")
	}
	return p.Forge.check()
}

// A Forgery is a way in which a callback is not what it says.
type Forgery string

const (
	Genuine    Forgery = ""            // not at all
	WrongToken Forgery = "wrong-token" // signed, with a token that is not the account's
	Unsigned   Forgery = "unsigned"    // no signature headers
	Altered    Forgery = "altered"     // signed, and a field changed after that
	// Lie is signed as it should be, and false all the same: what no receiver can tell by looking.
	Lie Forgery = "lie"
)

func (f Forgery) check() error {
	switch f {
	case Genuine, WrongToken, Unsigned, Altered, Lie:
		return nil
	}
	return fmt.Errorf("plivoserver: unknown forgery %q", string(f))
}

// Trouble has random callbacks come to harm. Each rate is a probability from 0 to 1, and each
// happens independently of the others, but that what is dropped is neither doubled nor late. What
// asks for the XML of an exit action comes to no harm. The same Seed and the same callbacks in the
// same order come to the same harm.
type Trouble struct {
	Seed    uint64
	Drop    float64
	Double  float64 // one copy, within MaxDelay, every other one with the same nonce
	Delay   float64 // up to MaxDelay
	Reorder float64 // behind one to three later ones, for MaxDelay at most
	Forge   float64 // one of the four forgeries beside it
	// MaxDelay is the longest delay; 0: 5 s.
	MaxDelay time.Duration
}

const defaultMaxDelay = 5 * time.Second

func (t Trouble) check() error {
	for _, p := range []float64{t.Drop, t.Double, t.Delay, t.Reorder, t.Forge} {
		if !(p >= 0 && p <= 1) { // nor is it NaN
			return fmt.Errorf("plivoserver: trouble with probability %v", p)
		}
	}
	if t.MaxDelay < 0 {
		return errors.New("plivoserver: trouble with a negative delay")
	}
	return nil
}

// random is the source of this trouble.
func (t Trouble) random() *rand.Rand { return rand.New(rand.NewPCG(t.Seed, 0x706c69766f)) }

// plan draws what becomes of one callback. It draws as often for each, so that what becomes of one
// does not depend on the rates of others.
func (t Trouble) plan(r *rand.Rand, c Callback) Plan {
	longest := t.MaxDelay
	if longest == 0 {
		longest = defaultMaxDelay
	}
	var hits [5]bool
	for i, rate := range []float64{t.Drop, t.Double, t.Delay, t.Reorder, t.Forge} {
		hits[i] = r.Float64() < rate
	}
	apart, delay := time.Duration(r.Int64N(int64(longest)+1)), time.Duration(r.Int64N(int64(longest)+1))
	hold := time.Duration(r.Int64N(int64(longest)+1)) + 1
	behind, same, forgery := 1+r.IntN(3), r.IntN(2) == 0, []Forgery{WrongToken, Unsigned, Altered, Lie}[r.IntN(4)]
	p := Plan{Drop: hits[0]}
	if c.Kind == ExitAction {
		return Plan{}
	}
	if hits[1] {
		p.Copies, p.Apart, p.SameNonce = 1, apart, same
	}
	if hits[2] {
		p.Delay = delay
	}
	if hits[3] {
		p.After, p.Hold = behind, hold
	}
	if hits[4] {
		p.Forge = forgery
	}
	return p
}
