package plivoserver

import (
	"maps"
	"net/url"
	"strconv"
)

// mostPerPage is both the default and the most ("Retrieve all multiparty calls").
const mostPerPage = 20

// A page is which part of a list is asked for.
type page struct{ limit, offset int }

func parsePage(query url.Values) (page, *reply) {
	p := page{limit: mostPerPage}
	for _, x := range []struct {
		name        string
		value       *int
		least, most int
	}{
		{"limit", &p.limit, 1, mostPerPage},
		{"offset", &p.offset, 0, 1 << 30},
	} {
		if !query.Has(x.name) {
			continue
		}
		n, err := strconv.Atoi(query.Get(x.name))
		if err != nil {
			return page{}, wrongType(x.name, "integer")
		}
		if n < x.least || n > x.most {
			return page{}, wrongValue(x.name)
		}
		*x.value = n
	}
	return p, nil
}

// of returns the part of a list that p asks for.
func of[T any](p page, list []T) []T {
	from := min(p.offset, len(list))
	return list[from:min(from+p.limit, len(list))]
}

// meta describes a page of a list of so many. next and previous keep the other parameters.
func (s *Server) meta(p page, count int, path string, query url.Values) object {
	link := func(offset int) any {
		q := maps.Clone(query)
		q.Set("limit", strconv.Itoa(p.limit))
		q.Set("offset", strconv.Itoa(offset))
		return path + "?" + q.Encode()
	}
	m := object{"limit": p.limit, "offset": p.offset}
	if s.options.Quirks.TotalCount {
		m["total_count"] = count
	} else {
		m["count"] = count
	}
	if s.options.Quirks.NoLinks {
		return m
	}
	m["next"], m["previous"] = nil, nil
	if p.offset+p.limit < count {
		m["next"] = link(p.offset + p.limit)
	}
	if p.offset > 0 {
		m["previous"] = link(max(p.offset-p.limit, 0))
	}
	return m
}
