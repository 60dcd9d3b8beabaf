// Package all registers every driver of this module, for applications that choose the provider at
// run time. Importing it for its side effect is all there is to it:
//
//	import _ "github.com/callcontrol-go/callcontrol/provider/all"
//
// An application that knows its providers imports their packages alone.
package all

import (
	_ "github.com/callcontrol-go/callcontrol/fake"    // "fake"
	_ "github.com/callcontrol-go/callcontrol/genesys" // "genesys"
	_ "github.com/callcontrol-go/callcontrol/plivo"   // "plivo-mpc", "plivo-conference"
)
