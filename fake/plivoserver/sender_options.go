package plivoserver

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CallbackOptions configure a Sender. The zero CallbackOptions send each callback once, in order of
// happening, over a transport of their own, signed V3 with the account's token.
type CallbackOptions struct {
	// Transport sends the requests; nil: one of the Sender's own, whose idle connections Close closes.
	// Redirects are not followed.
	Transport http.RoundTripper `json:"-" xml:"-" yaml:"-"`
	// Timeout is how long a request may take, its answer's body included; 0: 55 s, and 15 s for the
	// XML of an exit action, as documented.
	Timeout time.Duration
	// Workers is how many requests are under way at once; 0: 1, so that one ends before the next
	// begins.
	Workers int
	// QueueSize is how many callbacks wait at most, those that are delayed or held back included, and
	// how many pieces of the Switch's news; 0: 1,024. What finds no room is lost and counted.
	QueueSize int
	// LogSize is how many deliveries are kept for Sent, the latest ones; 0: 4,096.
	LogSize int

	// Tokens sign X-Plivo-Signature-V3, one signature each; none: the account's token.
	Tokens []string `json:"-" xml:"-" yaml:"-"`
	// MainToken signs X-Plivo-Signature-Ma-V3; empty: the account's token, unless the account is a
	// sub-account (SA), which leaves the header out.
	MainToken string `json:"-" xml:"-" yaml:"-"`
	// V2 adds the headers of signature V2, made with the first of Tokens and with MainToken.
	V2 bool
	// Header is added to every request. A line that the Sender makes itself is not replaced.
	Header http.Header

	// Decide says what becomes of each callback on its way, in order of happening; nil: Trouble does.
	// It must not call the Switch, the Server or the Sender, and may be called by several goroutines at
	// once. A Plan that cannot be meant, such as one with a negative number, counts as the zero Plan.
	Decide func(Callback) Plan `json:"-" xml:"-" yaml:"-"`
	// Trouble has random callbacks come to harm.
	Trouble Trouble
	// Retries obeys the keys ct, rt, tt, rc and rp in the fragment of a callback's URL, with the
	// documented defaults for those that are not there: one retry after a timeout of connecting or of
	// reading ("Callback Configurations"). It takes the place of Timeout, and needs a Transport that
	// tells of its connections, as net/http's does. Without it everything is sent once, whatever is
	// answered.
	Retries bool
}

const (
	callbackTimeout  = 55 * time.Second
	exitTimeout      = 15 * time.Second
	defaultQueueSize = 1024
)

// fill checks the options and sets what is left out.
func (o CallbackOptions) fill(s *Server) (CallbackOptions, error) {
	switch {
	case o.Timeout < 0, o.Workers < 0, o.QueueSize < 0, o.LogSize < 0:
		return o, errors.New("plivoserver: callbacks with a negative number")
	case slices.ContainsFunc(o.Tokens, blank), o.MainToken != "" && blank(o.MainToken):
		return o, errors.New("plivoserver: a blank token for callbacks")
	case o.Decide != nil && o.Trouble != Trouble{}:
		return o, errors.New("plivoserver: callbacks with both Decide and Trouble")
	}
	if err := o.Trouble.check(); err != nil {
		return o, err
	}
	for _, x := range []struct {
		value     *int
		otherwise int
	}{{&o.Workers, 1}, {&o.QueueSize, defaultQueueSize}, {&o.LogSize, defaultLogSize}} {
		if *x.value == 0 {
			*x.value = x.otherwise
		}
	}
	o.Tokens = slices.Clone(o.Tokens)
	if len(o.Tokens) == 0 {
		o.Tokens = []string{s.options.AuthToken}
	}
	if o.MainToken == "" && strings.HasPrefix(s.options.AuthID, "MA") {
		o.MainToken = s.options.AuthToken
	}
	o.Header = o.Header.Clone()
	return o, nil
}

func blank(token string) bool { return strings.TrimSpace(token) == "" }

// Format hides the tokens, whatever the verb.
func (o CallbackOptions) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "plivoserver.CallbackOptions{Tokens:%d MainToken:*** Workers:%d QueueSize:%d}",
		len(o.Tokens), o.Workers, o.QueueSize)
}

// LogValue hides the tokens.
func (o CallbackOptions) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("tokens", len(o.Tokens)), slog.Int("workers", o.Workers))
}

// Format tells of which account the callbacks are, whatever the verb.
func (s *Sender) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "plivoserver.Sender{AuthID:"+s.server.options.AuthID+"}")
}

// LogValue tells of which account the callbacks are.
func (s *Sender) LogValue() slog.Value { return s.server.LogValue() }
