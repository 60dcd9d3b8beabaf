package genesysserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// conference is ana, who owns it, bob, and two numbers on one call of the id "c".
func conference(t *testing.T, s *site) (a, b *client) {
	t.Helper()
	ana, bob := s.add(genesysserver.AgentOptions{User: "ana", DN: "7101"}), s.add(genesysserver.AgentOptions{User: "bob", DN: "7102"})
	_, err := ana.Join("c")
	require.NoError(t, err)
	_, err = bob.Join("c")
	require.NoError(t, err)
	s.join("c", "15001", "15002")
	a, b = s.login(ana).listen(), s.login(bob).listen()
	a.take()
	b.take()
	return a, b
}

var byName = genesysserver.Options{IDs: genesysserver.IDName}

// Facts 7.1, 7.2, 7.5 and 8.5: what each operation tells the agent who asks and another one.
func TestOperations(t *testing.T) {
	const others, theirs = "7102+15001+15002", "7101+15001+15002"
	recording := byName
	recording.Recording = true
	for name, c := range map[string]struct {
		options genesysserver.Options
		before  []string // operations that go first, unseen
		op      string
		more    string
		a, b    []string
	}{
		"Hold":         {byName, nil, "Hold", "", []string{"StatusChange Held " + others}, nil},
		"Retrieve":     {byName, []string{"Hold"}, "Retrieve", "", []string{"StatusChange Established " + others}, nil},
		"MuteCall":     {byName, nil, "MuteCall", "", []string{"StatusChange Established " + others + " muted"}, nil},
		"UnmuteCall":   {byName, []string{"MuteCall"}, "UnmuteCall", "", []string{"StatusChange Established " + others}, nil},
		"mute is kept": {byName, []string{"MuteCall"}, "Hold", "", []string{"StatusChange Held " + others + " muted"}, nil},
		"Hangup": {byName, nil, "Hangup", "", []string{"StatusChange Released " + others},
			[]string{"ParticipantsUpdated Established 15001+15002"}},
		"ClearCall": {byName, nil, "ClearCall", "", []string{"StatusChange Released " + others},
			[]string{"StatusChange Released " + theirs}},
		"RemoveParticipantFromConference": {byName, nil, "RemoveParticipantFromConference", `"participant":"15001"`,
			[]string{"ParticipantsUpdated Established 7102+15002"}, []string{"ParticipantsUpdated Established 7101+15002"}},
		"RemoveParticipantFromConference of an agent": {byName, nil, "RemoveParticipantFromConference", `"participant":"7102"`,
			[]string{"ParticipantsUpdated Established 15001+15002"}, []string{"StatusChange Released " + theirs}},
		"SingleStepConference": {byName, nil, "SingleStepConference", `"destination":{"phoneNumber":"15003"}`,
			[]string{"ParticipantsUpdated Established " + others + "+15003"}, []string{"ParticipantsUpdated Established " + theirs + "+15003"}},
		"SingleStepTransfer": {byName, nil, "SingleStepTransfer", `"destination":{"phoneNumber":"15003"}`,
			[]string{"ParticipantsUpdated Established " + others + "+15003", "StatusChange Released " + others + "+15003"},
			[]string{"ParticipantsUpdated Established " + theirs + "+15003", "ParticipantsUpdated Established 15001+15002+15003"}},
		"SendDtmf": {byName, nil, "SendDtmf", `"digits":"12#"`, nil, nil},
		"AttachUserData": {byName, nil, "AttachUserData", `"userData":{"k":{"n":1}}`,
			[]string{"AttachedDataChanged Established " + others}, []string{"AttachedDataChanged Established " + theirs}},
		"DeleteUserData": {byName, nil, "DeleteUserData", "",
			[]string{"AttachedDataChanged Established " + others}, []string{"AttachedDataChanged Established " + theirs}},
		"StartCallRecording": {recording, nil, "StartCallRecording", "",
			[]string{"CallRecordingStateChange Established " + others}, []string{"CallRecordingStateChange Established " + theirs}},
		"PauseCallRecording": {recording, []string{"StartCallRecording"}, "PauseCallRecording", "",
			[]string{"CallRecordingStateChange Established " + others}, []string{"CallRecordingStateChange Established " + theirs}},
		"ResumeCallRecording": {recording, []string{"StartCallRecording", "PauseCallRecording"}, "ResumeCallRecording", "",
			[]string{"CallRecordingStateChange Established " + others}, []string{"CallRecordingStateChange Established " + theirs}},
		"StopCallRecording": {recording, []string{"StartCallRecording"}, "StopCallRecording", "",
			[]string{"CallRecordingStateChange Established " + others}, []string{"CallRecordingStateChange Established " + theirs}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, c.options, func(t *testing.T, s *site) {
				a, b := conference(t, s)
				for _, op := range c.before {
					require.Equal(t, 0, a.op("c", op).code(), op)
				}
				a.take()
				b.take()
				more := []string{}
				if c.more != "" {
					more = append(more, c.more)
				}
				got := a.op("c", c.op, more...)
				require.Equal(t, 200, got.status, got.text)
				require.JSONEq(t, `{"statusCode":0}`, got.text)
				require.Equal(t, append([]string{}, c.a...), lines(a.take()))
				require.Equal(t, append([]string{}, c.b...), lines(b.take()))
			})
		})
	}
}

func TestUserData(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, b := conference(t, s)
		require.Equal(t, 0, a.op("c", "AttachUserData", `"userData":{"a":"1","b":{"c":"2"}}`).code())
		require.Equal(t, 0, b.op("c", "UpdateUserData", `"userData":{"a":"3"}`).code())
		require.Equal(t, map[string]any{"a": "3", "b": map[string]any{"c": "2"}}, a.call()["userData"])
		require.Equal(t, 0, a.op("c", "DeleteUserDataPair", `"key":"b"`).code())
		require.Equal(t, map[string]any{"a": "3"}, b.call()["userData"])
		require.Equal(t, 0, a.op("c", "DeleteUserData").code())
		require.NotContains(t, b.call(), "userData")
		require.Equal(t, 0, a.op("c", "SendDtmf", `"digits":"12"`).code())
		require.Equal(t, 0, a.op("c", "SendDtmf", `"digits":"#"`).code())
		require.Equal(t, "12#", a.agent.Digits())
	})
}

// "RemoveParticipantFromConference": who may, and whom; facts 6.2 for twins, 17 for what is open.
func TestRemoval(t *testing.T) {
	with := func(change func(*genesysserver.Options)) genesysserver.Options {
		o := byName
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		options genesysserver.Options
		by      string // who asks
		whom    string
		code    int
		left    []string // numbers that ana sees then
	}{
		"by the owner":         {byName, "ana", "15001", 0, []string{"7102", "15002", "15002", "+1555"}},
		"by another":           {byName, "bob", "15001", 3, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"by another, told so":  {with(func(o *genesysserver.Options) { o.NotOwner = 5 }), "bob", "15001", 5, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"by another, allowed":  {with(func(o *genesysserver.Options) { o.AnyoneRemoves = true }), "bob", "15001", 0, []string{"7102", "15002", "15002", "+1555"}},
		"by a supervisor":      {byName, "sup", "15001", 0, []string{"7102", "15002", "15002", "+1555"}},
		"of oneself":           {byName, "ana", "7101", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of nobody":            {byName, "ana", "15009", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of nobody, not found": {with(func(o *genesysserver.Options) { o.Absent = 6 }), "ana", "15009", 6, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of a hidden listener": {byName, "ana", "7900", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of everybody":         {byName, "ana", "all", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of a prefix":          {byName, "ana", "1500", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
		"of a plus":            {byName, "ana", "+1555", 0, []string{"7102", "15001", "15002", "15002"}},
		"of twins, the first":  {byName, "ana", "15002", 0, []string{"7102", "15001", "15002", "+1555"}},
		"of twins, all":        {with(func(o *genesysserver.Options) { o.Duplicates = genesysserver.RemoveAll }), "ana", "15002", 0, []string{"7102", "15001", "+1555"}},
		"of twins, none":       {with(func(o *genesysserver.Options) { o.Duplicates = genesysserver.RefuseRemove }), "ana", "15002", 2, []string{"7102", "15001", "15002", "15002", "+1555"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, c.options, func(t *testing.T, s *site) {
				a, b := conference(t, s)
				s.join("c", "15002", "+1555")
				sup := s.add(genesysserver.AgentOptions{User: "sup", DN: "7900"})
				_, err := sup.Monitor("c", genesysserver.ListenIn)
				require.NoError(t, err)
				by := map[string]*client{"ana": a, "bob": b, "sup": s.login(sup)}[c.by]
				require.Equal(t, c.code, by.op("c", "RemoveParticipantFromConference", `"participant":"`+c.whom+`"`).code())
				require.Equal(t, c.left, numbers(a.call()))
			})
		})
	}
	t.Run("of twins, which", func(t *testing.T) {
		for policy, last := range map[genesysserver.Duplicates]bool{genesysserver.RemoveFirst: false, genesysserver.RemoveLast: true} {
			o := byName
			o.Duplicates = policy
			bubble(t, fake.Options{}, o, func(t *testing.T, s *site) {
				a, _ := conference(t, s)
				late := s.join("c", "15001")[0]
				require.Equal(t, 0, a.op("c", "RemoveParticipantFromConference", `"participant":"15001"`).code())
				require.Equal(t, last, !late.Present())
			})
		}
	})
	t.Run("told later", func(t *testing.T) {
		o := byName
		o.LateRefusals = true
		bubble(t, fake.Options{}, o, func(t *testing.T, s *site) {
			a, b := conference(t, s)
			require.Equal(t, 0, b.op("c", "RemoveParticipantFromConference", `"participant":"15001"`).code())
			news := b.take()
			require.Len(t, news, 1)
			require.Equal(t, "ErrorMessage", news[0].Data["messageType"])
			require.Equal(t, 3.0, news[0].Data["errorCode"])
			require.Equal(t, "/calls/c", news[0].Data["callPath"])
			require.Empty(t, a.take())
			require.Len(t, numbers(a.call()), 3)
		})
	})
}

// Facts 6.2, 7.2: a conference shrinks to a call of two with the same id, and a call of one ends.
func TestACallShrinksAndEnds(t *testing.T) {
	bubble(t, fake.Options{Rules: fake.Rules{EndAlone: true}}, byName, func(t *testing.T, s *site) {
		a, b := conference(t, s)
		for _, whom := range []string{"15001", "15002"} {
			require.Equal(t, 0, a.op("c", "RemoveParticipantFromConference", `"participant":"`+whom+`"`).code())
		}
		call := a.call()
		require.Equal(t, "c", call["id"])
		require.Equal(t, "Established", call["state"])
		require.Equal(t, []string{"7102"}, numbers(call))
		require.NotContains(t, words(call["capabilities"]), "RemoveParticipantFromConference")
		require.Equal(t, 2, a.op("c", "RemoveParticipantFromConference", `"participant":"7102"`).code())
		a.take()
		b.take()
		require.Equal(t, 0, b.op("c", "Hangup").code())
		require.Equal(t, []string{"StatusChange Released 7101"}, lines(b.take()))
		require.Equal(t, []string{"StatusChange Released 7102"}, lines(a.take())) // and nothing between
		require.Empty(t, a.calls())
		require.Equal(t, 6, a.op("c", "Hold").code())
	})
}

// "Dial", facts 7.1.
func TestDialAndAnswer(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{AnswerAfter: 3 * time.Second}, func(t *testing.T, s *site) {
		ana, bob := s.add(genesysserver.AgentOptions{User: "ana", DN: "7101"}), s.add(genesysserver.AgentOptions{User: "bob", DN: "7102"})
		a, b := s.login(ana).listen(), s.login(bob).listen()
		dial := func(c *client, number string) answer {
			return c.post("/api/v2/me/devices/"+c.agent.DeviceID()+"/calls",
				operation("Dial", `"destination":{"phoneNumber":"`+number+`"}`, `"userData":{"k":"v"}`))
		}
		require.Equal(t, 6, a.post("/api/v2/me/devices/"+bob.DeviceID()+"/calls", operation("Dial")).code())
		require.Equal(t, 1, a.post("/api/v2/me/devices/"+ana.DeviceID()+"/calls", operation("Dial")).code())
		require.Equal(t, 2, dial(a, "7101").code())

		got := dial(a, "7102") // an agent, who answers
		require.JSONEq(t, `{"statusCode":0}`, got.text)
		require.Equal(t, []string{"StatusChange Dialing 7102"}, lines(a.take()))
		require.Equal(t, []string{"StatusChange Ringing 7101"}, lines(b.take()))
		call := b.call()
		id := call["id"].(string)
		require.Equal(t, id, call["callUuid"])
		require.Equal(t, "Internal", call["callType"])
		require.Equal(t, "7102", call["dnis"])
		require.Equal(t, map[string]any{"k": "v"}, call["userData"])
		require.Equal(t, 2, a.op(id, "Answer").code())
		require.Equal(t, 0, b.op(id, "Answer").code())
		require.Equal(t, []string{"StatusChange Established 7102"}, lines(a.take()))
		require.Equal(t, []string{"StatusChange Established 7101"}, lines(b.take()))
		require.Equal(t, 0, a.op(id, "Hangup").code())
		a.take()
		require.Equal(t, []string{"StatusChange Released 7101"}, lines(b.take()))

		require.Equal(t, 0, dial(a, "15001").code()) // a number, which answers by itself
		require.Equal(t, []string{"StatusChange Dialing 15001"}, lines(a.take()))
		time.Sleep(3 * time.Second)
		require.Equal(t, []string{"StatusChange Established 15001"}, lines(a.take()))
		require.Equal(t, "Outbound", a.call()["callType"])
		require.Equal(t, 0, a.op(a.call()["id"].(string), "Hangup").code())
		a.take()

		require.Equal(t, 0, dial(a, "7102").code()) // who declines
		a.take()
		s.sw.Ringing(s.sw.Rooms()[0].Instance)[0].HangUp()
		require.Equal(t, []string{"StatusChange Released 7102"}, lines(a.take()))
		b.take()
		require.Empty(t, a.calls())
		require.Empty(t, s.sw.Rooms())
	})
}

// "InitiateConference", "CompleteConference", and facts 7.2 for the identity of the calls.
func TestConsultation(t *testing.T) {
	start := func(t *testing.T, s *site, op string) (a, b *client, child string) {
		t.Helper()
		ana, bob := s.add(genesysserver.AgentOptions{User: "ana", DN: "7101"}), s.add(genesysserver.AgentOptions{User: "bob", DN: "7102"})
		_, err := ana.Join("c")
		require.NoError(t, err)
		s.join("c", "15001")
		a, b = s.login(ana).listen(), s.login(bob).listen()
		a.take()
		require.Equal(t, 2, a.op("c", op, `"destination":{"phoneNumber":"7101"}`).code())
		require.Equal(t, 0, a.op("c", op, `"destination":{"phoneNumber":"7102"}`).code())
		news := a.take()
		require.Equal(t, []string{"StatusChange Held 15001", "StatusChange Dialing 7102"}, lines(news))
		call := news[1].Data["call"].(map[string]any)
		require.Equal(t, "Consult", call["callType"])
		require.Equal(t, "https://gws.example.test/api/v2/me/calls/c", call["parentCallUri"])
		require.Equal(t, "/calls/c", call["parentCallPath"])
		child = call["id"].(string)
		require.NotEqual(t, "c", child)
		require.Equal(t, 2, a.op(child, "CompleteConference").code()) // nobody has answered
		require.Equal(t, 0, b.op(child, "Answer").code())
		a.take()
		b.take()
		require.Contains(t, words(a.calls()[0]["capabilities"]), "CompleteConference")
		require.Contains(t, words(a.calls()[1]["capabilities"]), "CompleteConference")
		require.NotContains(t, words(b.call()["capabilities"]), "MuteCall")
		return a, b, child
	}
	for _, rules := range []fake.Rules{{}, {EndAlone: true}} {
		for name, on := range map[string]func(child string) string{
			"posted to the consultation": func(child string) string { return child },
			"posted to the call":         func(string) string { return "c" },
		} {
			t.Run("conference "+name, func(t *testing.T) {
				o := byName
				o.Rules = &rules
				bubble(t, fake.Options{}, o, func(t *testing.T, s *site) {
					a, b, child := start(t, s, "InitiateConference")
					require.Equal(t, 0, a.op(on(child), "CompleteConference").code())
					told := lines(a.take())
					require.Contains(t, told, "StatusChange Released 7102")
					require.Equal(t, "StatusChange Established 15001+7102", told[len(told)-1])
					call := a.call()
					require.Equal(t, "c", call["id"]) // the call keeps its identity
					require.Equal(t, []string{"15001", "7102"}, numbers(call))
					require.Contains(t, words(call["capabilities"]), "RemoveParticipantFromConference")
					// Who was consulted sees another call than before.
					told = lines(b.take())
					require.Equal(t, "StatusChange Established 7101+15001", told[len(told)-1])
					if rules.EndAlone {
						require.Equal(t, []string{"StatusChange Released 7101", "StatusChange Established 7101+15001"}, told)
					}
					require.Equal(t, "c", b.call()["id"])
					require.Equal(t, 2, a.op("c", "CompleteConference").code())
				})
			})
		}
	}
	t.Run("transfer", func(t *testing.T) {
		bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
			a, b, child := start(t, s, "InitiateTransfer")
			require.Equal(t, 0, a.op(child, "CompleteTransfer").code())
			require.Empty(t, a.calls())
			require.Equal(t, []string{"15001"}, numbers(b.call()))
		})
	})
	t.Run("swap", func(t *testing.T) {
		bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
			a, _, child := start(t, s, "InitiateConference")
			require.Equal(t, 2, a.op(child, "SwapCalls", `"otherCallUri":"https://gws.example.test/api/v2/me/calls/none"`).code())
			require.Equal(t, 0, a.op(child, "SwapCalls", `"otherCallUri":"https://gws.example.test/api/v2/me/calls/c"`).code())
			require.ElementsMatch(t, []string{"StatusChange Held 7102", "StatusChange Established 15001"}, lines(a.take()))
		})
	})
	t.Run("given up", func(t *testing.T) {
		bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
			a, _, child := start(t, s, "InitiateConference")
			require.Equal(t, 0, a.op(child, "Hangup").code())
			a.take()
			require.Equal(t, 0, a.op("c", "Retrieve").code())
			require.Contains(t, words(a.call()["capabilities"]), "InitiateConference")
			require.NotContains(t, words(a.call()["capabilities"]), "CompleteConference")
		})
	})
}
