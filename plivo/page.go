package plivo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	pageSize      = 20   // the most that Plivo gives
	maxPages      = 500  // of one list; a server that never ends one is not followed further
	maxRoomsPages = 5000 // of the list of rooms
)

// object decodes a JSON object into into, and nothing else: null and lists are no records.
func object(raw json.RawMessage, into any) error {
	if b := bytes.TrimSpace(raw); len(b) == 0 || b[0] != '{' {
		return errNoObject
	}
	return json.Unmarshal(raw, into)
}

const errNoObject = cc.Detail("not an object")

// A page is one page of one of the Multiparty Call API's lists, in any of the shapes in which Plivo
// has been seen to write it.
type page struct {
	Meta struct {
		Count      text            `json:"count"`
		TotalCount text            `json:"total_count"`
		Limit      text            `json:"limit"`
		Next       json.RawMessage `json:"next"`
	} `json:"meta"`
	Objects []json.RawMessage `json:"objects"`
}

// count is how many there are in all; -1 where the page does not tell.
func (p *page) count() int {
	if n := p.Meta.Count.number(); n >= 0 {
		return n
	}
	return p.Meta.TotalCount.number()
}

// readable reports whether the page is one: a list, or the word that there is nothing to list.
func (p *page) readable() bool { return p.Objects != nil || p.count() == 0 }

// more reports whether another page follows, read being what has been read of the list so far. Where
// Plivo says what is next, that decides; the newer pages leave it out, then the count does; where
// both are missing, a page that is not full is the last.
func (p *page) more(read int) bool {
	if len(p.Objects) == 0 {
		return false
	}
	if next := bytes.TrimSpace(p.Meta.Next); len(next) > 0 {
		return !bytes.Equal(next, []byte("null")) && !bytes.Equal(next, []byte(`""`))
	}
	if n := p.count(); n >= 0 {
		return read < n
	}
	limit := p.Meta.Limit.number()
	if limit <= 0 {
		limit = pageSize
	}
	return len(p.Objects) >= limit
}

// pages reads a list page by page until yield says no. The path is that of the list; what a page
// says is next is a sign that there is more, and never an address to go to.
func (a *api) pages(ctx context.Context, op string, filter url.Values, most int, yield func(*page) (bool, error), path ...string) error {
	read := 0
	for range most {
		query := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(read)}}
		for k, v := range filter {
			query[k] = v
		}
		p, err := a.page(ctx, op, query, path...)
		if err != nil {
			return err
		}
		if !p.readable() {
			return a.unreadable("a page without a list")
		}
		read += len(p.Objects)
		if ok, err := yield(p); err != nil || !ok {
			return err
		}
		if !p.more(read) {
			return nil
		}
	}
	return a.fail(cc.ErrUnavailable, cc.Detail("the list does not end"))
}

// page reads one page. It has the client's time where ctx has no deadline of its own.
func (a *api) page(ctx context.Context, op string, query url.Values, path ...string) (*page, error) {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	p := new(page)
	return p, a.get(ctx, op, query, p, path...)
}

// participants reads everybody of a run, the departed included, each once, as last read.
//
// Someone who joins between two pages moves the others by one place, and someone whom Plivo dropped
// would move one of them onto a page already read. So a list whose count moved is read once more
// from its start. If it moved again it is taken when it holds as many as its first page promised;
// otherwise somebody may be missing, which is an error, since absence is taken as proof.
func (a *api) participants(ctx context.Context, op, key string) ([]ParticipantRecord, error) {
	for try := range 2 {
		list, first, moved, err := a.participantsOnce(ctx, op, key)
		if err != nil {
			return nil, err
		}
		if !moved || try > 0 && len(list) >= first {
			return list, nil
		}
	}
	return nil, a.fail(cc.ErrUnavailable, cc.Detail("the list of participants keeps changing while it is read"))
}

func (a *api) participantsOnce(ctx context.Context, op, key string) (list []ParticipantRecord, first int, moved bool, err error) {
	index := make(map[string]int, pageSize)
	first = -2 // no page yet
	err = a.pages(ctx, op, nil, maxPages, func(p *page) (bool, error) {
		switch n := p.count(); {
		case first == -2:
			first = n
		case first != n:
			moved = true
		}
		for _, raw := range p.Objects {
			var r ParticipantRecord
			if r.decode(raw) != nil {
				return false, a.unreadable("a participant that is not an object")
			}
			if at, ok := index[r.MemberID]; ok && r.MemberID != "" {
				list[at] = r
				continue
			}
			index[r.MemberID] = len(list)
			list = append(list, r)
		}
		return true, nil
	}, "MultiPartyCall", key, "Participant")
	return list, first, moved, err
}
