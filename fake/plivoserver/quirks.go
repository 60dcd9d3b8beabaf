package plivoserver

// Quirks are the ways in which recorded answers of the vendor differ from each other. The zero
// Quirks answer as most official libraries and the documentation have it; each field turns one
// answer into the other form that has been seen, for clients that must understand both.
type Quirks struct {
	// MemberID is the form of member_id in answers to Conference member actions.
	MemberID MemberIDForm
	// MemberActions204 answers every Conference member action with 204 and nothing (plivo-go's
	// tests), where the documentation has 202 for POST.
	MemberActions204 bool
	// NoConferencesKey leaves the key "conferences" out of the list when no conference is live
	// (plivo-node, issue 149), in place of an empty list.
	NoConferencesKey bool

	// NestedUpdate puts the texts that answer an update of a participant under "message"
	// (plivo-python's fixture).
	NestedUpdate bool
	// Misspelt writes "succeded" in those texts for mute and hold (recorded fixtures of plivo-go,
	// plivo-java, plivo-ruby, plivo-node).
	Misspelt bool
	// LowerCase writes the status of a room in lower case (plivo-go's fixture).
	LowerCase bool
	// NumericAmounts writes billed_amount as a number (plivo-python's fixture).
	NumericAmounts bool
	// DocumentedExit names the exit cause participant_exit_cause ("The Multiparty Object").
	DocumentedExit bool
	// OldParticipants leaves member_address and exit_cause out (fixtures from before February 2022).
	OldParticipants bool
	// TotalCount names the count of a list total_count (plivo-java's participants fixture).
	TotalCount bool
	// NoLinks leaves next and previous out of a list's meta (the newer list page).
	NoLinks bool
	// UUIDLinks gives live rooms a resource_uri by uuid_ (early plivo-python and plivo-ruby
	// fixtures); else they have the form that was asked by.
	UUIDLinks bool
}

// A MemberIDForm is how an answer tells which members it is about.
type MemberIDForm uint8

const (
	MemberIDText       MemberIDForm = iota // "10", "10,11", "all" ("Kick or disconnect a member from a conference")
	MemberIDList                           // ["10"] (plivo-java's fixtures)
	MemberIDPythonText                     // "[u'10', u'11']" (the documentation's answers to play and speak)
)

// memberID is a selection as it was asked for, in the chosen form.
func (q Quirks) memberID(asked string, ids []string) any {
	switch q.MemberID {
	case MemberIDList:
		return ids
	case MemberIDPythonText:
		return quoteList(ids)
	}
	return asked
}
