package genesysserver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

const removal = "RemoveParticipantFromConference"

// Facts 3.1 and 3.2: every pair of HTTP status and statusCode, and codes of every meaning.
func TestEveryPairCanBeAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		answer *genesysserver.Answer
		status int
		code   int // -1: not JSON
		text   string
	}{
		"success":               {genesysserver.Done(), 200, 0, `{"statusCode":0}`},
		"partial, voice":        {genesysserver.Partial(true), 200, 7, `"succeeded":[{"channel":"voice"`},
		"partial, no voice":     {genesysserver.Partial(false), 200, 7, `"failed":[{"channel":"voice"`},
		"unauthenticated":       {genesysserver.Unauthenticated(), 403, 20, `denied`},
		"CSRF":                  {genesysserver.CSRF(), 403, -1, "CSRF token"},
		"device not registered": {genesysserver.NotRegistered(), 500, 4, `registered`},
		"voice down":            {genesysserver.VoiceDown(), 503, 4, `down`},
		"1 with 400":            {genesysserver.Code(400, 1, "one"), 400, 1, "one"},
		"2 with 200":            {genesysserver.Code(200, 2, "two"), 200, 2, "two"},
		"3 with 500":            {genesysserver.Code(500, 3, "three"), 500, 3, "three"},
		"18 with 409":           {genesysserver.Code(409, 18, "eighteen"), 409, 18, "eighteen"},
		"a page":                {genesysserver.HTML(502), 502, -1, "<html>"},
		"nothing":               {genesysserver.Empty(204), 204, -1, ""},
		"broken JSON":           {genesysserver.Truncated(200), 200, -1, `"statusMess`},
		"no code":               {genesysserver.JSON(200, `{}`), 200, -1, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
				a, _ := conference(t, s)
				lift, err := s.server.Inject(genesysserver.Fault{On: genesysserver.CallPosts, Answer: c.answer})
				require.NoError(t, err)
				got := a.op("c", removal, `"participant":"15001"`)
				require.Equal(t, c.status, got.status)
				require.Equal(t, c.code, got.code())
				require.Contains(t, got.text, c.text)
				require.Len(t, s.sw.Members("c"), 4) // and nothing happened
				require.Empty(t, a.take())
				lift()
				lift()
				require.Equal(t, 0, a.op("c", removal, `"participant":"15001"`).code())
				require.Len(t, s.sw.Members("c"), 3)
				q := s.server.Requests()
				require.True(t, q[len(q)-2].Fault)
				require.Equal(t, c.status, q[len(q)-2].Status)
			})
		})
	}
}

// Facts 8.6 and 14.3: failures that are told besides the answer.
func TestFailuresAreTold(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		fault   genesysserver.Fault
		code    int
		replied time.Duration
		told    time.Duration
		channel string
		data    map[string]any
	}{
		"accepted, then with a text": {
			genesysserver.Fault{Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Text: "no such party", Code: 57}},
			0, 0, 20 * ms, "/v2/me/calls", map[string]any{
				"messageType": "ErrorMessage", "errorMessage": "no such party", "errorCode": 57.0,
				"callUri": "https://gws.example.test/api/v2/me/calls/c", "callPath": "/calls/c"},
		},
		"accepted, then bare": {
			genesysserver.Fault{Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Delay: 300 * ms}},
			0, 0, 300 * ms, "/v2/me/calls", map[string]any{
				"messageType": "ErrorMessage", "callUri": "https://gws.example.test/api/v2/me/calls/c", "callPath": "/calls/c"},
		},
		"nothing but the type": {
			genesysserver.Fault{Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Nameless: true}},
			0, 0, 20 * ms, "/v2/me/calls", map[string]any{"messageType": "ErrorMessage"},
		},
		"500 and 4, and after it": {
			genesysserver.Fault{Answer: genesysserver.NotRegistered(), Failure: &genesysserver.Failure{}},
			4, 0, 20 * ms, "/v2/me/calls", map[string]any{
				"messageType": "ErrorMessage", "callUri": "https://gws.example.test/api/v2/me/calls/c", "callPath": "/calls/c"},
		},
		"500 and 4, and before it": {
			genesysserver.Fault{Answer: genesysserver.NotRegistered(), Failure: &genesysserver.Failure{Before: true, Delay: 5 * ms}},
			4, 5 * ms, 0, "/v2/me/calls", map[string]any{
				"messageType": "ErrorMessage", "callUri": "https://gws.example.test/api/v2/me/calls/c", "callPath": "/calls/c"},
		},
		"of the device, slowly answered": {
			genesysserver.Fault{Answer: genesysserver.Done(), Delay: 10 * ms, Failure: &genesysserver.Failure{Device: true}},
			0, 10 * ms, 30 * ms, "/v2/me/devices", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
				s.server.SetQuirks(genesysserver.Quirks{FewFields: true})
				a, b := conference(t, s)
				c.fault.On, c.fault.Agent = removal, "ana"
				_, err := s.server.Inject(c.fault)
				require.NoError(t, err)
				require.Equal(t, 3, b.op("c", removal, `"participant":"15001"`).code()) // not ana's
				got := a.watch()
				start := time.Now()
				require.Equal(t, c.code, a.op("c", removal, `"participant":"15001"`).code())
				require.Equal(t, c.replied, time.Since(start))
				n := <-got
				a.poll.Wait()
				require.Equal(t, []string{"ErrorMessage"}, n.told)
				require.Equal(t, c.told, n.at.Sub(start))
				s.server.Replay("ana", 1)
				news := a.take()
				require.Len(t, news, 1)
				require.Equal(t, c.channel, news[0].Channel)
				if c.data != nil {
					require.Equal(t, c.data, news[0].Data)
				}
				require.Len(t, s.sw.Members("c"), 4)
				require.Empty(t, b.take())
			})
		})
	}
}

// A failure that is told before the answer does not wait for it, even where notifications do.
func TestAFailureBeforeTheAnswerDoesNotWait(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		require.NoError(t, s.server.SetTiming(genesysserver.Timing{Order: genesysserver.AfterReply}))
		_, err := s.server.Inject(genesysserver.Fault{On: "Hold", Effect: true, Failure: &genesysserver.Failure{Before: true, Nameless: true}})
		require.NoError(t, err)
		got := a.watch()
		start := time.Now()
		require.Equal(t, 0, a.op("c", "Hold").code())
		require.Equal(t, 20*time.Millisecond, time.Since(start))
		n := <-got
		a.poll.Wait()
		require.Zero(t, n.at.Sub(start))
		told := append(n.told, lines(a.take())...)
		require.Equal(t, []string{"StatusChange Held 7102+15001+15002", "ErrorMessage"}, told)
	})
}

// What becomes of an answer on its way.
func TestWires(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		try := func(f genesysserver.Fault, timeout time.Duration) (answer, error) {
			t.Helper()
			lift, err := s.server.Inject(f)
			require.NoError(t, err)
			defer lift()
			r := a.request("POST", "/api/v2/me/calls/c", operation(removal, `"participant":"15001"`))
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			resp, err := a.http.Do(r.WithContext(ctx))
			if err != nil {
				return answer{}, err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return answer{status: resp.StatusCode, text: string(b)}, err
		}
		_, err := try(genesysserver.Fault{On: genesysserver.Posts, Wire: genesysserver.Reset, Times: 1}, time.Minute)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.Len(t, s.sw.Members("c"), 4)
		_, err = try(genesysserver.Fault{Wire: genesysserver.Hang}, time.Second)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.sw.Members("c"), 4)
		got, err := try(genesysserver.Fault{On: removal, Effect: true, Wire: genesysserver.Cut}, time.Minute)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, 200, got.status)
		require.Equal(t, `{"status`, got.text)
		require.Len(t, s.sw.Members("c"), 3)
		body := operation(removal, `"participant":"15001"`)
		got, err = try(genesysserver.Fault{Answer: genesysserver.HTML(503), Match: func(r genesysserver.Request) bool {
			return r.Operation == removal && r.User == "ana" && r.Path == "/api/v2/me/calls/c" && r.Body == body && r.Status == 0
		}}, time.Minute)
		require.NoError(t, err)
		require.Equal(t, 503, got.status)
		start := time.Now()
		got, err = try(genesysserver.Fault{On: genesysserver.Any, Effect: true, Delay: time.Second}, time.Minute)
		require.NoError(t, err)
		require.Equal(t, 409, got.status) // nobody of that number is there any more
		require.Equal(t, time.Second, time.Since(start))
	})
}

// A fault that is lifted resets what it held; faults on CometD spare REST, and skip and end as told.
func TestFaultsOnCometD(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		lift, err := s.server.Inject(genesysserver.Fault{On: genesysserver.CometDPost, Wire: genesysserver.Hang})
		require.NoError(t, err)
		failed := make(chan error, 1)
		a.poll.Go(func() {
			_, err := a.http.Do(a.request("POST", "/api/v2/notifications/connect", `[]`))
			failed <- err
		})
		synctest.Wait()
		require.Equal(t, 200, a.get("/api/v2/me").status)
		lift()
		require.ErrorIs(t, <-failed, syscall.ECONNRESET)
		a.poll.Wait()
		_, err = s.server.Inject(genesysserver.Fault{On: genesysserver.CometDPost, Skip: 1, Times: 1, Answer: genesysserver.Empty(503)})
		require.NoError(t, err)
		a.take()
		status, _ := a.bayeux(`[]`)
		require.Equal(t, 503, status)
		a.take()
		// A fault with an effect is not for CometD, and meets the others.
		_, err = s.server.Inject(genesysserver.Fault{Effect: true, Answer: genesysserver.Code(409, 2, "no")})
		require.NoError(t, err)
		a.take()
		require.Equal(t, 409, a.get("/api/v2/me").status)
	})
}

func TestFaultsThatCannotBeMeant(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		for _, f := range []genesysserver.Fault{
			{},
			{Effect: true},
			{On: "Nonsense", Wire: genesysserver.Reset},
			{Wire: genesysserver.Cut},
			{Wire: 9},
			{Wire: genesysserver.Reset, Skip: -1},
			{Wire: genesysserver.Reset, Times: -1},
			{Wire: genesysserver.Reset, Delay: -1},
			{Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Delay: -1}},
			{Answer: &genesysserver.Answer{}},
			{Answer: &genesysserver.Answer{Status: 100}},
			{On: genesysserver.CometDPost, Effect: true, Wire: genesysserver.Reset},
		} {
			_, err := s.server.Inject(f)
			require.Error(t, err, "%+v", f)
		}
		for _, on := range []genesysserver.Operation{genesysserver.GetMe, genesysserver.Reads, "Dial", "Ready", "Coach", "ClearCall", "StartContactCenterSession"} {
			_, err := s.server.Inject(genesysserver.Fault{On: on, Wire: genesysserver.Reset})
			require.NoError(t, err)
		}
	})
}

// The faults of the Switch mean here what they mean behind every server.
func TestFaultsOfTheSwitch(t *testing.T) {
	type result struct {
		status, code int
		err          error
		members      int    // then
		told         string // to ana, what is not about the call's participants
	}
	for what, c := range map[string]struct {
		fault fake.Fault
		want  result
	}{
		"refuse":              {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrConflict, Message: "busy"}}, result{409, 2, nil, 4, ""}},
		"refuse, code":        {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrUnavailable, Status: 503, Code: "4"}}, result{503, 4, nil, 4, ""}},
		"refuse, forbidden":   {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrForbidden}}, result{403, 5, nil, 4, ""}},
		"refuse, invalid":     {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrInvalid}}, result{400, 1, nil, 4, ""}},
		"refuse, signed off":  {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrUnauthenticated}}, result{403, 20, nil, 4, ""}},
		"refuse, unsupported": {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrUnsupported}}, result{405, -1, nil, 4, ""}},
		"refuse, too many":    {fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrRateLimited, RetryAfter: 1500 * time.Millisecond}}, result{429, -1, nil, 4, ""}},
		"unavailable":         {fake.Fault{What: fake.Refuse}, result{500, 4, nil, 4, ""}},
		"not sent":            {fake.Fault{What: fake.NotSent}, result{err: syscall.ECONNRESET, members: 4}},
		"lost before":         {fake.Fault{What: fake.LoseBefore}, result{err: syscall.ECONNRESET, members: 4}},
		"lost after":          {fake.Fault{What: fake.LoseAfter}, result{err: syscall.ECONNRESET, members: 3}},
		"ignored":             {fake.Fault{What: fake.Ignore}, result{200, 0, nil, 4, ""}},
		"contradicted":        {fake.Fault{What: fake.Contradict}, result{409, 2, nil, 3, ""}},
		"hanging":             {fake.Fault{What: fake.Hang}, result{err: context.DeadlineExceeded, members: 4}},
		"hanging after":       {fake.Fault{What: fake.HangAfter}, result{err: context.DeadlineExceeded, members: 3}},
		"slow":                {fake.Fault{What: fake.Slow, Delay: time.Second}, result{200, 0, nil, 3, ""}},
		"late":                {fake.Fault{What: fake.Late, Delay: time.Hour}, result{200, 0, nil, 4, ""}},
		"stale":               {fake.Fault{What: fake.Stale, Delay: time.Hour}, result{200, 0, nil, 3, ""}},
		"fails later":         {fake.Fault{What: fake.FailLater, Err: &cc.Error{Kind: cc.ErrConflict, Message: "no", Code: "57"}}, result{200, 0, nil, 4, "ErrorMessage no 57"}},
		"fails sooner":        {fake.Fault{What: fake.FailSooner}, result{200, 0, nil, 4, "ErrorMessage"}},
		"fails, and is done":  {fake.Fault{What: fake.FailLater, Effect: true}, result{200, 0, nil, 3, "ErrorMessage"}},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
				a, _ := conference(t, s)
				f := c.fault
				f.Op, f.Times, f.On, f.For = fake.OpRemove, 1, "c", "15001"
				meanwhile := 0
				f.Meanwhile = func() { meanwhile++ }
				defer s.sw.Inject(f)()
				require.Equal(t, 0, a.op("c", "Hold").code()) // another operation
				a.take()
				r := a.request("POST", "/api/v2/me/calls/c", operation(removal, `"participant":"15001"`))
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				resp, err := a.http.Do(r.WithContext(ctx))
				if c.want.err != nil {
					require.ErrorIs(t, err, c.want.err)
				} else {
					require.NoError(t, err)
					b, err := io.ReadAll(resp.Body)
					require.NoError(t, errors.Join(err, resp.Body.Close()))
					got := parse(string(b))
					require.Equal(t, c.want.status, resp.StatusCode)
					require.Equal(t, c.want.code, got.code(), string(b))
				}
				synctest.Wait()
				require.Len(t, s.sw.Members("c"), c.want.members)
				require.Equal(t, 1, meanwhile)
				told := ""
				for _, m := range a.take() {
					if m.Data["messageType"] == "ErrorMessage" {
						told = "ErrorMessage"
						if text, ok := m.Data["errorMessage"]; ok {
							told += " " + text.(string) + " 57"
							require.Equal(t, 57.0, m.Data["errorCode"])
						}
					}
				}
				require.Equal(t, c.want.told, told)
			})
		})
	}
}

// Reads have faults too, and are counted.
func TestFaultsOfTheSwitchOnReads(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		c0, r0 := s.sw.Requests()
		lift := s.sw.Inject(fake.Fault{Op: fake.OpRead, What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrUnavailable}})
		for _, path := range []string{"/api/v2/me", "/api/v2/me/calls", "/api/v2/me/calls/c", "/api/v2/me?subresources=calls"} {
			require.Equal(t, 500, a.get(path).status, path)
		}
		lift()
		require.Equal(t, 200, a.get("/api/v2/me/devices").status) // nothing of the bridge
		require.Equal(t, 0, a.op("c", "ClearCall").code())
		c1, r1 := s.sw.Requests()
		require.Equal(t, 1, c1-c0)
		require.Equal(t, 4, r1-r0)
		require.Equal(t, 1, s.sw.Count(fake.OpSnapshot))
		require.Equal(t, 2, s.sw.Count(fake.OpList))
	})
}

// News that is lost, doubled, late or out of order (facts 8.8).
func TestFaultsOnNews(t *testing.T) {
	for name, c := range map[string]struct {
		fault fake.Fault
		want  []string
	}{
		"lost":    {fake.Fault{What: fake.Drop, Times: 1}, []string{"StatusChange Held 15002+15003"}},
		"gap":     {fake.Fault{What: fake.Gap, Times: 1}, []string{"StatusChange Held 15002+15003"}},
		"doubled": {fake.Fault{What: fake.Double, Times: 1}, []string{"StatusChange Held 15001+15002+15003", "StatusChange Held 15001+15002+15003", "ParticipantsUpdated Held 15002+15003"}},
		"late":    {fake.Fault{What: fake.Late, Delay: time.Second, Times: 1}, []string{"StatusChange Held 15002+15003", "ParticipantsUpdated Held 15001+15002+15003"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
				ana := s.add(genesysserver.AgentOptions{User: "ana"})
				m, err := ana.Join("c")
				require.NoError(t, err)
				first := s.join("c", "15001", "15002", "15003")[0]
				c2 := s.login(ana).listen()
				c2.take()
				c.fault.Op = fake.OpNews
				defer s.sw.Inject(c.fault)()
				s.change(m, hold)
				first.HangUp()
				got := c2.take()
				time.Sleep(2 * time.Second)
				require.Equal(t, c.want, lines(append(got, c2.take()...)))
			})
		})
	}
	t.Run("late, and the call is over", func(t *testing.T) {
		bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
			ana := s.add(genesysserver.AgentOptions{User: "ana"})
			m, err := ana.Join("c")
			require.NoError(t, err)
			s.join("c", "15001")
			c := s.login(ana).listen()
			c.take()
			defer s.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Late, Delay: time.Second, Times: 1})()
			s.change(m, hold)
			_, err = s.sw.End("c", fake.HangUp)
			require.NoError(t, err)
			require.Equal(t, []string{"StatusChange Released 15001"}, lines(c.take()))
			time.Sleep(2 * time.Second)
			require.Equal(t, []string{"ParticipantsUpdated Held 15001"}, lines(c.take())) // a stale one
			require.Empty(t, c.calls())
		})
	})
}

// Connections that stand are reset by Cut, and new ones are taken.
func TestCut(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		failed := make(chan error, 1)
		a.poll.Go(func() {
			_, err := a.http.Do(a.request("POST", "/api/v2/notifications", `[{"id":"4","channel":"/meta/connect","clientId":"`+a.id+`","connectionType":"long-polling"}]`))
			failed <- err
		})
		synctest.Wait()
		require.Equal(t, 1, s.server.CometD().Held)
		s.endpoint.Cut()
		require.Error(t, <-failed)
		a.poll.Wait()
		require.Equal(t, 200, a.get("/api/v2/me").status)
	})
}

func parse(text string) answer {
	a := answer{text: text}
	a.body = object(text)
	return a
}

// A recorder of a test cannot be cut: it is told so, and not the answer.
func TestFaultsWithoutAConnection(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		_, err := s.server.Inject(genesysserver.Fault{Wire: genesysserver.Reset})
		require.NoError(t, err)
		w := &plainWriter{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://x/api/v2/me", strings.NewReader(""))
		require.NoError(t, err)
		s.server.ServeHTTP(w, r)
		require.Equal(t, 502, w.status)
	})
}

type plainWriter struct {
	header http.Header
	status int
}

func (w *plainWriter) Header() http.Header         { return w.header }
func (w *plainWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *plainWriter) WriteHeader(status int)      { w.status = status }
