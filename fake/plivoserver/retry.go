package plivoserver

import (
	"context"
	"errors"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A tuning is what the keys in the fragment of a callback's URL say ("Callback Configurations").
type tuning struct {
	connect, read, total time.Duration
	retries              int
	on                   []string
}

// parseTuning reads a URL's fragment. A key that is not there, or whose value is out of its range,
// has its default.
func parseTuning(rawURL string) tuning {
	_, fragment, _ := strings.Cut(rawURL, "#")
	keys, _ := url.ParseQuery(fragment) // what cannot be read is not there
	number := func(key string, least, most, otherwise int) int {
		if n, err := strconv.Atoi(keys.Get(key)); err == nil && n >= least && n <= most {
			return n
		}
		return otherwise
	}
	t := tuning{
		connect: time.Duration(number("ct", 100, 10_000, 2_000)) * time.Millisecond,
		read:    time.Duration(number("rt", 100, 40_000, 40_000)) * time.Millisecond,
		total:   time.Duration(number("tt", 100, 55_000, 55_000)) * time.Millisecond,
		retries: number("rc", 0, 5, 1),
		on:      []string{"ct", "rt"},
	}
	if keys.Has("rp") {
		t.on = strings.Split(keys.Get("rp"), ",")
	}
	return t
}

var (
	errConnect = errors.New("plivoserver: connecting took too long")
	errRead    = errors.New("plivoserver: the answer took too long")
)

// again reports whether an attempt that went so is followed by another. A connection that fails is
// no timeout, and is tried again with rp=all only.
func (t tuning) again(status int, err error) bool {
	why := ""
	switch {
	case errors.Is(err, errConnect):
		why = "ct"
	case errors.Is(err, errRead):
		why = "rt"
	case err != nil:
		why = "-"
	case status >= 500:
		why = "5xx"
	case status >= 400:
		why = "4xx"
	}
	return why != "" && (slices.Contains(t.on, why) || slices.Contains(t.on, "all"))
}

// persist sends a job as its URL's fragment has it.
func (s *Sender) persist(j *job) {
	t := parseTuning(j.URL)
	ctx, cancel := context.WithTimeout(s.ctx, t.total)
	defer cancel()
	for n := 1; ; n++ {
		status, err := s.timed(ctx, j, n, t)
		if n > t.retries || ctx.Err() != nil || !t.again(status, err) {
			return
		}
	}
}

// timed is one attempt within the times for connecting and for reading. The transport has to tell of
// its connections, as net/http's does.
func (s *Sender) timed(ctx context.Context, j *job, number int, t tuning) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	connect := time.AfterFunc(t.connect, func() { cancel(errConnect) })
	defer connect.Stop()
	read := time.AfterFunc(time.Hour, func() { cancel(errRead) })
	defer read.Stop()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		connect.Stop()
		read.Reset(t.read)
	}}
	status, err := s.attempt(httptrace.WithClientTrace(ctx, trace), j, number)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errConnect) || errors.Is(cause, errRead) {
			err = cause
		}
	}
	return status, err
}
