package interop_test

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// order has the server do something by a plain request, before a library is asked to change it.
func (r *run) order(id string, q query, body string) {
	r.Helper()
	to, err := r.server.Start(server.Pipe)
	require.NoError(r, err)
	defer func() { require.NoError(r, to.Close()) }()
	all := operations()
	op := all[slices.IndexFunc(all, func(o operation) bool { return o.id == id })]
	req, err := http.NewRequest(op.method, to.URL()+op.pathOf(q, r.server.AuthID()), bytes.NewBufferString(body))
	require.NoError(r, err)
	req.SetBasicAuth(r.server.AuthID(), r.server.AuthToken())
	req.Header.Set("Content-Type", "application/json")
	res, err := to.Transport().RoundTrip(req)
	require.NoError(r, err)
	require.NoError(r, res.Body.Close())
	require.Less(r, res.StatusCode, 300, "%s", req.URL)
	to.Transport().CloseIdleConnections()
}

// recorded is the one recording that there is.
func (r *run) recorded() server.Recording {
	r.Helper()
	all := r.server.Recordings("")
	require.Len(r, all, 1)
	return all[0]
}

const callbackURL = "https://hooks.example.test/recording"

// recordings are the four operations on the recording of a room, or of one in it.
type recordings struct {
	start  string // the operation
	pause  string
	of     func(m *fake.Member) cc.ParticipantID // whom it is of; empty: the room
	status int
	more   map[string]any // that Start can be asked with
}

// startedAs is how a recording of a room is told.
func startedAs(room string, rec server.Recording) object {
	return object{
		"api_id": something{}, "message": "MPC: " + room + " record started", "recording_id": rec.ID, "recording_url": rec.URL,
	}
}

func (k recordings) starts() []scenario {
	return []scenario{
		{name: "as it comes", run: func(r *run) {
			r.join(blankRoom, fake.Leg{})
			m := r.join(blankRoom, fake.Leg{})
			rep := r.ask(r.about(m))
			rec := r.recorded()
			r.succeeds(rep, k.status, startedAs(blankRoom, rec))
			require.Equal(r, m.Instance(), rec.Instance)
			require.Equal(r, k.of(m), rec.Participant)
			require.Equal(r, "mp3", rec.Format)
			require.Equal(r, server.RecordingRuns, rec.State)
			if rec.Participant != "" {
				require.Equal(r, "all", rec.Track)
			}
		}},
		{name: "with everything set", run: func(r *run) {
			m := r.join(oneRoom, fake.Leg{})
			q := r.about(m)
			q.more = k.more
			if r.lib.column == "Java" { // which has no place for it
				q.more = without(q.more, "record_track_type")
			}
			rep := r.ask(q)
			rec := r.recorded()
			r.succeeds(rep, k.status, startedAs(oneRoom, rec))
			if r.way.name == "list()[0].start_recording" {
				require.Equal(r, "mp3", rec.Format, "the defect %s is gone", pythonRecordOptions)
				r.book.found(r.lib, r.op.id, pythonRecordOptions)
			} else {
				require.Equal(r, "wav", rec.Format)
			}
			sent := r.once(k.status)
			require.Contains(r, sent.Body, callbackURL)
			require.Contains(r, sent.Body, "GET")
			if _, can := q.more["record_track_type"]; can {
				require.Equal(r, "both", rec.Track)
			}
		}},
		{name: "a second one", run: func(r *run) {
			m := r.join(oneRoom, fake.Leg{})
			r.order(k.start, r.about(m), "{}")
			r.fails(r.ask(r.about(m)), 400, "a recording is in progress")
			r.recorded()
		}},
		unknownRoom(),
	}
}

// changes are the scenarios of an operation that turns a recording from one state into another.
func (k recordings) changes(from, to server.RecordingState) []scenario {
	return []scenario{
		{name: "one that is " + string(from), run: func(r *run) {
			r.join(blankRoom, fake.Leg{})
			m := r.join(blankRoom, fake.Leg{})
			r.order(k.start, r.about(m), "{}")
			if from == server.RecordingPaused {
				r.order(k.pause, r.about(m), "{}")
			}
			require.Equal(r, from, r.recorded().State)
			r.done(r.ask(r.about(m)))
			require.Equal(r, to, r.recorded().State)
		}},
		{name: "none", run: func(r *run) {
			r.fails(r.ask(r.about(r.join(oneRoom, fake.Leg{}))), 404, "not found")
		}},
		unknownRoom(),
	}
}

func without(m map[string]any, key string) map[string]any {
	left := map[string]any{}
	for k, v := range m {
		if k != key {
			left[k] = v
		}
	}
	return left
}

func roomRecordings() recordings {
	return recordings{
		start: startRoomRecording, pause: pauseRoomRecording, status: 202,
		of: func(*fake.Member) cc.ParticipantID { return "" },
		more: map[string]any{
			"file_format": "wav", "recording_callback_url": callbackURL, "recording_callback_method": "GET",
		},
	}
}

func participantRecordings() recordings {
	k := recordings{start: startRecording, pause: pauseRecording, status: 200, of: (*fake.Member).ID}
	k.more = map[string]any{
		"file_format": "wav", "recording_callback_url": callbackURL, "recording_callback_method": "GET", "record_track_type": "both",
	}
	return k
}

func conferenceRecordings() []scenario {
	told := func(rec server.Recording) object {
		return object{"api_id": something{}, "message": "conference recording started", "recording_id": rec.ID, "url": rec.URL}
	}
	return []scenario{
		{name: "as it comes", form: byName, run: func(r *run) {
			m := r.join(blankRoom, fake.Leg{})
			rep := r.ask(query{name: blankRoom})
			rec := r.recorded()
			r.succeeds(rep, 202, told(rec))
			require.Equal(r, m.Instance(), rec.Instance)
			require.Empty(r, rec.Participant)
			require.Equal(r, "mp3", rec.Format)
		}},
		{name: "with everything set", form: byName, run: func(r *run) {
			r.join(oneRoom, fake.Leg{})
			q := query{name: oneRoom, more: map[string]any{
				"time_limit": 120, "file_format": "wav", "transcription_type": "auto", "transcription_url": callbackURL,
				"transcription_method": "GET", "callback_url": callbackURL, "callback_method": "GET",
			}}
			if r.lib.column == "Python" { // which has no place for it
				q.more = without(q.more, "time_limit")
			}
			rep := r.ask(q)
			rec := r.recorded()
			r.succeeds(rep, 202, told(rec))
			lost := map[string]defect{"Conference.record": pythonRecordOptions}[r.way.name]
			if r.lib.column == "Java" {
				lost = javaRecordOptions
			}
			if lost != "" {
				require.Equal(r, "mp3", rec.Format, "the defect %s is gone", lost)
				r.book.found(r.lib, r.op.id, lost)
				return
			}
			require.Equal(r, "wav", rec.Format)
			for k := range q.more {
				require.Contains(r, r.once(202).Body, `"`+k+`"`)
			}
		}},
		unknownConference(),
	}
}

func conferenceRecordingStops() []scenario {
	return []scenario{
		{name: "one that runs", form: byName, run: func(r *run) {
			r.join(blankRoom, fake.Leg{})
			r.order(recordConference, query{name: blankRoom}, "{}")
			r.done(r.ask(query{name: blankRoom}))
			require.Equal(r, server.RecordingDone, r.recorded().State)
		}},
		{name: "none", form: byName, run: func(r *run) {
			r.join(oneRoom, fake.Leg{})
			r.fails(r.ask(query{name: oneRoom}), 404, "not found")
		}},
		unknownConference(),
	}
}
