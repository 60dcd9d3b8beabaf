// Package page keeps the sections of a page that a command prints.
package page

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts a section's text between its two marks, which are comments of the page:
//
//	<!-- request: printed by a command -->
//	<!-- end of request -->
//
// Whatever else the first one says is kept. It is an error if they are not there exactly once.
func Replace(file, section, text string) error {
	before, after, err := place(file, section)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(before+strings.TrimRight(text, "\n")+"\n"+after), 0o644)
}

// Check tells whether Replace would find the place.
func Check(file, section string) error {
	_, _, err := place(file, section)
	return err
}

// place is what is before and after a section, its marks included.
func place(file, section string) (before, after string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	begin, end := "<!-- "+section+":", "<!-- end of "+section+" -->"
	before, rest, ok := strings.Cut(string(text), begin)
	note, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, end)
	if !ok || !ok2 || !ok3 || strings.Contains(after, begin) || strings.Contains(after, end) {
		return "", "", fmt.Errorf("%s has no place for %q", file, section)
	}
	return before + begin + note + "-->\n", end + after, nil
}
