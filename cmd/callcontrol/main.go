// Command callcontrol shows what the library does and judges its drivers, with no account and no
// telephone: everything runs in this process, against the fakes that come with the module.
//
//	callcontrol demo          plays one story against each provider
//	callcontrol conformance   judges each driver by the conformance suite
//	callcontrol capabilities  prints what each provider can do
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

type commands struct {
	Demo         demoCommand         `cmd:"" help:"Play one story against each provider and tell whether each step was as the contract says."`
	Conformance  conformanceCommand  `cmd:"" help:"Judge each driver against its fake by the conformance suite."`
	Capabilities capabilitiesCommand `cmd:"" help:"Print what each provider can do, as docs/capabilities.md has it."`
}

// The exit statuses.
const (
	statusGood  = 0
	statusBad   = 1 // something was not as promised, or could not be done
	statusUsage = 2
)

// errBad says that what had to be said has been printed already, and was not good.
var errBad = errors.New("not as promised")

// A streams is where a command writes.
type streams struct{ out, err io.Writer }

// run parses the arguments, does what they say and gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var (
		c      commands
		exited = -1
	)
	parser, err := kong.New(&c,
		kong.Name("callcontrol"),
		kong.Description("Conference call control that does not care which vendor hosts the call."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { exited = status }), // after --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{stdout, stderr}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "callcontrol:", err)
		return statusUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		fmt.Fprintln(stderr, "callcontrol:", err)
		fmt.Fprintln(stderr, "callcontrol --help tells what there is")
		return statusUsage
	}
	switch err := command.Run(); {
	case errors.Is(err, errBad):
		return statusBad
	case err != nil:
		fmt.Fprintln(stderr, "callcontrol:", err)
		return statusBad
	}
	return statusGood
}
