package genesysserver

import (
	"fmt"
	"io"
	"log/slog"
)

// Format prints the user's name and hides the password and the number, whatever the verb.
func (o AgentOptions) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "genesysserver.AgentOptions{User:"+o.User+" Password:***}")
}

// LogValue tells the user's name and hides the password and the number.
func (o AgentOptions) LogValue() slog.Value { return slog.GroupValue(slog.String("user", o.User)) }

// Format prints the user's name, whatever the verb.
func (a *Agent) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "genesysserver.Agent{"+a.options.User+"}")
}

// LogValue tells the user's name.
func (a *Agent) LogValue() slog.Value { return a.options.LogValue() }

// Format writes a fixed word for every verb.
func (s *Server) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "genesysserver.Server{...}") }

// LogValue tells the type alone.
func (s *Server) LogValue() slog.Value { return slog.StringValue("genesysserver.Server") }

// Format prints where the endpoint is, whatever the verb.
func (e *Endpoint) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "genesysserver.Endpoint{"+e.url+"}")
}

// LogValue tells where the endpoint is.
func (e *Endpoint) LogValue() slog.Value { return slog.GroupValue(slog.String("url", e.url)) }
