package request

import (
	"bytes"
	"fmt"
)

// The server's answers are made once. Plivo's are of the shapes that its libraries' recorded ones
// have; all of them carry the headers that such an answer has.
const (
	firstMember = 1000 // the member of worker 0; the others follow
	maxWorkers  = 64
	failing     = 9999 // whatever is asked of this member is answered 500
)

func answer(status, body string) []byte {
	head := "HTTP/1.1 " + status + "\r\nServer: bench\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nX-Request-Id: 7d0f2a60-1111-11ef-8f2e-0242ac110003\r\n"
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}

var (
	noContent = answer("204 No Content", "")
	updated   = answer("202 Accepted", `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","mute":"MPC: standup mute/unmute member(s) succeeded"}`)
	switched  = answer("202 Accepted", `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","message":"muted","member_id":["1000"]}`)
	broken    = answer("500 Internal Server Error", `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","error":"server error"}`)
	unknown   = answer("404 Not Found", `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","error":"not found"}`)
	ofCaller  = answer("200 OK", `{"account_sid":"AC00000000000000000000000000000001","call_sid":"CA00000000000000000000000000001000",`+
		`"conference_sid":"CF00000000000000000000000000000001","coaching":false,"date_created":"Sat, 21 Nov 2026 09:00:00 +0000",`+
		`"date_updated":"Sat, 21 Nov 2026 09:00:00 +0000","end_conference_on_exit":false,"muted":true,"hold":false,`+
		`"start_conference_on_enter":true,"status":"connected"}`)

	participants = readings(participant)
	conferences  = readings(conference)
)

// readings are what a read answers of each worker's member, by whether it is muted.
func readings(body func(member int, muted bool) string) (out [maxWorkers][2][]byte) {
	for i := range out {
		for muted := range out[i] {
			out[i][muted] = answer("200 OK", body(firstMember+i, muted == 1))
		}
	}
	return out
}

func participant(member int, muted bool) string {
	return fmt.Sprintf(`{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","billed_amount":null,"billed_duration":null,`+
		`"call_uuid":"%s","coach_mode":false,"duration":null,"end_mpc_on_exit":false,"exit_cause":null,"exit_time":null,`+
		`"hold":false,"join_time":"2026-11-21 08:59:00+00:00","member_address":"15550100","member_id":"%d",`+
		`"mpc_uuid":"b1e37275-0000-42cd-ae63-000000000001","mute":%t,"role":"agent","start_mpc_on_enter":true,`+
		`"resource_uri":"/v1/Account/MA0000000000000000AA/MultiPartyCall/name_standup/Participant/%d/"}`,
		callOf(member), member, muted, member)
}

// conference has the worker's member and two others.
func conference(member int, muted bool) string {
	var list bytes.Buffer
	for i, m := range []int{member, 17, 18} {
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"muted":%t,"member_id":"%d","deaf":false,"from":"15550100","to":"15550101",`+
			`"caller_name":"desk%%20%d","direction":"inbound","call_uuid":"%s","join_time":"73"}`, muted && i == 0, m, i, callOf(m))
	}
	return fmt.Sprintf(`{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","conference_name":"%s","conference_run_time":"73",`+
		`"conference_member_count":"3","members":[%s]}`, roomOf(member), list.String())
}

func callOf(member int) string { return fmt.Sprintf("ceeac2c3-4d08-465f-87b8-%012d", member) }

// roomOf is the conference of a member, where each has its own.
func roomOf(member int) string { return fmt.Sprintf("standup-%d", member) }
