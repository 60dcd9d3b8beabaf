package conformance

import (
	"bytes"
	"runtime/pprof"
	"strconv"
	"strings"
)

// markKey labels every goroutine that a case starts, directly or not, with the case's mark.
const markKey = "conformance"

// marked counts the live goroutines of this case, and shows where one of them is.
func (p *probe) marked() (n int, where string) {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		p.notJudged("goroutines could not be counted: " + err.Error())
	}
	// After a title come records: a line "count @ addresses", perhaps "# labels: {...}", and frames.
	_, records, _ := strings.Cut(b.String(), "\n")
	for record := range strings.SplitSeq(records, "\n\n") {
		head, rest, _ := strings.Cut(record, "\n")
		if !strings.Contains(rest, strconv.Quote(p.mark)) {
			continue
		}
		count, _, _ := strings.Cut(head, " ")
		k, err := strconv.Atoi(count)
		if err != nil {
			p.notJudged("goroutines could not be counted: " + err.Error())
		}
		n += k
		if !strings.Contains(rest, "conformance.(*probe).marked") {
			where = rest
		}
	}
	return n, where
}
