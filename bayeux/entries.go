package bayeux

// Entries are found by their pattern. A session that has few keeps a list, which is a fraction of the
// size of the smallest map; with more there is a map.
type entries struct {
	few       []*entry
	many      map[string]*entry // nil while there are few
	wildcards int
	longest   int // at least as long as any wildcard is
}

// someEntries is how many still are few.
const someEntries = 8

// get returns the entry for pattern, or nil.
func (x *entries) get(pattern string) *entry {
	if x.many != nil {
		return x.many[pattern]
	}
	for _, e := range x.few {
		if e.pattern == pattern {
			return e
		}
	}
	return nil
}

// find is get for bytes.
func (x *entries) find(pattern []byte) *entry {
	if x.many != nil {
		return x.many[string(pattern)]
	}
	for _, e := range x.few {
		if e.pattern == string(pattern) {
			return e
		}
	}
	return nil
}

// add adds an entry for a pattern that has none.
func (x *entries) add(e *entry) {
	if isPattern(e.pattern) {
		x.wildcards++
		x.longest = max(x.longest, len(e.pattern))
	}
	switch {
	case x.many != nil:
		x.many[e.pattern] = e
	case len(x.few) < someEntries:
		x.few = append(x.few, e)
	default:
		x.many = make(map[string]*entry, 2*someEntries)
		for _, f := range x.few {
			x.many[f.pattern] = f
		}
		x.many[e.pattern] = e
		x.few = nil
	}
}

// remove takes an entry away.
func (x *entries) remove(e *entry) {
	if isPattern(e.pattern) {
		x.wildcards--
	}
	if x.many != nil {
		delete(x.many, e.pattern)
		return
	}
	for i, f := range x.few {
		if f == e {
			last := len(x.few) - 1
			x.few[i], x.few[last] = x.few[last], nil
			x.few = x.few[:last]
			return
		}
	}
}

// each calls f with every entry, in no order. f must not add or remove any.
func (x *entries) each(f func(e *entry)) {
	for _, e := range x.few {
		f(e)
	}
	for _, e := range x.many {
		f(e)
	}
}
