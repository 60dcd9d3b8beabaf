package procs

import "fmt"

// CPUs are numbers of CPUs, as the system counts them.
type CPUs []int

// A Layout says where a measurement runs: the server on one CPU and the clients on another, so that
// neither takes time from the other.
type Layout struct {
	Server, Client CPUs
	Problem        string // why they are not apart; empty if they are
}

// Apart chooses the first and the last CPU that this process may use, which are the least likely to
// be two halves of one core. Where it cannot, the layout has a Problem and binds nobody.
func Apart() Layout {
	all, err := available()
	switch {
	case err != nil:
		return Layout{Problem: fmt.Sprintf("processes cannot be bound to CPUs: %v", err)}
	case len(all) < 2:
		return Layout{Problem: "there is one CPU only, which client and server share"}
	}
	return Layout{Server: all[:1], Client: all[len(all)-1:]}
}

// String tells the layout for a reader of figures.
func (l Layout) String() string {
	if l.Problem != "" {
		return "NOT PINNED (" + l.Problem + ")"
	}
	return fmt.Sprintf("server on CPU %d, clients on CPU %d", l.Server[0], l.Client[0])
}
