package plivoserver

import (
	"fmt"
	"io"
	"log/slog"
)

// Format prints the account's id and hides the token, whatever the verb.
func (o Options) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "plivoserver.Options{AuthID:"+o.AuthID+" AuthToken:***}")
}

// LogValue tells the account's id and hides the token.
func (o Options) LogValue() slog.Value { return slog.GroupValue(slog.String("auth_id", o.AuthID)) }

// Format prints the account's id, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "plivoserver.Server{AuthID:"+s.options.AuthID+"}")
}

// LogValue tells the account's id.
func (s *Server) LogValue() slog.Value {
	return slog.GroupValue(slog.String("auth_id", s.options.AuthID))
}

// Format prints where the endpoint is, whatever the verb.
func (e *Endpoint) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "plivoserver.Endpoint{"+e.url+"}")
}

// LogValue tells where the endpoint is.
func (e *Endpoint) LogValue() slog.Value { return slog.GroupValue(slog.String("url", e.url)) }
