package interop_test

// A defect is a known one of a library: a stable word for it, which the table's notes explain. Every
// one of them is asserted, so that a version without it does not go unnoticed.
type defect string

const (
	goServerError       defect = "go-server-error"
	goEmptyBody         defect = "go-empty-body"
	goCoachFalse        defect = "go-coach-false"
	goExits             defect = "go-exits"
	goEmptyWords        defect = "go-empty-words"
	goMemberID          defect = "go-member-id"
	nodePlainErrors     defect = "node-plain-errors"
	nodeArguments       defect = "node-arguments"
	nodeText            defect = "node-text-booleans"
	nodeCoachFalse      defect = "node-coach-false"
	nodeCreationTime    defect = "node-creation-time"
	nodeListedRooms     defect = "node-listed-rooms"
	nodeOneWay          defect = "node-other-host"
	nodeOffset          defect = "node-offset"
	nodeEmptyList       defect = "node-empty-list"
	pythonRetries       defect = "python-retries"
	pythonUntyped       defect = "python-untyped-retry"
	pythonTuple         defect = "python-tuple"
	pythonLeaks         defect = "python-leaks"
	pythonOneWay        defect = "python-not-voice"
	pythonLists         defect = "python-list-errors"
	pythonTwice         defect = "python-argument-twice"
	pythonRecordOptions defect = "python-record-options"
	javaPlay            defect = "java-play"
	javaRecordOptions   defect = "java-record-options"
	javaForbidden       defect = "java-forbidden"
	javaMemberID        defect = "java-member-id"
	javaCount           defect = "java-count"
	javaResume          defect = "java-resume-pauses"
	rawNames            defect = "raw-names"

	// Of signatures.
	oneValue        defect = "one-value"
	goPathEscapes   defect = "go-path-escapes"
	goFullStop      defect = "go-full-stop"
	nodeRawText     defect = "node-raw-text"
	nodeAtSign      defect = "node-at-sign"
	nodeIPv6        defect = "node-ipv6"
	pythonPathText  defect = "python-path-text"
	pythonSemicolon defect = "python-semicolon"
	pythonQueryText defect = "python-query-text"
	javaPort        defect = "java-port"
	javaDecodes     defect = "java-decodes-first"
	javaEmptyPair   defect = "java-empty-pair"
	javaFullStop    defect = "java-full-stop"
	javaNothing     defect = "java-nothing-sent"
	javaMethod      defect = "java-method"
	wideText        defect = "wide-text"
)

// A note tells of a defect in the table.
type note struct {
	defect  defect
	columns string
	text    string
}

// notes is what each defect is, in the order of the table.
var notes = []note{
	{goServerError, "Go", "A 5xx is tried three times, and if the last answer is one too the call returns a nil error and a zero result."},
	{goEmptyBody, "Go", "An error answer with an empty body is a nil error and a zero result, and a 5xx is not tried again then."},
	{goCoachFalse, "Go", "Add Participant cannot say `coach_mode: false`: the field is left out, and the supervisor coaches."},
	{goExits, "Go", "Add Participant ends the process when its arguments do not go together."},
	{goMemberID, "Go", "A `member_id` that is text and not a list is an error, though the action was done and told with 202."},
	{goEmptyWords, "Go", "What is not given is sent all the same: an empty track of a recording, an empty voice and language of a speech, and `mix`."},
	{nodePlainErrors, "Node", "Every error is a plain `Error`, so that `instanceof` tells nothing; 403, 429 and 502 to 504 lose status and text too."},
	{nodeArguments, "Node", "The objects that a caller passes are changed: the room is taken out, and `isVoiceRequest` put in."},
	{nodeText, "Node", "Booleans that are not given are sent, as the text `\"true\"` or `\"false\"`."},
	{nodeCoachFalse, "Node", "Add Participant makes `coachMode: false` into `\"true\"`."},
	{nodeCreationTime, "Node", "Filters by creation time lose an underscore on their way, so that they do not filter."},
	{nodeOffset, "Node", "No `offset` can be given: the check of its range refuses every one."},
	{nodeListedRooms, "Node", "The methods of a room that was listed leave `uuid_` out of the path, and find nothing."},
	{nodeEmptyList, "Node", "A list of conferences without the key is a `TypeError`."},
	{nodeOneWay, "Node", "To stop speaking is sent as if it were no voice request: to the configured URL, and once."},
	{pythonRetries, "Python", "The count of tries belongs to the client and is only reset by a success: after three 5xx the next one is not tried again."},
	{pythonUntyped, "Python", "A call that succeeds on its second try returns an object of another type, without methods."},
	{pythonTuple, "Python", "Activate sends its status as a list of one."},
	{pythonLeaks, "Python", "What is in the path is sent in the body once more."},
	{pythonOneWay, "Python", "Activate is sent as if it were no voice request: to the other base URL, and once."},
	{pythonLists, "Python", "An error answer to a list is an `AttributeError`, but for 400 and 5xx."},
	{pythonTwice, "Python", "The method of the object passes an argument twice, and is a `TypeError` always."},
	{pythonRecordOptions, "Python", "The methods of objects that begin a recording lose options: of a conference all of them, of a room its format."},
	{javaForbidden, "Java", "403 is a `ResourceNotFoundException`."},
	{javaMemberID, "Java", "A `member_id` that is text and not a list is an error, though the action was done and told with 202."},
	{javaCount, "Java", "The count of a list is lost: it is looked for under `total_count`."},
	{javaResume, "Java", "`participantRecordResume` of a room and `recordResume` of a participant, as objects, pause."},
	{javaPlay, "Java", "Whom a play is for, and in which room, is lost: it is looked for under `mpc_member_id` and `mpc_name`."},
	{javaRecordOptions, "Java", "The recording of a conference is begun without its options: none of them is sent."},
	{rawNames, "Go, Node, Python", "Names of rooms go into the path as they are: `a/b` does not arrive whole, for Node and Python `who?` and `#1` neither, for Node `50%` neither."},
	{oneValue, "Go, Java", "V3: one value of a key is signed, and there is no way to give more; with a query that has two Java fails."},
	{goPathEscapes, "Go", "V3 and V2: the path is signed unescaped."},
	{goFullStop, "Go", "V3: full stops at the end of a form are lost where there is a query."},
	{nodeRawText, "Node", "V3 and V2: what is not ASCII in the path is encoded twice."},
	{nodeAtSign, "Node", "V3 and V2: what is before an at sign in the path is taken for a user and his password."},
	{nodeIPv6, "Node", "V3 and V2: an address of IPv6 is no host."},
	{pythonPathText, "Python", "V3 and V2: what is not ASCII in the path is a `UnicodeDecodeError`."},
	{pythonSemicolon, "Python", "V3 and V2: what follows a semicolon in the last segment of the path is not signed."},
	{pythonQueryText, "Python", "V3: what is not ASCII in a query is encoded twice."},
	{javaPort, "Java", "V3: the port is not signed."},
	{javaDecodes, "Java", "V3: the URL is decoded whole, as if it were a form, before it is taken apart."},
	{javaEmptyPair, "Java", "V3: two ampersands in a query are a parameter without a name."},
	{javaFullStop, "Java", "V3: a full stop stands behind the query where a POST has no form."},
	{javaNothing, "Java", "V3: where nothing is sent a POST is signed with a question mark, and a GET fails."},
	{javaMethod, "Java", "V3: a method that is not the program's own constant is taken for POST, since it is compared by reference."},
	{wideText, "Node, Java", "V3: keys are in the order of their UTF-16 units and not of their bytes."},
}
