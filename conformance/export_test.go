package conformance

// Report is report, for a test that looks at what Run says.
func Report(t interface {
	Helper()
	Logf(string, ...any)
	Errorf(string, ...any)
}, h Harness, o Outcome) {
	report(t, h, o)
}

// CaseLimit is how long a case may take.
const CaseLimit = caseLimit
