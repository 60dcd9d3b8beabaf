package plivo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// someone is in what the vendor says, and must be in nothing that a log may show.
const someone = "15551234567"

// errorForms are the forms in which an error comes, and what the vendor says in them.
var errorForms = map[string]struct {
	answer  func(status int) *plivoserver.Answer
	message string
}{
	"Plivo's": {func(status int) *plivoserver.Answer {
		return plivoserver.JSON(status, `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","error":"`+someone+` is odd"}`)
	}, someone + " is odd"},
	"empty": {plivoserver.Empty, ""},
	"{}":    {func(status int) *plivoserver.Answer { return plivoserver.JSON(status, "{}") }, ""},
	"HTML": {func(status int) *plivoserver.Answer {
		return &plivoserver.Answer{Status: status, ContentType: "text/html", Body: "<p>" + someone + "</p>"}
	}, "<p>" + someone + "</p>"},
	"nested": {func(status int) *plivoserver.Answer {
		return plivoserver.JSON(status, `{"error":{"error":"`+someone+` is odd"}}`)
	}, someone + " is odd"},
	"nested fields": {func(status int) *plivoserver.Answer {
		return plivoserver.JSON(status, `{"error":{"to":["`+someone+` is odd"]}}`)
	}, `{"to":["` + someone + ` is odd"]}`},
	"truncated": {func(status int) *plivoserver.Answer {
		return plivoserver.JSON(status, `{"api_id":"x","error":"`+someone)
	}, `{"api_id":"x","error":"` + someone},
}

// discreet requires an error to tell nothing about anybody in any form but its fields.
func (r *rig) discreet(err error) {
	r.t.Helper()
	var lines strings.Builder
	for _, h := range []slog.Handler{slog.NewJSONHandler(&lines, nil), slog.NewTextHandler(&lines, nil)} {
		slog.New(h).Error("failed", "err", err)
	}
	text, fail := json.Marshal(err)
	require.NoError(r.t, fail)
	lines.Write(text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		fmt.Fprintf(&lines, verb, err)
	}
	for _, secret := range []string{
		someone, rigRoom, string(r.anna.ID()), r.anna.Address(), r.anna.CallID(), string(r.anna.Instance())[5:],
		r.server.AuthID(), r.server.AuthToken(), "Basic ",
	} {
		require.NotContains(r.t, lines.String(), secret)
	}
}

func TestEveryErrorAnswerToACommand(t *testing.T) {
	kinds := map[int]cc.Kind{
		400: cc.ErrInvalid, 401: cc.ErrUnauthenticated, 403: cc.ErrForbidden, 405: cc.ErrUnsupported,
		409: cc.ErrConflict, 422: cc.ErrInvalid, 429: cc.ErrRateLimited,
		500: cc.ErrUncertain, 502: cc.ErrUncertain, 503: cc.ErrUncertain, 504: cc.ErrUncertain,
		404: cc.ErrConflict, // the room is read, and she is in it
	}
	for status, kind := range kinds {
		for shape, s := range errorForms {
			for _, down := range []bool{false, true} { // reads fail alike
				if down && shape != "nested" {
					continue
				}
				t.Run(fmt.Sprintf("%d/%s/%v", status, shape, down), func(t *testing.T) {
					eachDeed(t, func(t *testing.T, p product, d deed) {
						if p.name == plivo.Conference && shape != "nested" && shape != "HTML" {
							return // they share what reads an error
						}
						kind, sends := kind, 1
						switch {
						case status == 404 && (d.name == "end" || down):
							kind = cc.ErrNotFound
						case status == 429:
							sends = 3
						}
						r := newRig(t, p)
						on := plivoserver.Commands
						if down {
							on = plivoserver.Any
						}
						r.fault(plivoserver.Fault{On: on, Answer: s.answer(status)})
						err := d.do(background, r.conf, r)
						requireOutcome(t, err, kind)
						e := problem(t, err)
						require.Equal(t, status, e.Status)
						require.Equal(t, s.message, e.Message)
						require.NotEmpty(t, e.RequestID)
						require.Empty(t, e.Code, "Plivo has none")
						require.Equal(t, p.name, e.Provider)
						require.Equal(t, cc.ConferenceID(rigRoom), e.Conference)
						require.Contains(t, []string{cc.OpRemoveParticipant, cc.OpSetParticipantState, cc.OpEnd}, e.Op)
						r.discreet(err)
						require.False(t, d.done(r))
						commands, reads := r.seen()
						require.Len(t, commands, sends)
						require.LessOrEqual(t, len(reads), 3)
					})
				})
			}
		}
	}
}

func TestEveryErrorAnswerToARead(t *testing.T) {
	kinds := map[int]cc.Kind{
		400: cc.ErrInvalid, 401: cc.ErrUnauthenticated, 403: cc.ErrForbidden, 404: cc.ErrNotFound, 405: cc.ErrUnsupported,
		409: cc.ErrConflict, 422: cc.ErrInvalid, 429: cc.ErrRateLimited,
		500: cc.ErrUnavailable, 502: cc.ErrUnavailable, 503: cc.ErrUnavailable, 504: cc.ErrUnavailable,
	}
	for status, kind := range kinds {
		for shape, s := range errorForms {
			for _, p := range products {
				if p.name == plivo.Conference && shape != "nested" && shape != "HTML" {
					continue // they share what reads an error
				}
				for _, q := range questions[:3] {
					t.Run(fmt.Sprintf("%d/%s/%s/%s", status, shape, p.name, q.name), inFakeTime(func(t *testing.T) {
						r := newRig(t, p)
						r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: s.answer(status)})
						err := q.ask(background, r)
						requireOutcome(t, err, kind)
						e := problem(t, err)
						require.Equal(t, status, e.Status)
						require.Equal(t, s.message, e.Message)
						require.NotEmpty(t, e.RequestID)
						require.Equal(t, q.name, e.Op)
						r.discreet(err)
						_, reads := r.seen()
						tries := 1
						if status == 429 || status >= 500 {
							tries = 3
						}
						require.Len(t, reads, tries)
					}))
				}
			}
		}
	}
}

// What a story makes of the errors of its reads: some end it, the others are silence that is no calm.
func TestEveryErrorAnswerToAStory(t *testing.T) {
	ends := map[int]cc.Kind{401: cc.ErrUnauthenticated, 403: cc.ErrForbidden, 404: cc.ErrNotFound, 405: cc.ErrUnsupported}
	for _, status := range []int{400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504} {
		for _, p := range products {
			t.Run(fmt.Sprintf("%d/%s", status, p.name), inFakeTime(func(t *testing.T) {
				r := newRig(t, p)
				lift := r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: errorForms["Plivo's"].answer(status)})
				var types []cc.EventType
				for e, err := range r.conf.Events(background) {
					if kind, over := ends[status]; over {
						requireOutcome(t, err, kind)
						r.discreet(err)
						return
					}
					require.NoError(t, err)
					if types = append(types, e.Type); e.Type == cc.Stale {
						require.Equal(t, status, problem(t, e.Err).Status)
						r.discreet(e.Err)
						lift()
						continue
					}
					break
				}
				require.Equal(t, []cc.EventType{cc.Stale, cc.Synced}, types)
			}))
		}
	}
}

// What is said beside a 2xx: any JSON and nothing at all are accepted, and what is done is read; anything
// else is an unknown outcome.
func TestAcceptedAnswers(t *testing.T) {
	for name, x := range map[string]struct {
		answer *plivoserver.Answer
		sure   bool
	}{
		"200 empty":     {plivoserver.Empty(200), true},
		"202 empty":     {plivoserver.Empty(202), true},
		"204":           {plivoserver.Empty(204), true},
		"204 with JSON": {plivoserver.JSON(204, `{"message":"`+someone+`"}`), true},
		"200 {}":        {plivoserver.JSON(200, `{}`), true},
		"201 a list":    {plivoserver.JSON(201, `[]`), true},
		"200 null":      {plivoserver.JSON(200, `null`), true},
		"200 a number":  {plivoserver.JSON(200, ` 17 `), true},
		"202 words":     {plivoserver.JSON(202, `"done"`), true},
		"202 an error":  {plivoserver.JSON(202, `{"error":"member not found"}`), true}, // never parse sentences
		"206":           {plivoserver.JSON(206, `{}`), true},
		"207":           {plivoserver.JSON(207, `{}`), true},
		"200 twice":     {plivoserver.JSON(200, `{"a":1,"a":[2]}`), true},
		"200 not UTF-8": {plivoserver.JSON(200, "{\"a\":\"\xff\"}"), true},
		"200 long":      {plivoserver.Huge(200, 1<<20), true},
		"200 HTML":      {plivoserver.HTML(200), false},
		"202 truncated": {plivoserver.Truncated(202), false},
		"200 two":       {plivoserver.JSON(200, `{}{}`), false},
		"200 deep":      {plivoserver.JSON(200, strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), false},
		"200 too long":  {plivoserver.Huge(200, 1<<20+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				if d.name != "mute" && (x.answer.Size > 0 || len(x.answer.Body) > 1000) {
					return // once is enough for what takes long
				}
				r := newRig(t, p)
				lift := r.fault(plivoserver.Fault{On: plivoserver.Commands, Effect: true, Answer: x.answer})
				require.NoError(t, d.do(background, r.conf, r))
				require.True(t, d.done(r))
				require.Equal(t, "CR", r.methods())
				lift()
				if d.name != "mute" {
					return
				}
				// The same words, and nothing behind them: an accepted command is waited for.
				r = newRig(t, p)
				r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: x.answer})
				requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
				require.Equal(t, x.sure, r.clock() == 8*s1)
				commands, _ := r.seen()
				require.Len(t, commands, 1)
			})
		})
	}
}

// A 2xx to a read that tells nothing is no answer: nobody is taken for gone by it.
func TestAnswersThatTellNothing(t *testing.T) {
	for name, answer := range map[string]*plivoserver.Answer{
		"empty":     plivoserver.Empty(200),
		"204":       plivoserver.Empty(204),
		"HTML":      plivoserver.HTML(200),
		"truncated": plivoserver.Truncated(200),
		"a list":    plivoserver.JSON(200, `[]`),
		"null":      plivoserver.JSON(200, `null`),
		"a number":  plivoserver.JSON(200, `17`),
		"an error":  plivoserver.JSON(200, `{"error":"`+someone+`"}`),
		"deep":      plivoserver.JSON(200, strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000)),
		"not UTF-8": plivoserver.JSON(200, "{\"\xff\":\"\xff\"}"),
		"long word": plivoserver.JSON(200, `{"`+strings.Repeat("a", 1<<19)+`":"`+strings.Repeat("b", 1<<18)+`"}`),
		"ill-typed": plivoserver.JSON(200, `{"mpc_uuid":{},"objects":17,"meta":[],"members":"x","conferences":{"a":"b"}}`),
	} {
		for _, p := range products {
			for _, q := range questions[:3] {
				if p.name == plivo.Conference && q.name != "Snapshot" {
					switch name {
					case "an error", "not UTF-8", "long word":
						continue // an object without a list is how this API says that there is none
					}
				}
				t.Run(name+"/"+p.name+"/"+q.name, inFakeTime(func(t *testing.T) {
					r := newRig(t, p)
					r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: answer})
					err := q.ask(background, r)
					requireOutcome(t, err, cc.ErrUnavailable)
					require.Equal(t, answer.Status, problem(t, err).Status)
					r.discreet(err)
				}))
			}
		}
	}
}

// A redirect is never followed, whoever it leads to, and nobody else gets to see the credentials.
func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, to := range map[string]string{
			"same host":    "http://127.0.0.1:49152/v1/Account/x/",
			"same path":    "",
			"a path":       "/v1/Account/",
			"other port":   "http://127.0.0.1:80/",
			"other host":   "http://stranger.example/",
			"other scheme": "https://127.0.0.1:49152/",
			"a user":       "http://a:b@127.0.0.1:49152/",
			"nonsense":     "http://[::1/%zz",
		} {
			t.Run(fmt.Sprint(status, "/", name), func(t *testing.T) {
				eachDeed(t, func(t *testing.T, p product, d deed) {
					r := newRig(t, p)
					r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Redirect(status, to)})
					kind, order := cc.ErrUnavailable, "C"
					if status == 302 || status == 303 { // servers send them after having done it
						kind, order = cc.ErrUncertain, "CR"
						if p.name == plivo.MPC && d.name == "end" {
							order = "CRR"
						}
					}
					err := d.do(background, r.conf, r)
					requireOutcome(t, err, kind)
					require.Equal(t, status, problem(t, err).Status)
					require.Equal(t, order, r.methods())
					require.Equal(t, 1, r.line.dialled())
					require.False(t, d.done(r))
				})
				for _, p := range products {
					for _, q := range questions[:3] {
						synctest.Test(t, func(t *testing.T) {
							r := newRig(t, p)
							r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: plivoserver.Redirect(status, to)})
							err := q.ask(background, r)
							requireOutcome(t, err, cc.ErrUnavailable)
							require.Equal(t, status, problem(t, err).Status)
							require.Equal(t, "R", r.methods())
							require.Equal(t, 1, r.line.dialled())
						})
					}
				}
			})
		}
	}
}

// From https nothing leads to plain http: nobody so much as knocks there.
func TestARedirectOutOfTLS(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	knocks := make(chan struct{}, 16)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := stranger.Accept()
			if err != nil {
				return
			}
			knocks <- struct{}{}
			_ = conn.Close()
		}
	}()
	for _, p := range products {
		place := newPlace(t, plivoserver.TLS, fake.Options{})
		c := place.client(t, p.name, nil)
		m := place.join(t, "a", cc.RoleAgent)
		for _, status := range []int{301, 302, 303, 307, 308} {
			lift, err := place.server.Inject(plivoserver.Fault{Answer: plivoserver.Redirect(status, "http://"+stranger.Addr().String()+"/")})
			require.NoError(t, err)
			require.Equal(t, status, problem(t, c.Check(background)).Status)
			require.Equal(t, status, problem(t, c.Conference("a").RemoveParticipant(background, m.ID())).Status)
			lift()
		}
		require.True(t, m.Present())
	}
	require.NoError(t, stranger.Close())
	<-over
	require.Empty(t, knocks)
}

// However long an answer is, what it takes is bounded.
func TestEndlessAnswers(t *testing.T) {
	const gib = 1 << 30
	for name, x := range map[string]struct {
		answer        *plivoserver.Answer
		command, read cc.Kind
	}{
		"JSON":       {plivoserver.Huge(200, gib), cc.ErrUncertain, cc.ErrUnavailable},
		"error page": {plivoserver.Huge(400, gib), cc.ErrInvalid, cc.ErrInvalid},
		"gzip":       {plivoserver.Bomb(200, gib), cc.ErrUncertain, cc.ErrUnavailable},
		"gzip error": {plivoserver.Bomb(403, gib), cc.ErrForbidden, cc.ErrForbidden},
	} {
		for _, p := range products {
			t.Run(name+"/"+p.name, inFakeTime(func(t *testing.T) {
				r := newRig(t, p)
				r.fault(plivoserver.Fault{Answer: x.answer})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				requireOutcome(t, r.conf.RemoveParticipant(background, r.anna.ID()), x.command)
				_, err := r.conf.Snapshot(background)
				requireOutcome(t, err, x.read)
				require.LessOrEqual(t, len(problem(t, err).Message), 4<<10)
				runtime.ReadMemStats(&after)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), "all that was ever allocated, by the server too")
			}))
		}
	}
}

// The client's own transport takes 64 KiB of headers.
func TestLongHeaders(t *testing.T) {
	for _, p := range products {
		place := newPlace(t, plivoserver.TCP, fake.Options{})
		c := place.clientOver(t, p.name, map[string]string{"insecure": "true"}, nil)
		m := place.join(t, "a", cc.RoleAgent)
		conf := c.Conference("a")
		lift, err := place.server.Inject(plivoserver.Fault{Answer: plivoserver.HugeHeader(200, 8<<20)})
		require.NoError(t, err)
		_, err = conf.Snapshot(background)
		requireOutcome(t, err, cc.ErrUnavailable)
		requireOutcome(t, conf.RemoveParticipant(background, m.ID()), cc.ErrUncertain)
		lift()
		require.True(t, m.Present())
		lift, err = place.server.Inject(plivoserver.Fault{On: plivoserver.Commands, Effect: true, Answer: plivoserver.HugeHeader(200, 48<<10)})
		require.NoError(t, err)
		require.NoError(t, conf.RemoveParticipant(background, m.ID()))
		lift()
	}
}

// A 204 that comes with a body, as Plivo's are said to: the body is nobody's answer, and in no log.
func TestABodyBehindA204(t *testing.T) {
	var lines bytes.Buffer
	before := log.Writer()
	log.SetOutput(&lines)
	t.Cleanup(func() { log.SetOutput(before) })
	for _, p := range products {
		place := newPlace(t, plivoserver.TCP, fake.Options{})
		c := place.clientOver(t, p.name, map[string]string{"insecure": "true"}, nil) // over a transport of its own
		conf := c.Conference("a")
		_, err := place.server.Inject(plivoserver.Fault{
			On: plivoserver.Commands, Effect: true, Answer: plivoserver.JSON(204, `{"message":"`+someone+` was muted"}`),
			Wire: plivoserver.Wire{Mode: plivoserver.Abandon, Pace: ms},
		})
		require.NoError(t, err)
		m := place.join(t, "a", cc.RoleAgent)
		for i := range 20 {
			to := cc.On + cc.Toggle(i%2)
			require.NoError(t, conf.SetParticipantState(background, m.ID(), cc.Change{Mute: to}))
			require.Equal(t, to, m.State().Mute)
		}
		commands := place.server.Counts().Commands
		require.Equal(t, 20, commands)
	}
	require.Empty(t, lines.String())
}

// A server that closes a connection when it was idle for 5 ms, and a hundred commands 5 ms apart, so that
// each meets its connection just as it is closed: all are done, and each is seen once.
func TestAServerThatClosesIdleConnections(t *testing.T) {
	const n = 100
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, p)
			network := pipenet.New()
			l, err := network.Listen("127.0.0.1:80")
			require.NoError(t, err)
			server := &http.Server{Handler: r.server, IdleTimeout: 5 * ms}
			over := make(chan struct{})
			go func() { defer close(over); _ = server.Serve(l) }()
			transport := network.Transport()
			t.Cleanup(func() {
				transport.CloseIdleConnections()
				require.NoError(t, server.Close())
				<-over
			})
			c, err := p.open(plivo.Options{
				AuthID: r.server.AuthID(), AuthToken: plivo.NewSecret(r.server.AuthToken()),
				Endpoint: "http://127.0.0.1:80", Insecure: true, Transport: transport,
				Rate: 1000, // what has to wait for the limiter may meet its next connection as that is closed
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, c.Close()) })
			conf := c.Conference(rigRoom)
			_, err = conf.Snapshot(background)
			require.NoError(t, err)
			before := r.server.Counts()
			for i := range n {
				time.Sleep(5 * ms)
				to := cc.On + cc.Toggle(i%2)
				require.NoError(t, conf.SetParticipantState(background, r.anna.ID(), cc.Change{Mute: to}))
				require.Equal(t, to, r.anna.State().Mute)
			}
			after := r.server.Counts()
			require.Equal(t, n, after.Commands-before.Commands)
			require.LessOrEqual(t, after.Reads-before.Reads, 2*n, "one to confirm, and one to settle where it was met")
		}))
	}
}

// A server that does not listen any more to a connection that it has answered on, and closes it 5 ms
// later: what is read next has to be asked again.
func TestAServerThatAbandonsConnections(t *testing.T) {
	const n = 100
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, p)
			r.fault(plivoserver.Fault{Effect: true, Wire: plivoserver.Wire{Mode: plivoserver.Abandon, Pace: 5 * ms}})
			for i := range n {
				to := cc.On + cc.Toggle(i%2)
				require.NoError(t, r.conf.SetParticipantState(background, r.anna.ID(), cc.Change{Mute: to}))
				require.Equal(t, to, r.anna.State().Mute)
				time.Sleep(6 * ms)
			}
			require.Equal(t, plivoserver.Counts{Commands: n, Reads: n}, r.server.Counts())
		}))
	}
}

// What commands cost in requests where nothing goes wrong.
func TestRequestsOfACommand(t *testing.T) {
	for _, p := range products {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, p, func(_ *fake.Options, o *plivo.Options) {})
			boss := r.join(fake.Leg{Role: cc.RoleSupervisor})
			count := func(do func() error) string {
				r.fresh()
				require.NoError(t, do())
				return r.methods()
			}
			set := func(c cc.Change) func() error {
				return func() error { return r.conf.SetParticipantState(background, boss.ID(), c) }
			}
			snapshot, two := "R", "RCRCR" // whom both steps are for is read first
			both := cc.Change{Mute: cc.On, Deaf: cc.On}
			if p.name == plivo.MPC {
				snapshot, two = "RR", "CR"
				both = cc.Change{Mute: cc.On, Hold: cc.On}
				require.Equal(t, "RCR", count(set(cc.Change{Coach: cc.Off})), "the role is read first")
			}
			require.Equal(t, two, count(set(both)))
			require.Equal(t, snapshot, count(set(cc.Change{Mute: cc.On})), "it was so when last read, and is")
			require.Equal(t, "CR", count(set(cc.Change{Mute: cc.Off})))
			require.Equal(t, snapshot, count(func() error { _, err := r.conf.Snapshot(background); return err }))
			require.Equal(t, "CR", count(func() error { return r.conf.RemoveParticipant(background, boss.ID()) }))
			require.Equal(t, "CR", count(func() error { return r.conf.End(background) }))
			require.Equal(t, "R", count(func() error { return r.client.Check(background) }))
			requireOutcome(t, r.conf.End(context.Background()), cc.ErrNotFound)
		})
	}
}
