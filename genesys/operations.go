package genesys

// The names of the operations, as they stand in requests and in the lists of what is offered.
const (
	opHangup   = "Hangup"
	opHold     = "Hold"
	opRetrieve = "Retrieve"
	opMute     = "MuteCall"
	opUnmute   = "UnmuteCall"
	opRemove   = "RemoveParticipantFromConference"
	opClear    = "ClearCall"
	opAdd      = "SingleStepConference"

	opListenIn           = "ListenIn"
	opCoach              = "Coach"
	opBargeIn            = "BargeIn"
	opCancelMonitoring   = "CancelSupervisorMonitoring"
	opSwitchToBargeIn    = "SwitchToBargeIn"
	opSwitchToListenIn   = "SwitchToListenIn"
	opMuteMonitoredUser  = "MuteMonitoredUser"
	opUnmuteMonitored    = "UnmuteMonitoredUser"
	opAttachUserData     = "AttachUserData"
	opUpdateUserData     = "UpdateUserData"
	opDeleteUserData     = "DeleteUserData"
	opDeleteUserDataPair = "DeleteUserDataPair"

	opStart = "StartContactCenterSession"
)

// An operation is the body of a POST.
type operation struct {
	Name        string       `json:"operationName"`
	Participant string       `json:"participant,omitempty"`
	Destination *destination `json:"destination,omitempty"`
	Location    string       `json:"location,omitempty"`
	UserData    any          `json:"userData,omitempty"`
	Key         string       `json:"key,omitempty"`

	TargetDevice string `json:"targetDeviceUri,omitempty"`
	PhoneNumber  string `json:"phoneNumber,omitempty"`
	Scope        string `json:"supervisorMonitoringScope,omitempty"`
	Mode         string `json:"supervisorMonitoringMode,omitempty"`

	Channels  []string `json:"channels,omitempty"`
	Place     string   `json:"place,omitempty"`
	LoginCode string   `json:"loginCode,omitempty"`
	Queue     string   `json:"queue,omitempty"`
	Device    string   `json:"devicePath,omitempty"`
}

// A destination is whom to call.
type destination struct {
	PhoneNumber string `json:"phoneNumber"`
}
