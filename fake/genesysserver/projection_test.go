package genesysserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// "Call Resource" and its revisions, "Recovering Existing State": the two dialects and the ids.
func TestDialects(t *testing.T) {
	for name, c := range map[string]struct {
		options      genesysserver.Options
		id           func(uuid string) string
		participants string
		has, hasNot  []string
	}{
		"current": {
			genesysserver.Options{Recording: true}, func(uuid string) string { return uuid },
			`[{"phoneNumber":"+15550100","digits":"15550100","formattedPhoneNumber":"+15550100","e164Number":"+15550100"},
			  {"phoneNumber":"15002","digits":"15002","formattedPhoneNumber":"15002","e164Number":""}]`,
			[]string{"connId", "path", "monitoring", "recordingState"}, []string{"participantsInfo"},
		},
		"old": {
			genesysserver.Options{Dialect: genesysserver.Old},
			func(uuid string) string { return strings.ReplaceAll(uuid, "-", "")[:16] },
			`["+15550100","15002"]`, []string{"participantsInfo"}, []string{"connId", "path", "monitoring", "recordingState"},
		},
		"old, with the ids of the current one": {
			genesysserver.Options{Dialect: genesysserver.Old, IDs: genesysserver.IDUUID},
			func(uuid string) string { return uuid },
			`["+15550100","15002"]`, []string{"participantsInfo"}, []string{"connId"},
		},
		"by name": {
			genesysserver.Options{IDs: genesysserver.IDName}, func(string) string { return "standup-1" },
			`[{"phoneNumber":"+15550100","digits":"15550100","formattedPhoneNumber":"+15550100","e164Number":"+15550100"},
			  {"phoneNumber":"15002","digits":"15002","formattedPhoneNumber":"15002","e164Number":""}]`,
			[]string{"connId"}, []string{"recordingState"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, c.options, func(t *testing.T, s *site) {
				ana := s.add(genesysserver.AgentOptions{User: "ana"})
				m, err := ana.Join("standup-1")
				require.NoError(t, err)
				s.join("standup-1", "+15550100", "15002")
				cl := s.login(ana)
				uuid := strings.TrimPrefix(string(m.Instance()), "uuid:")
				time.Sleep(43 * time.Second)
				call := cl.call()
				require.Equal(t, c.id(uuid), call["id"])
				require.Equal(t, uuid, call["callUuid"])
				require.Equal(t, "43", call["duration"]) // a text
				require.Equal(t, "Outbound", call["callType"])
				require.Equal(t, "+15550100", call["dnis"])
				got, err := s.server.CallID("standup-1")
				require.NoError(t, err)
				require.Equal(t, call["id"], got)
				instance, ok := ana.Conference(got)
				require.True(t, ok)
				require.Equal(t, m.Instance(), instance)
				require.JSONEq(t, c.participants, text(call["participants"]))
				for _, k := range c.has {
					require.Contains(t, call, k)
				}
				for _, k := range c.hasNot {
					require.NotContains(t, call, k)
				}
				require.Equal(t, call, cl.get("/api/v2/me/calls/" + got).body["call"])
				require.Equal(t, c.options.Dialect != genesysserver.Old, strings.Contains(strings.Join(words(call["capabilities"]), ","), "ClearCall"))

				cl.listen().take()
				require.Equal(t, 0, cl.op(got, "Hold").code())
				news := cl.take()
				require.Len(t, news, 1)
				_, extensions := news[0].Data["extensions"]
				require.Equal(t, c.options.Dialect != genesysserver.Old, extensions)
				_, metrics := news[0].Data["metrics"]
				require.Equal(t, extensions, metrics)
			})
		})
	}
}

// Facts 6.2: what participants are, and what they are not.
func TestParticipants(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
		ana, bob := s.add(genesysserver.AgentOptions{User: "ana", DN: "7101"}), s.add(genesysserver.AgentOptions{User: "bob", DN: "7102"})
		m := s.join("c", "15001", "15001")
		_, err := ana.Join("c")
		require.NoError(t, err)
		_, err = bob.Join("c")
		require.NoError(t, err)
		_, err = s.sw.Join("c", fake.Leg{Withheld: true})
		require.NoError(t, err)
		a, b := s.login(ana), s.login(bob)
		require.Equal(t, []string{"15001", "15001", "7102", ""}, numbers(a.call()))
		require.Equal(t, []string{"15001", "15001", "7101", ""}, numbers(b.call()))
		require.Equal(t, "Inbound", a.call()["callType"])
		require.Equal(t, "15001", a.call()["ani"])
		m[0].HangUp()
		require.Equal(t, []string{"15001", "7102", ""}, numbers(a.call()))

		// One agent may be on several calls, and sees nobody else's.
		_, err = ana.Join("d")
		require.NoError(t, err)
		s.join("e", "15003")
		require.Len(t, a.calls(), 2)
		require.Len(t, b.calls(), 1)
		require.Empty(t, numbers(a.calls()[1]))
	})
}

const everyday = "UpdateUserData AttachUserData DeleteUserDataPair DeleteUserData"

// Facts 5.2, 5.3, 6.2, 7.2, 7.4 and 14.2: the capabilities for each state and role.
func TestCapabilities(t *testing.T) {
	const (
		two    = everyday + " SendDtmf InitiateConference InitiateTransfer Hold SingleStepTransfer SingleStepConference Hangup"
		held   = everyday + " Retrieve InitiateConference InitiateTransfer SingleStepTransfer SingleStepConference Hangup"
		remove = " RemoveParticipantFromConference"
	)
	person := func(role string, people int, more ...func(*testing.T, *site, *fake.Member)) func(*testing.T, *site, *genesysserver.Agent) {
		return func(t *testing.T, s *site, a *genesysserver.Agent) {
			if role == "participant" {
				_, err := s.sw.Join("c", fake.Leg{Address: "7999", Login: "owner"})
				require.NoError(t, err)
				people--
			}
			var own *fake.Member
			var err error
			switch role {
			case "owner", "participant":
				own, err = a.Join("c")
			}
			require.NoError(t, err)
			for i := range people {
				s.join("c", []string{"15001", "15002", "15003"}[i])
			}
			for _, f := range more {
				f(t, s, own)
			}
		}
	}
	hold := func(t *testing.T, s *site, m *fake.Member) { s.change(m, hold) }
	muted := func(t *testing.T, s *site, m *fake.Member) { s.change(m, mute) }
	supervisor := func(mode genesysserver.Mode, people int) func(*testing.T, *site, *genesysserver.Agent) {
		return func(t *testing.T, s *site, a *genesysserver.Agent) {
			_, err := s.sw.Join("c", fake.Leg{Address: "7999", Login: "owner"})
			require.NoError(t, err)
			s.join("c", []string{"15001", "15002"}[:people-1]...)
			_, err = a.Monitor("c", mode)
			require.NoError(t, err)
		}
	}
	plain := genesysserver.Options{HideClearCall: true}
	for name, c := range map[string]struct {
		options genesysserver.Options
		set     func(*testing.T, *site, *genesysserver.Agent)
		want    string
	}{
		"ringing": {genesysserver.Options{}, func(t *testing.T, s *site, a *genesysserver.Agent) {
			s.join("c", "15001")
			_, err := a.Ring("c")
			require.NoError(t, err)
		}, everyday + " Answer ClearCall"},
		"dialing": {genesysserver.Options{}, func(t *testing.T, s *site, a *genesysserver.Agent) {
			_, err := s.sw.Dial("c", fake.Leg{Address: "15001"})
			require.NoError(t, err)
			_, err = a.Join("c")
			require.NoError(t, err)
		}, everyday + " SendDtmf Hangup ClearCall"},
		"two":                       {plain, person("owner", 1), two},
		"two, current":              {genesysserver.Options{}, person("owner", 1), two + " ClearCall"},
		"two, old":                  {genesysserver.Options{Dialect: genesysserver.Old}, person("owner", 1), two},
		"two, no clearing":          {genesysserver.Options{NoClearCall: true}, person("owner", 1), two},
		"two, mute":                 {genesysserver.Options{HideClearCall: true, TwoPartyMute: true}, person("owner", 1), two + " MuteCall"},
		"two, held":                 {plain, person("owner", 1, hold), held},
		"owner":                     {plain, person("owner", 2), two + remove + " MuteCall"},
		"owner, muted":              {plain, person("owner", 2, muted), two + remove + " UnmuteCall"},
		"owner, held":               {plain, person("owner", 2, hold), held + remove},
		"owner, held, mute":         {genesysserver.Options{HideClearCall: true, HeldMute: true}, person("owner", 2, hold), held + remove + " MuteCall"},
		"participant":               {plain, person("participant", 2), two + " MuteCall"},
		"participant, any removes":  {genesysserver.Options{HideClearCall: true, AnyoneRemoves: true}, person("participant", 2), two + remove + " MuteCall"},
		"participant, owner moves":  {genesysserver.Options{HideClearCall: true, OwnerMoves: true}, person("participant", 2), two + " MuteCall"},
		"participant, owner left":   {plain, person("participant", 3, func(t *testing.T, s *site, _ *fake.Member) { s.sw.Members("c")[0].HangUp() }), two + " MuteCall"},
		"participant, owner is now": {genesysserver.Options{HideClearCall: true, OwnerMoves: true}, person("participant", 3, func(t *testing.T, s *site, _ *fake.Member) { s.sw.Members("c")[0].HangUp() }), two + remove + " MuteCall"},
		"listening":                 {genesysserver.Options{}, supervisor(genesysserver.ListenIn, 2), two + remove + " SwitchToBargeIn"},
		"coaching":                  {genesysserver.Options{}, supervisor(genesysserver.Coach, 2), two + remove + " SwitchToBargeIn SwitchToListenIn"},
		"barging":                   {genesysserver.Options{}, supervisor(genesysserver.BargeIn, 2), two + remove + " SwitchToListenIn"},
		"barging, may clear":        {genesysserver.Options{SupervisorClear: true}, supervisor(genesysserver.BargeIn, 2), two + remove + " SwitchToListenIn ClearCall"},
		"monitoring one":            {genesysserver.Options{}, supervisor(genesysserver.BargeIn, 1), two + " SwitchToListenIn"},
		"recording":                 {genesysserver.Options{HideClearCall: true, Recording: true}, person("owner", 1), two + " StartCallRecording"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, c.options, func(t *testing.T, s *site) {
				a := s.add(genesysserver.AgentOptions{User: "ana"})
				c.set(t, s, a)
				call := s.login(a).call()
				require.ElementsMatch(t, strings.Fields(c.want), words(call["capabilities"]))
				var told []string
				for _, op := range a.Capabilities("c") {
					told = append(told, string(op))
				}
				require.ElementsMatch(t, words(call["capabilities"]), told)
			})
		})
	}
}

// Facts 6.2 and 17: supervisors in the lists of the others.
func TestWhoSeesSupervisors(t *testing.T) {
	for name, c := range map[string]struct {
		shown genesysserver.Shown
		want  map[genesysserver.Mode]bool
	}{
		"barging":   {genesysserver.ShowBarging, map[genesysserver.Mode]bool{genesysserver.BargeIn: true}},
		"nobody":    {genesysserver.ShowNobody, nil},
		"everybody": {genesysserver.ShowEverybody, map[genesysserver.Mode]bool{genesysserver.ListenIn: true, genesysserver.Coach: true, genesysserver.BargeIn: true}},
	} {
		for _, mode := range []genesysserver.Mode{genesysserver.ListenIn, genesysserver.Coach, genesysserver.BargeIn} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				bubble(t, fake.Options{}, genesysserver.Options{Supervisors: c.shown}, func(t *testing.T, s *site) {
					ana, sup := s.add(genesysserver.AgentOptions{User: "ana"}), s.add(genesysserver.AgentOptions{User: "sup", DN: "7900"})
					_, err := ana.Join("c")
					require.NoError(t, err)
					s.join("c", "15001")
					_, err = sup.Monitor("c", mode)
					require.NoError(t, err)
					want := []string{"15001"}
					if c.want[mode] {
						want = append(want, "7900")
					}
					call := s.login(ana).call()
					require.Equal(t, want, numbers(call))
					require.Equal(t, true, call["supervisorListeningIn"])
					require.Equal(t, false, call["monitoring"])
					theirs := s.login(sup).call()
					require.Equal(t, []string{"7101", "15001"}, numbers(theirs))
					require.Equal(t, true, theirs["monitoring"])
					require.Equal(t, map[bool]string{true: "On", false: "Off"}[mode == genesysserver.ListenIn], theirs["mute"])
				})
			})
		}
	}
}

// Quirks: the ways in which shapes differ (facts 3, 5.1, 14.3).
func TestQuirks(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{IDs: genesysserver.IDName, ExternalURL: "http://10.0.0.1:8080/"}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana"})
		m, err := ana.Join("c")
		require.NoError(t, err)
		s.join("c", "15001")
		c := s.login(ana).listen()
		c.take()
		next := func(q genesysserver.Quirks) []message {
			t.Helper()
			s.server.SetQuirks(q)
			s.change(m, hold)
			s.quiet()
			s.change(m, unhold)
			return c.take()
		}
		call := func(m message) map[string]any { return m.Data["call"].(map[string]any) }

		require.Equal(t, "http://10.0.0.1:8080/api/v2/me/calls/c", c.call()["uri"])
		n := next(genesysserver.Quirks{ForeignURL: "https://other.example.test"})
		require.Equal(t, "https://other.example.test/api/v2/me/calls/c", call(n[0])["uri"])
		n = next(genesysserver.Quirks{BarePaths: true})
		require.Equal(t, "calls/c", call(n[0])["path"])
		n = next(genesysserver.Quirks{ExtraFields: true})
		require.Contains(t, n[0].Data, "xFutureField")
		require.Contains(t, call(n[0]), "xFutureField")
		require.Contains(t, c.get("/api/v2/me").body, "xFutureField")
		require.Contains(t, c.call(), "xFutureField")
		n = next(genesysserver.Quirks{FewFields: true})
		for _, k := range []string{"path", "dnis", "supervisorListeningIn", "monitoredUserMuted", "monitoring", "connId"} {
			require.NotContains(t, call(n[0]), k)
			require.NotContains(t, c.call(), k)
		}
		require.NotContains(t, n[0].Data, "metrics")
		n = next(genesysserver.Quirks{UnknownTypes: true})
		require.Equal(t, "SomethingToCome", n[0].Data["notificationType"])
		n = next(genesysserver.Quirks{EmptyID: true})
		require.Equal(t, "", call(n[0])["id"])
		require.Equal(t, "c", c.call()["id"])
		n = next(genesysserver.Quirks{Doubled: true})
		require.Equal(t, []string{"StatusChange Held 15001", "StatusChange Held 15001", "StatusChange Established 15001", "StatusChange Established 15001"}, lines(n))
		n = next(genesysserver.Quirks{})
		require.Equal(t, []string{"StatusChange Held 15001", "StatusChange Established 15001"}, lines(n))

		s.server.Replay("ana", 3)
		require.Equal(t, []string{"StatusChange Established 15001", "StatusChange Held 15001", "StatusChange Established 15001"}, lines(c.take()))
		s.server.Replay("nobody", 3)
		require.NoError(t, s.server.Publish("ana", "/v2/me/calls", map[string]any{"messageType": "Anything"}))
		require.Error(t, s.server.Publish("ana", "no channel", nil))
		n = c.take()
		require.Len(t, n, 1)
		require.Equal(t, "Anything", n[0].Data["messageType"])
	})
}
