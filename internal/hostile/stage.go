package hostile

import (
	"context"
	"net"
)

// A Stage is the network that a case is played on. Addresses are names: "api.example.com:443".
type Stage struct {
	Listen func(addr string) (net.Listener, error)
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)

	// Own has the client use its own transport: the vendor then is at a port of the loopback
	// interface and speaks plain HTTP, and Dial is not used.
	Own bool
}

// Own is a stage of the loopback interface for clients with their own transport.
func Own() Stage {
	return Stage{
		Listen: func(string) (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		Own:    true,
	}
}
