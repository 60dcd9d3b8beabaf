package interop_test

import "slices"

// A rule is one row of the table of signatures, and the requests that it is about.
type rule struct {
	name string
	n    int
	make func(m maker) draft
}

// rules are what is agreed on how a request is signed, and all that a library has been found to see
// otherwise. Source: "Signature validation V3", "Validating Requests", and the libraries themselves.
func rules() []rule {
	post := func(m maker) draft {
		d := m.plain("POST")
		d.form = m.pairs(1+m.IntN(8), formText)
		return d
	}
	some := func(m maker) int { return 1 + m.IntN(5) }
	asked := func(m maker) draft { return m.queried(m.plain("GET"), some(m), queryText) }
	both := func(m maker) draft { return m.queried(post(m), some(m), queryText) }
	any3 := func(m maker) draft { return []func(maker) draft{post, asked, both}[m.IntN(3)](m) }
	v2 := func(m maker) draft {
		d := any3(m)
		d.scheme, d.form = schemeV2, nil
		if m.IntN(2) == 0 {
			d.origin += m.of(":8443", ":80", ":443")
		}
		return d
	}
	// inPath puts something into the first segment of the path.
	inPath := func(d draft, what string) draft {
		d.path = d.path[:2] + what + d.path[2:]
		return d
	}
	again := func(m maker, list [][2]string) [][2]string {
		for range 1 + m.IntN(2) {
			list = append(list, [2]string{list[0][0], list[0][1] + m.text(small, 1, 4)})
		}
		m.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		return list
	}
	return []rule{
		{"POST, a form", 60, post},
		{"POST, a form and a query", 60, both},
		{"POST, a query alone", 30, func(m maker) draft { return m.queried(m.plain("POST"), some(m), queryText) }},
		{"GET, a query", 60, asked},
		{"GET, parameters that are not in the URL", 30, func(m maker) draft {
			d := m.plain("GET")
			d.form = m.pairs(some(m), queryText)
			return d
		}},
		{"GET, both", 30, func(m maker) draft {
			d := asked(m)
			for _, p := range m.pairs(some(m), queryText) {
				d.form = append(d.form, [2]string{"z" + p[0], p[1]})
			}
			return d
		}},
		{"GET, the method as a server reads it", 20, func(m maker) draft {
			d := asked(m)
			d.fresh = true
			return d
		}},
		{"nothing sent", 20, func(m maker) draft { return m.plain(m.either()) }},
		{"a port", 30, func(m maker) draft {
			d := any3(m)
			d.origin += m.of(":8443", ":80", ":443", ":65535")
			return d
		}},
		{"a host that is an address of IPv6", 20, func(m maker) draft {
			d := any3(m)
			d.origin = "https://[2001:db8::" + m.text("0123456789abcdef", 1, 4) + "]"
			return d
		}},
		{"no path", 20, func(m maker) draft {
			d := any3(m)
			d.path = ""
			return d
		}},
		{"an escape in the path", 30, func(m maker) draft { return inPath(any3(m), m.of("%20", "%2F", "%41", "%C3%A9", "%25")) }},
		{"a plus in the path", 20, func(m maker) draft { return inPath(any3(m), "+") }},
		{"a semicolon in the path's last segment", 20, func(m maker) draft {
			d := any3(m)
			d.path += "x;v=" + m.text(small, 1, 5)
			return d
		}},
		{"an at sign in the path", 20, func(m maker) draft { return inPath(any3(m), "@") }},
		{"letters beyond ASCII in the path, unescaped", 20, func(m maker) draft { return inPath(any3(m), m.text(farText, 1, 5)) }},
		{"a fragment", 20, func(m maker) draft {
			d := any3(m)
			d.fragment = m.of("#ct=1500&rt=5000&rc=2&rp=ct,rt,5xx", "#", "#a", "#a?b=c")
			return d
		}},
		{"blank values", 40, func(m maker) draft {
			d := both(m)
			d.query[0][1], d.form[0][1] = "", ""
			return d
		}},
		{"plus, percent and blank in a query", 40, func(m maker) draft {
			d := m.queried(m.plain("GET"), 1+m.IntN(3), "+% a")
			if m.IntN(2) == 0 {
				d.method, d.form = "POST", m.pairs(2, "+% a")
			}
			return d
		}},
		{"an ampersand or a number sign in a query's value", 20, func(m maker) draft {
			d := asked(m)
			d.query[0][1] = "1" + m.of("%26", "%23") + "2"
			return d
		}},
		{"two ampersands", 20, func(m maker) draft {
			d := m.queried(m.plain("GET"), 2+m.IntN(3), queryText)
			d.gap = true
			return d
		}},
		{"a key several times in a query", 30, func(m maker) draft {
			d := asked(m)
			d.query = again(m, d.query)
			return d
		}},
		{"a key several times in a form", 30, func(m maker) draft {
			d := post(m)
			d.form = again(m, d.form)
			return d
		}},
		{"letters beyond ASCII in a form", 40, func(m maker) draft {
			d := m.plain("POST")
			d.form = m.pairs(1+m.IntN(4), farText+"🎧")
			d.form[0][0] += m.text(farText, 1, 3)
			return d
		}},
		{"letters beyond ASCII in a query", 30, func(m maker) draft {
			d := m.queried(m.plain(m.either()), 1+m.IntN(3), farText+"a ")
			d.query[0] = m.written([][2]string{{"name", m.text(farText, 1, 6)}})[0]
			if d.method == "POST" {
				d.form = m.pairs(2, formText)
			}
			return d
		}},
		{"keys beyond U+FFFF, and in their order", 20, func(m maker) draft {
			d := post(m)
			d.form = append(d.form, [2]string{"\uff21" + m.text(small, 1, 3), "1"}, [2]string{"🎧" + m.text(small, 1, 3), "2"})
			return d
		}},
		{"a form that ends in a full stop, with a query", 20, func(m maker) draft {
			d := both(m)
			d.form = append(d.form, [2]string{"zz", m.text(small, 0, 4) + m.of(".", "..", "...")})
			return d
		}},
		{"several signatures in the header", 40, func(m maker) draft {
			d := any3(m)
			d.several = 1 + m.IntN(5)
			return d
		}},
		{"several tokens, a signature of each", 30, func(m maker) draft {
			d := any3(m)
			d.tokens = 1 + m.IntN(3)
			return d
		}},
		{"all of it at random", 300, mixed},
		{"V2", 60, v2},
		{"V2, an escape in the path", 20, func(m maker) draft { return inPath(v2(m), "%2F") }},
		{"V2, a semicolon in the path's last segment", 20, func(m maker) draft {
			d := v2(m)
			d.path += ";v=1"
			return d
		}},
		{"V2, an at sign in the path", 20, func(m maker) draft { return inPath(v2(m), "@") }},
		{"V2, letters beyond ASCII in the path, unescaped", 20, func(m maker) draft { return inPath(v2(m), m.text(farText, 1, 5)) }},
	}
}

// mixed is a request with some of what the other rules are about.
func mixed(m maker) draft {
	rarely := func() bool { return m.IntN(8) == 0 }
	d := m.plain(m.either())
	if rarely() {
		d.origin += m.of(":8443", ":80")
	}
	for _, what := range []string{"%2F", "+", "@", "é"} {
		if rarely() {
			d.path = d.path[:2] + what + d.path[2:]
		}
	}
	if rarely() {
		d.path += ";v=1"
	}
	if m.IntN(3) > 0 {
		d = m.queried(d, 1+m.IntN(4), queryText)
		if rarely() {
			d.query = append(d.query, [2]string{d.query[0][0], d.query[0][1] + "2"})
		}
		if rarely() {
			d.query[0][1] += "%C3%A9"
		}
		d.gap = rarely() && len(d.query) > 1
	}
	if rarely() {
		d.fragment = "#rt=5000"
	}
	if d.method == "POST" && m.IntN(4) > 0 {
		d.form = m.pairs(1+m.IntN(8), formText+farText)
		if rarely() {
			d.form = append(d.form, [2]string{d.form[0][0], d.form[0][1] + "2"})
		}
		if rarely() {
			d.form = append(d.form, [2]string{"zz", "."})
		}
	}
	d.fresh = rarely()
	if rarely() {
		d.several = 2
	}
	d.form = slices.Clip(d.form)
	return d
}
