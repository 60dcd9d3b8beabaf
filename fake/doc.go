// Package fake is a conference bridge in memory, and a provider that drives it in process, so that
// what is built on callcontrol can be tested without an account and without a phone.
//
//	sw := fake.NewSwitch(fake.Options{})
//	defer sw.Close()
//	client, err := sw.Client(fake.Everything())
//	anna, err := sw.Join("standup", fake.Leg{Name: "Anna"})
//	err = client.Conference("standup").RemoveParticipant(ctx, anna.ID())
//	// anna.Present() is false now
//
// # The bridge
//
// A Switch owns all rules of a bridge. People come in by Join, or ring after Dial until they Answer;
// they HangUp. Every run of a conference has an Instance of its own, and a name that is used again
// after the end begins another run. Mute, deaf, hold and coach are independent of each other. By
// default the last one present keeps the conference; Rules and Leg say otherwise. Commands are
// accepted at once and done after Options.Lag; what reads show and what subscribers are told follows
// the truth by Options.ReadLag. Look, and the methods of a Member, tell the truth now.
//
// Everything obeys the fake time of testing/synctest. A Switch must be used within the bubble that
// it was made in, if it was made in one.
//
// # Mapping
//
// A conference is a room of the Switch, a participant is one of its members. RemoveParticipant is
// Switch.Remove, SetParticipantState is Switch.Set, End is Switch.End. A snapshot and its listing are
// what Switch.Read and Switch.Rooms show, as far as the Profile tells it. With a profile that has an
// own leg, Self is whoever came in with Leg.Login, and only the conferences that such a leg is in can
// be seen.
//
// # Identifiers
//
// Conferences have names of the default grammar, or with Profile.RunIDs the Instance of a run,
// "uuid:" and a UUID; with ByAddress they are 1 to 64 letters, digits and hyphens. Participants are
// numbers of 1 to 20 digits, or, with ByAddress, telephone numbers of 1 to 128 printable ASCII
// characters without space, comma and slash. The same telephone number twice, and one that is
// withheld or cannot be said, is listed with a suffix and without controls, and commanding it is
// ErrConflict.
//
// # Capabilities
//
// Those of the Profile: Everything, PlivoMPC, PlivoConference, Genesys, or one of your own. Coaching
// whoever is not a supervisor is ErrUnsupported, and so is what only an own leg, or only others, can
// be given. With OwnerOnly, removing others from a conference of another owner is ErrForbidden.
//
// # Errors
//
// The Switch refuses with the kinds of callcontrol: ErrNotFound, ErrNotParticipant, ErrConflict,
// ErrInvalid, ErrClosed. All others come from faults: Switch.Inject has requests refused, lost before
// or after their effect, never answered, accepted and never done, done late, shown late, or failed
// after they were accepted. Switch.Requests counts what reached the bridge.
//
// # Events
//
// With Profile.Push every change is told as soon as reads show it, and read again every 10 s in case
// news was lost; else conferences are polled. Faults lose, double and delay news, mark gaps, and break
// subscriptions.
//
// # Configuration
//
// The provider is registered as "fake". It takes no endpoint and no secret, and one setting, profile:
// everything (the default), plivo-mpc, plivo-conference or genesys. "fake:" opens a bridge of its own,
// which callcontrol.As[*fake.Switch](client) yields, and which closes with the client. Switch.Client
// opens one more client in front of a bridge that there is already.
//
// # Limits
//
// There is no sound: Member.Hears tells who would hear whom. A Switch remembers the last 100 runs
// (Options.History) and the last 1000 who left each of them; a subscription holds 1024 pieces of news
// unless it asks for another number.
package fake
