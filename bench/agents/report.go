package agents

import (
	"fmt"
	"io"
	"time"
)

// Failed tells whether a story was not the truth in the end, or no rate at all was sustained.
func (r *Report) Failed() bool {
	return r.wrong() > 0 || r.highest() == nil
}

// wrong is how many stories were not the truth in the end, at rates that were sustained or not.
func (r *Report) wrong() (n int) {
	for _, s := range r.Steps {
		n += s.Wrong
	}
	return n
}

// highest is the last step that was sustained.
func (r *Report) highest() (step *Step) {
	for i := range r.Steps {
		if r.Steps[i].Sustained {
			step = &r.Steps[i]
		}
	}
	return step
}

// Write prints the report in Markdown.
func (r *Report) Write(w io.Writer) {
	quietness := "How much others used the machine meanwhile is not known."
	if r.Others >= 0 {
		quietness = fmt.Sprintf("Others used %.1f%% of the machine meanwhile.", 100*r.Others)
	}
	fmt.Fprintf(w, "Processes: %s. %s\n\n", r.Layout, quietness)
	verdict := "holds"
	if r.wrong() > 0 {
		verdict = "FAILS"
	}
	fmt.Fprintln(w, "| bar | limit | measured | |\n|---|---|---|---|")
	fmt.Fprintf(w, "| stories that are not what the bridge is in the end, %d agents at %d rates | 0 | %d | %s |\n", r.Agents, len(r.Steps), r.wrong(), verdict)
	if s := r.highest(); s != nil {
		fmt.Fprintf(w, "| highest rate that is sustained | reported | %d changes a second | |\n", s.Rate)
	} else {
		fmt.Fprintf(w, "| highest rate that is sustained | reported | none | FAILS |\n")
	}
	agents := int64(max(r.Agents, 1))
	fmt.Fprintf(w, "| memory of an agent who waits: heap and stacks | reported | %.1f KiB and %.1f KiB, %.1f goroutines | |\n\n",
		float64(r.Weight.Heap/agents)/1024, float64(r.Weight.Stacks/agents)/1024, float64(r.Weight.Goroutines)/float64(agents))
	fmt.Fprintln(w, "| changes a second | made | CPU of the client, of one CPU | CPU a change | events a change | true after | gaps, stale | sustained |\n|---|---|---|---|---|---|---|---|")
	for _, s := range r.Steps {
		sustained := "no"
		if s.Sustained {
			sustained = "yes"
		}
		changes := float64(max(s.Changes, 1))
		spent := float64(s.Usage.CPU) / (changes/max(s.Made, 1)*float64(time.Second) + float64(s.Caught))
		after := fmt.Sprint(s.Caught.Round(time.Millisecond))
		if s.Wrong > 0 {
			after = fmt.Sprintf("never: %d wrong", s.Wrong)
		}
		fmt.Fprintf(w, "| %d | %.0f | %.0f%% | %.0f µs | %.2f | %s | %d, %d | %s |\n", s.Rate, s.Made, 100*spent,
			float64(s.Usage.CPU)/changes/1000, float64(s.Usage.Events)/changes, after, s.Usage.Gaps, s.Usage.Stale, sustained)
	}
}
