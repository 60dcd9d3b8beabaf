package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

type conformanceCommand struct {
	Driver []string `help:"Only these drivers." placeholder:"NAME"`
	Rules  bool     `help:"List the rules, and judge nobody."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// A report is what the suite says of one driver.
type report struct {
	Driver   string
	Outcomes []conformance.Outcome
}

func (r report) count(verdict string) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.Verdict == verdict {
			n++
		}
	}
	return n
}

// marks is how a verdict looks in the table.
var marks = map[string]string{
	conformance.Holds:       "+",
	conformance.Fails:       "FAILS",
	conformance.CannotArise: "-",
	conformance.NotJudged:   "?",
}

// Run judges the chosen drivers, in real time and over loopback sockets where they speak HTTP.
func (c *conformanceCommand) Run(ctx context.Context, s streams) error {
	if c.Rules {
		return c.list(s.out)
	}
	chosen, err := pick(worlds.Loopback(), func(h conformance.Harness) string { return h.Name }, "driver", c.Driver)
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(s.out, "Judging %d drivers by %d rules, in real time. This takes less than a minute.\n", len(chosen), len(conformance.Rules()))
	}
	reports := check(ctx, chosen)
	print := printReports
	if c.JSON {
		print = printJSON
	}
	if err := print(s.out, reports); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("not everything was judged: %w", err)
	}
	if slices.ContainsFunc(reports, func(r report) bool { return r.count(conformance.Fails) > 0 }) {
		return errBad
	}
	return nil
}

// together is how many drivers are judged at a time. Most rules are about waiting, but a machine that
// begins too many cases at once is late for all of them.
const together = 9

// check judges the drivers side by side.
func check(ctx context.Context, drivers []conformance.Harness) []report {
	reports := make([]report, len(drivers))
	var wg sync.WaitGroup
	slots := make(chan struct{}, together)
	for i, h := range drivers {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			reports[i] = report{Driver: h.Name, Outcomes: conformance.Check(ctx, h)}
		})
	}
	wg.Wait()
	return reports
}

// list prints the rules.
func (c *conformanceCommand) list(w io.Writer) error {
	rules := conformance.Rules()
	if c.JSON {
		type entry struct {
			Name  string `json:"name"`
			Group string `json:"group"`
			Rule  string `json:"rule"`
		}
		list := make([]entry, len(rules))
		for i, r := range rules {
			list[i] = entry(r)
		}
		return encode(w, list)
	}
	rows := [][]string{{"rule", "what it says"}}
	for _, r := range rules {
		rows = append(rows, []string{r.Name, r.Rule})
	}
	p := &page{w}
	if err := p.table(rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d rules\n", len(rules))
	return err
}

// printReports prints rules by driver, then what is worth a sentence, then the counts, and last what
// fails.
func printReports(w io.Writer, reports []report) error {
	p := &page{w}
	p.title("Rules by driver")
	fmt.Fprintf(w, "\n+ holds   - cannot arise there   ? was not judged\n\n")
	head := []string{"rule"}
	for i, r := range reports {
		column := string(rune('A' + i))
		fmt.Fprintf(w, "%s = %s\n", column, r.Driver)
		head = append(head, column)
	}
	fmt.Fprintln(w)
	rows := [][]string{head}
	for i, o := range reports[0].Outcomes {
		row := []string{o.Case}
		for _, r := range reports {
			row = append(row, markOf(r, i, o.Case))
		}
		rows = append(rows, row)
	}
	if err := p.table(rows); err != nil {
		return err
	}
	p.sentences("What cannot arise", conformance.CannotArise, reports)
	p.sentences("What holds, with a remark", conformance.Holds, reports)
	p.title("Counts")
	fmt.Fprintln(w)
	if err := p.table(counts(reports)); err != nil {
		return err
	}
	p.sentences("What was not judged", conformance.NotJudged, reports)
	p.sentences("What fails", conformance.Fails, reports)
	return nil
}

// sentences prints the details of one verdict, if there are any.
func (p *page) sentences(title, verdict string, reports []report) {
	titled := false
	for _, r := range reports {
		named := false
		for _, o := range ofVerdict(r, verdict) {
			if o.Detail == "" {
				continue
			}
			if !titled {
				p.title(title)
				titled = true
			}
			if !named {
				fmt.Fprintf(p.w, "\n%s\n", r.Driver)
				named = true
			}
			fmt.Fprintf(p.w, "  %s: %s\n", o.Case, o.Detail)
			if verdict == conformance.Fails {
				fmt.Fprintf(p.w, "    the rule: %s\n", o.Rule)
			}
		}
	}
}

// markOf gives the mark of case number i, which has that name wherever reports have the same rules.
func markOf(r report, i int, name string) string {
	if i >= len(r.Outcomes) || r.Outcomes[i].Case != name {
		return ""
	}
	return marks[r.Outcomes[i].Verdict]
}

func ofVerdict(r report, verdict string) []conformance.Outcome {
	return slices.DeleteFunc(slices.Clone(r.Outcomes), func(o conformance.Outcome) bool { return o.Verdict != verdict })
}

func counts(reports []report) [][]string {
	verdicts := []string{conformance.Holds, conformance.Fails, conformance.CannotArise, conformance.NotJudged}
	rows := [][]string{append([]string{"driver"}, verdicts...)}
	for _, r := range reports {
		row := []string{r.Driver}
		for _, v := range verdicts {
			row = append(row, fmt.Sprint(r.count(v)))
		}
		rows = append(rows, row)
	}
	return rows
}

// printJSON prints one object a driver, with its counts and all outcomes.
func printJSON(w io.Writer, reports []report) error {
	type outcome struct {
		Case    string `json:"case"`
		Rule    string `json:"rule"`
		Verdict string `json:"verdict"`
		Detail  string `json:"detail,omitempty"`
	}
	type driver struct {
		Driver      string    `json:"driver"`
		Holds       int       `json:"holds"`
		Fails       int       `json:"fails"`
		CannotArise int       `json:"cannot_arise"`
		NotJudged   int       `json:"not_judged"`
		Outcomes    []outcome `json:"outcomes"`
	}
	list := make([]driver, 0, len(reports))
	for _, r := range reports {
		d := driver{
			Driver: r.Driver, Holds: r.count(conformance.Holds), Fails: r.count(conformance.Fails),
			CannotArise: r.count(conformance.CannotArise), NotJudged: r.count(conformance.NotJudged),
			Outcomes: make([]outcome, 0, len(r.Outcomes)),
		}
		for _, o := range r.Outcomes {
			d.Outcomes = append(d.Outcomes, outcome(o))
		}
		list = append(list, d)
	}
	return encode(w, list)
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
