package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
)

// sample is what two drivers might have come to.
var sample = []report{
	{Driver: "good", Outcomes: []conformance.Outcome{
		{Case: "end/done", Rule: "End ends.", Verdict: conformance.Holds},
		{Case: "end/twins", Rule: "Twins end.", Verdict: conformance.CannotArise, Detail: "nobody has a twin here"},
		{Case: "life/close", Rule: "Close closes.", Verdict: conformance.Holds},
	}},
	{Driver: "bad", Outcomes: []conformance.Outcome{
		{Case: "end/done", Rule: "End ends.", Verdict: conformance.Fails, Detail: "it went on"},
		{Case: "end/twins", Rule: "Twins end.", Verdict: conformance.NotJudged, Detail: "the world could not"},
		{Case: "life/close", Rule: "Close closes.", Verdict: conformance.Holds, Detail: "judged again"},
	}},
}

const sampleText = `
Rules by driver
===============

+ holds   - cannot arise there   ? was not judged

A = good
B = bad

rule         A   B
----         -   -
end/done     +   FAILS
end/twins    -   ?
life/close   +   +

What cannot arise
=================

good
  end/twins: nobody has a twin here

What holds, with a remark
=========================

bad
  life/close: judged again

Counts
======

driver   holds   fails   cannot arise   not judged
------   -----   -----   ------------   ----------
good     2       0       1              0
bad      1       1       0              1

What was not judged
===================

bad
  end/twins: the world could not

What fails
==========

bad
  end/done: it went on
    the rule: End ends.
`

func TestReportsAsText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printReports(&out, sample))
	require.Equal(t, sampleText, out.String())

	out.Reset()
	require.NoError(t, printReports(&out, sample[:1]))
	require.NotContains(t, out.String(), "What fails")
}

func TestReportsAsJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printJSON(&out, sample[1:]))
	require.JSONEq(t, `[{"driver":"bad","holds":1,"fails":1,"cannot_arise":0,"not_judged":1,"outcomes":[
		{"case":"end/done","rule":"End ends.","verdict":"fails","detail":"it went on"},
		{"case":"end/twins","rule":"Twins end.","verdict":"not judged","detail":"the world could not"},
		{"case":"life/close","rule":"Close closes.","verdict":"holds","detail":"judged again"}]}]`, out.String())
}

func TestRules(t *testing.T) {
	status, stdout, _ := call(t, "conformance", "--rules")
	require.Zero(t, status)
	for _, r := range conformance.Rules() {
		require.Contains(t, stdout, "\n"+r.Name+" ")
		require.Contains(t, stdout, " "+r.Rule+"\n")
	}

	status, stdout, _ = call(t, "conformance", "--rules", "--json")
	require.Zero(t, status)
	var list []conformance.Rule
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.Equal(t, conformance.Rules(), list)
}

// interrupted runs the command for somebody who has lost patience already.
func interrupted(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	status = run(ctx, args, &out, &err)
	return status, out.String(), err.String()
}

func TestInterruptedConformanceIsNoSuccess(t *testing.T) {
	status, stdout, stderr := interrupted(t, "conformance", "--driver", "plivo-mpc")
	require.Equal(t, statusBad, status)
	require.Contains(t, stderr, "not everything was judged")
	require.Contains(t, stdout, "A = plivo-mpc\n")

	status, stdout, _ = interrupted(t, "conformance", "--driver", "plivo-mpc", "--json")
	require.Equal(t, statusBad, status)
	var list []struct {
		Driver    string
		NotJudged int `json:"not_judged"`
	}
	require.NoError(t, json.NewDecoder(strings.NewReader(stdout)).Decode(&list))
	require.Len(t, list, 1)
	require.Equal(t, "plivo-mpc", list[0].Driver)
	require.Equal(t, len(conformance.Rules()), list[0].NotJudged)
}
