// Package provider is for those who write drivers. A [Driver] says one vendor's words; [New] makes a
// callcontrol.Client of it and does, once for all drivers, what they share. Applications do not need
// this package. The transport for drivers of HTTP APIs is provider/httpclient; the judge of what comes
// out is the package conformance.
//
// # Commands
//
// The arguments are checked by [Driver.CheckConference] and [Driver.CheckParticipant], and then by the
// Capabilities: what is refused there asks the driver nothing. Commands on one participant wait for each
// other, by name or by Instance, in order of arrival; End waits for nobody. With Options.Serial all
// commands on a conference wait for each other, from the request to the confirmation, and End goes next.
//
// What was read before is never taken for the truth, but where it says that the command may be needless
// one read decides, and nothing is sent if it is so: a state that is as asked is nil, somebody who is not
// there is ErrNotParticipant, a conference that is over is ErrNotFound. The same read comes before a
// command on somebody who could not be told apart from another, and before a change of several
// requests: these are sent one field at a time, restricting ones (mute, deaf, hold, coach on) first, each
// confirmed before the next.
//
// A command that was accepted is confirmed by a read that began after the answer: at once, and then
// after 50, 100, 200, 400, 800 ms and so on, each a quarter more or less, until a fifth of the time, at
// most 2 s, is left; with that the last read decides. News from [Driver.Listen] bring the next read
// forward and confirm nothing. A failure that is told later (Update.Failure) is the error of the one
// command under way on that conference if the next read shows that it is not done. Result.Done does without all that, and so does
// Options.Unconfirmed, which says so. A field that snapshots do
// not tell is neither confirmed nor refuted by them.
//
// A command of unknown outcome (ErrUncertain, or an error of no kind) is settled by a read whose
// [Purpose] is [ForSettling]: done is nil, and not done is one more send if the read proves that the run
// and the call leg are those which the command was for. The proof is the Instance that the handle names,
// else what this client has last read under the name; the latter is kept for the 256 conferences that
// were used last. A call leg whose CallID is not told counts as the same within the same run. A command
// is sent at most twice and tried at most three times in all ([TakeAttempt]).
//
// A change of state that is refused as ErrConflict or ErrForbidden is read once, and nil if it is as
// asked. A command on a participant that is answered with ErrNotFound is read once, to tell a conference
// that is over from somebody who is not there. A conference that is over confirms End and every removal;
// at a provider that sees the calls of one login only it confirms End and the removal of oneself. Any
// other command under way is then ErrUncertain.
//
// # Watching
//
// [Driver.Listen] begins with the first command or the first reader of Events, and is begun again with
// back-off when it is lost. The first command waits until the subscription stands or has failed, for
// 1 s and for half of its time at most; with Options.Serial, for as long as there is time to send it.
//
// For each conference that is watched there is one goroutine and one read at a time, [ForWatching], which
// all its readers share. It reads when a bell rings (an Update, Notify, a command of this client), 100 ms
// apart at least; beside that every Options.Poll, and every 5 s while nothing is pushed. What is told are
// differences between what was read, never what was pushed. A read that fails while news come is
// repeated; a second one, or one without news, is told as stale.
//
// # Bounds
//
// A client has one goroutine in Listen and one for each conference that is watched. Close ends them and
// waits for them, at most 2 s. No lock is held while a driver is called or something is waited for.
package provider
