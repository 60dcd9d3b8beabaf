package main

import (
	"context"
	"fmt"
	"time"
)

type demoCommand struct {
	Provider []string      `help:"Only these providers, by the names that head the table." placeholder:"NAME"`
	Timeout  time.Duration `default:"1m" help:"How long all of it may take."`
}

// patience is how long a command, and the events that follow it, may take.
const patience = 5 * time.Second

// introduction is what someone sees first who has never heard of all this.
const introduction = `callcontrol demo

One story is played against each provider. Ada, Ben and Sue are on a conference; one
of them is muted, held, resumed, coached, removed; in the end the conference ends. No
line of the story knows which provider it is played on: each is opened from a URL.

  asked    what the application asks for
  answer   what the library answers; nil means that it has been done
  truth    what the bridge itself shows at that moment
  events   what the library tells somebody who watches the conference
`

// Run plays the story on each stage, and closes with a table.
func (c *demoCommand) Run(ctx context.Context, s streams) error {
	chosen, err := pick(settings(), func(s setting) string { return s.title }, "provider", c.Provider)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()

	out := &page{s.out}
	fmt.Fprint(s.out, introduction)
	rows := [][]string{{"step"}}
	for _, scene := range scenes {
		rows = append(rows, []string{scene.row})
	}
	bad := 0
	for _, setting := range chosen {
		out.title(setting.title)
		stage, err := setting.open(ctx)
		if err != nil {
			return fmt.Errorf("%s could not be opened: %w", setting.title, err)
		}
		cells, n := perform(ctx, stage, out, patience)
		if err := stage.close(); err != nil {
			return fmt.Errorf("%s could not be closed: %w", setting.title, err)
		}
		bad += n
		rows[0] = append(rows[0], setting.title)
		for i, cell := range cells {
			rows[i+1] = append(rows[i+1], cell)
		}
	}
	out.title("Provider by step")
	fmt.Fprintln(s.out)
	if err := out.table(rows); err != nil {
		return err
	}
	steps := len(chosen) * len(scenes)
	fmt.Fprintf(s.out, "\n%d of %d steps were as the contract says.\n", steps-bad, steps)
	if bad > 0 {
		return errBad
	}
	return nil
}
