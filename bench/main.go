// Command bench measures what this library costs beside others, and prints tables in Markdown.
//
//	go run .                   everything
//	go run . request           the request path
//	go run . events            the event path
//	go run . agents            many agents of Genesys in one process
//	go run . -quick            what is counted, and an idea of the rest, in about two minutes
//	go run . -update           everything, and docs/benchmarks.md with it
//
// It exits with 1 if a bar does not hold. Bars about time are judged only if the machine was quiet, and
// never by a quick run; those about connections, goroutines and requests always are.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/agents"
	"github.com/callcontrol-go/callcontrol/bench/events"
	"github.com/callcontrol-go/callcontrol/bench/internal/page"
	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
	"github.com/callcontrol-go/callcontrol/bench/request"
)

// roles are what this program is when it has started itself.
var roles = map[string]func() func(json.RawMessage) (any, error){
	request.ServerRole: request.NewServer,
	request.ClientRole: request.NewClient,
	events.ServerRole:  events.NewServer,
	events.ClientRole:  events.NewClient,
	agents.ServerRole:  agents.NewServer,
	agents.ClientRole:  agents.NewClient,
}

// A path is one thing that is measured, and a section of the page.
type path struct {
	name string
	run  func(o options, log io.Writer) (section string, failed bool, err error)
}

// paths in the order of the page.
var paths = []path{
	{"request", requests},
	{"events", receipts},
	{"agents", crowds},
}

// pageFile is where the page is, from the folder of this command.
const pageFile = "../docs/benchmarks.md"

type options struct {
	quick, update bool
	only, profile string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == procs.Command && roles[os.Args[2]] != nil {
		if err := procs.Serve(os.Stdin, os.Stdout, procs.Role(roles[os.Args[2]]())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	failed, err := bench(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if failed {
		fmt.Fprintln(os.Stderr, "bench: a bar does not hold")
		os.Exit(1)
	}
}

func bench(args []string, out, log io.Writer) (failed bool, err error) {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = p.name
	}
	chosen := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		chosen, args = args[0], args[1:]
	}
	var o options
	flags := flag.NewFlagSet("bench ["+strings.Join(names, "|")+"]", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.BoolVar(&o.quick, "quick", false, "judge what is counted, and measure times roughly")
	flags.BoolVar(&o.update, "update", false, "write docs/benchmarks.md, too")
	flags.StringVar(&o.only, "only", "", "measure only what has this in its name")
	flags.StringVar(&o.profile, "profile", "", "write CPU profiles of all contenders to this folder")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	switch {
	case flags.NArg() > 0:
		return false, fmt.Errorf("what is %q?", flags.Arg(0))
	case o.update && (o.quick || o.only != "" || o.profile != ""):
		return false, fmt.Errorf("the page shows whole runs only")
	}
	known := false
	for _, p := range paths {
		if chosen != "" && chosen != p.name {
			continue
		}
		known = true
		if o.update {
			if err := page.Check(pageFile, p.name); err != nil { // before minutes are spent
				return false, err
			}
		}
		began := time.Now()
		section, fails, err := p.run(o, log)
		if err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
		failed = failed || fails
		section = fmt.Sprintf("%s, %s, %d CPUs, %s, %s/%s; it took %d s. %s",
			began.UTC().Format(time.DateOnly), procs.Model(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
			int(time.Since(began).Seconds()), section)
		if _, err := io.WriteString(out, section); err != nil {
			return false, err
		}
		if o.update {
			if err := page.Replace(pageFile, p.name, section); err != nil {
				return false, err
			}
		}
	}
	if !known {
		return false, fmt.Errorf("%q is none of %s", chosen, strings.Join(names, ", "))
	}
	return failed, nil
}

// apart is where the processes run; if that is on one CPU, it is said loudly.
func apart(log io.Writer) procs.Layout {
	layout := procs.Apart()
	if layout.Problem != "" {
		fmt.Fprintf(log, "\n!!! %s\n!!! Client and server take CPU time from each other: TIMES MEAN NOTHING, and are not judged.\n\n", layout.Problem)
	}
	return layout
}

func requests(o options, log io.Writer) (section string, failed bool, err error) {
	report, err := request.Run(request.Options{Quick: o.quick, Only: o.only, Profile: o.profile, Log: log, Layout: apart(log)})
	if err != nil {
		return "", false, err
	}
	var b strings.Builder
	report.Write(&b)
	return b.String(), report.Failed(), nil
}

func receipts(o options, log io.Writer) (section string, failed bool, err error) {
	report, err := events.Run(events.Options{Quick: o.quick, Only: o.only, Profile: o.profile, Log: log, Layout: apart(log)})
	if err != nil {
		return "", false, err
	}
	var b strings.Builder
	report.Write(&b)
	return b.String(), report.Failed(), nil
}

func crowds(o options, log io.Writer) (section string, failed bool, err error) {
	report, err := agents.Run(agents.Options{Quick: o.quick, Log: log, Layout: apart(log)})
	if err != nil {
		return "", false, err
	}
	var b strings.Builder
	report.Write(&b)
	return b.String(), report.Failed(), nil
}
