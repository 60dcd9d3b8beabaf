package callcontrol

import "strings"

// Require tells whether c can do what an application needs: every control in want, its Removed and
// Ended where want names a fate, and the whole account unless want.SessionOnly says that one login
// is enough. Otherwise the error is [ErrUnsupported]; its Missing has the controls that lack, in
// whichever place, and its text says where. It makes no request. Call it once, at the start.
func Require(c Client, want Capabilities) error {
	if c == nil {
		return &Error{Op: OpRequire, Kind: ErrInvalid, Err: Detail("there is no client")}
	}
	have := c.Capabilities()
	var (
		missing Controls
		list    []string
	)
	for _, of := range []struct {
		what       string
		want, have Controls
	}{
		{"of the conference", want.Conference, have.Conference},
		{"of other participants", want.Others, have.Others},
		{"of one's own leg", want.Self, have.Self},
	} {
		if lack := of.want &^ of.have; lack != 0 {
			missing |= lack
			list = append(list, of.what+": "+lack.String())
		}
	}
	if want.Removed != FateUnknown && want.Removed != have.Removed {
		list = append(list, "a removed leg: "+want.Removed.String()+", here "+have.Removed.String())
	}
	if want.Ended != FateUnknown && want.Ended != have.Ended {
		list = append(list, "a leg of an ended conference: "+want.Ended.String()+", here "+have.Ended.String())
	}
	if have.SessionOnly && !want.SessionOnly {
		list = append(list, "the whole account: here only the calls of one login are seen")
	}
	if len(list) == 0 {
		return nil
	}
	return &Error{
		Op: OpRequire, Client: c.Name(), Provider: c.Provider(), Kind: ErrUnsupported,
		Missing: missing, Err: Detail("wanted " + strings.Join(list, "; ")),
	}
}
