package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A page is where a story is printed: headings, and lines with a label.
type page struct{ w io.Writer }

func (p *page) title(text string) {
	fmt.Fprintf(p.w, "\n%s\n%s\n", text, strings.Repeat("=", len(text)))
}

func (p *page) heading(format string, args ...any) {
	fmt.Fprintf(p.w, "\n  %s\n", fmt.Sprintf(format, args...))
}

func (p *page) line(label, format string, args ...any) {
	fmt.Fprintf(p.w, "     %-8s %s\n", label, fmt.Sprintf(format, args...))
}

// table prints columns aligned; the first row is the head.
func (p *page) table(rows [][]string) error {
	w := tabwriter.NewWriter(p.w, 0, 0, 3, ' ', 0)
	for i, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
		if i == 0 {
			rule := make([]string, len(row))
			for j, head := range row {
				rule[j] = strings.Repeat("-", len(head))
			}
			fmt.Fprintln(w, strings.Join(rule, "\t"))
		}
	}
	return w.Flush()
}
