package interop_test

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

const (
	schemeV2 = "v2"
	schemeV3 = "v3"
)

// A check is what a library is asked about one signed request.
type check struct {
	Scheme string      `json:"scheme"`
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Form   [][2]string `json:"form"` // the body of a POST, or parameters of a GET that are not in its URL
	Nonce  string      `json:"nonce"`
	Token  string      `json:"token"`
	Header string      `json:"header"` // the signatures
	Fresh  bool        `json:"fresh"`  // the method is no constant of the program's
}

// A verdict is what a library says to it.
type verdict struct {
	Valid bool   `json:"valid"`
	Made  string `json:"made"`  // what it computed itself
	Error string `json:"error"` // its type, if it failed
}

// A draft is a request that is to be signed, in parts. Those of the query are as they are written.
type draft struct {
	scheme, method  string
	origin, path    string
	hasQuery        bool
	query           [][2]string
	bare            bool // a blank value is written without "="
	gap             bool // two ampersands stand between the first two pairs
	fragment        string
	form            [][2]string
	fresh           bool
	token, nonce    string
	several, tokens int // signatures beside the right one; tokens likewise
}

func (d draft) url() string {
	u := d.origin + d.path
	if d.hasQuery {
		u += "?"
		for i, p := range d.query {
			if i > 0 {
				u += "&"
			}
			if i == 1 && d.gap {
				u += "&"
			}
			u += p[0]
			if p[1] != "" || !d.bare {
				u += "=" + p[1]
			}
		}
	}
	return u + d.fragment
}

func (d draft) values() url.Values {
	if d.form == nil {
		return nil
	}
	form := url.Values{}
	for _, p := range d.form {
		form.Add(p[0], p[1])
	}
	return form
}

func (d draft) check() check {
	form := d.form
	if form == nil {
		form = [][2]string{}
	}
	return check{Scheme: d.scheme, Method: d.method, URL: d.url(), Form: form, Nonce: d.nonce, Token: d.token, Fresh: d.fresh}
}

// deviations are the defects of a library for which it cannot but compute another signature.
func (d draft) deviations(column string) []defect {
	var found []defect
	add := func(column_ string, defect defect, is bool) {
		if column == column_ && is {
			found = append(found, defect)
		}
	}
	last := d.path[strings.LastIndexByte(d.path, '/')+1:]
	add("Go", goPathEscapes, strings.Contains(d.path, "%"))
	add("Node", nodeRawText, strings.ContainsFunc(d.path, beyondASCII))
	add("Node", nodeAtSign, strings.Contains(d.path, "@"))
	add("Node", nodeIPv6, strings.Contains(d.origin, "["))
	add("Python", pythonPathText, strings.ContainsFunc(d.path, beyondASCII))
	add("Python", pythonSemicolon, strings.Contains(last, ";"))
	if d.scheme == schemeV2 {
		return found
	}
	query := make([][2]string, len(d.query))
	for i, p := range d.query {
		query[i] = [2]string{unescaped(p[0]), unescaped(p[1])}
	}
	post := d.method == "POST"
	repeats := repeated(query) || repeated(d.form)
	add("Go", oneValue, repeats)
	add("Go", goFullStop, post && len(query) > 0 && strings.HasSuffix(lastText(d.form), "."))
	add("Python", pythonQueryText, slices.ContainsFunc(query, func(p [2]string) bool {
		return strings.ContainsFunc(p[0]+p[1], beyondASCII)
	}))
	wideOrder := otherOrder(query) || otherOrder(d.form)
	add("Node", wideText, wideOrder)
	add("Java", wideText, wideOrder)
	add("Java", javaPort, strings.LastIndexByte(d.origin, ':') > strings.LastIndexAny(d.origin, "/]"))
	add("Java", javaDecodes, strings.ContainsAny(d.path, "%+") || slices.ContainsFunc(query, func(p [2]string) bool {
		return strings.ContainsAny(p[0]+p[1], "&#")
	}))
	add("Java", oneValue, repeats)
	add("Java", javaEmptyPair, d.gap && len(query) > 1)
	add("Java", javaFullStop, post && len(query) > 0 && len(d.form) == 0)
	add("Java", javaNothing, len(query) == 0 && len(d.form) == 0)
	add("Java", javaMethod, !post && d.fresh)
	return found
}

func beyondASCII(r rune) bool { return r >= 0x80 }

func unescaped(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		panic(err) // of this file's own making
	}
	return plain
}

func repeated(pairs [][2]string) bool {
	seen := map[string]bool{}
	for _, p := range pairs {
		if seen[p[0]] {
			return true
		}
		seen[p[0]] = true
	}
	return false
}

// lastText is the end of what is signed of a form.
func lastText(form [][2]string) string {
	if len(form) == 0 {
		return ""
	}
	p := slices.MaxFunc(form, func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	return p[0] + p[1]
}

// otherOrder reports whether keys sorted by UTF-16 units are not in the order of their bytes.
func otherOrder(pairs [][2]string) bool {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		keys[i] = p[0]
	}
	slices.Sort(keys)
	return !slices.IsSortedFunc(keys, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
}

// A maker makes requests. It makes the same ones in each run.
type maker struct{ *rand.Rand }

func newMaker() maker { return maker{rand.New(rand.NewPCG(12, 3))} }

func (m maker) of(list ...string) string { return list[m.IntN(len(list))] }

func (m maker) text(alphabet string, least, most int) string {
	letters := []rune(alphabet)
	text := make([]rune, least+m.IntN(most-least+1))
	for i := range text {
		text[i] = letters[m.IntN(len(letters))]
	}
	return string(text)
}

const (
	small    = "abcdefghijklmnopqrstuvwxyz"
	wordText = small + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	// What no library has a difficulty with in a query, and in a form. A form never ends in a full stop.
	queryText = wordText + " :/.,=+%~<>;@'()*!"
	formText  = queryText + "&?#[]\"|"
	farText   = "äöüßéñøłžçÅŐçжñшЖאبहำ日本語"
)

// pairs have keys of their own, that begin with a letter each, in any order.
func (m maker) pairs(n int, text string) [][2]string {
	list := make([][2]string, n)
	for i, at := range m.Perm(len(small) - 1)[:n] { // but for z
		value := m.text(text, 0, 24)
		list[i] = [2]string{small[at:at+1] + m.text(wordText, 0, 10), strings.TrimRight(value, ". ")}
	}
	return list
}

// written escapes pairs for a query, in one of the ways in which that is done.
func (m maker) written(pairs [][2]string) [][2]string {
	escape := url.QueryEscape
	if m.IntN(2) == 0 {
		escape = func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	}
	list := make([][2]string, len(pairs))
	for i, p := range pairs {
		list[i] = [2]string{escape(p[0]), escape(p[1])}
	}
	return list
}

// plain is a request that has nothing but an address.
func (m maker) plain(method string) draft {
	d := draft{
		scheme: schemeV3, method: method, origin: m.of("https", "https", "http") + "://" + m.text(small, 1, 12) + ".example." + m.of("net", "com"),
		token: m.text(wordText, 20, 40), nonce: m.text("0123456789", 8, 24),
	}
	for range 1 + m.IntN(3) {
		d.path += "/" + m.text(wordText, 1, 8)
	}
	d.path += m.of("", "", "/", ".xml", ".v1.php")
	return d
}

func (m maker) queried(d draft, n int, text string) draft {
	d.hasQuery, d.query, d.bare = true, m.written(m.pairs(n, text)), m.IntN(2) == 0
	return d
}

func (m maker) either() string { return m.of("GET", "POST") }
