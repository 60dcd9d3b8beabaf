package interop_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A tally is what became of the requests of one rule with one library.
type tally struct {
	agreed, all int
	defects     []defect
}

// A forgery is a change by which a signed request is not the signed one any more.
type forgery struct {
	name string
	make func(m maker, d draft, header string) (draft, string)
}

func forgeries() []forgery {
	return []forgery{
		{"another token", func(_ maker, d draft, header string) (draft, string) {
			d.token = other(d.token, 0)
			return d, header
		}},
		{"another nonce", func(m maker, d draft, header string) (draft, string) {
			d.nonce = other(d.nonce, m.IntN(len(d.nonce)))
			return d, header
		}},
		{"another signature", func(m maker, d draft, _ string) (draft, string) {
			signature := d.sign(d.token)
			return d, other(signature, m.IntN(len(signature)-2)) // the last letter has bits that say nothing
		}},
		{"another host", func(_ maker, d draft, header string) (draft, string) {
			at := strings.Index(d.origin, "://") + len("://")
			if d.origin[at] == '[' {
				at++
			}
			d.origin = other(d.origin, at)
			return d, header
		}},
		{"another path", func(_ maker, d draft, header string) (draft, string) {
			if d.path == "" {
				d.path = "/"
			} else {
				d.path = other(d.path, 1)
			}
			return d, header
		}},
		{"another parameter", func(m maker, d draft, header string) (draft, string) {
			switch {
			case d.scheme == schemeV2:
				d.nonce = other(d.nonce, 0)
			case len(d.form) > 0:
				d.form = slices.Clone(d.form)
				i := m.IntN(len(d.form))
				d.form[i] = [2]string{"0" + d.form[i][0], d.form[i][1]}
			default:
				d.hasQuery = true
				d.query = append(slices.Clone(d.query), [2]string{"zzz", "1"})
			}
			return d, header
		}},
		{"no signature", func(_ maker, d draft, _ string) (draft, string) { return d, "" }},
	}
}

// other is s with another character at one place.
func other(s string, at int) string {
	c := "0"
	if s[at] == '0' {
		c = "1"
	}
	return s[:at] + c + s[at+1:]
}

// sign is our signature.
func (d draft) sign(token string) string {
	var signature string
	var err error
	if d.scheme == schemeV2 {
		signature, err = plivo.SignV2(plivo.NewSecret(token), d.url(), d.nonce)
	} else {
		signature, err = plivo.SignV3(plivo.NewSecret(token), d.method, d.url(), d.values(), d.nonce)
	}
	if err != nil {
		panic(fmt.Sprintf("%v: %+v", err, d)) // of this test's own making
	}
	return signature
}

// verify is our verdict.
func (d draft) verify(header string, tokens ...string) error {
	secrets := make([]plivo.Secret, len(tokens))
	for i, token := range tokens {
		secrets[i] = plivo.NewSecret(token)
	}
	v, err := plivo.NewVerifier(secrets...)
	if err != nil {
		return err
	}
	h := http.Header{}
	if d.scheme == schemeV2 {
		h.Set(plivo.HeaderSignatureV2, header)
		h.Set(plivo.HeaderNonceV2, d.nonce)
		return v.VerifyV2(d.url(), h)
	}
	h.Set(plivo.HeaderSignatureV3, header)
	h.Set(plivo.HeaderNonceV3, d.nonce)
	return v.VerifyV3(d.method, d.url(), d.values(), h)
}

// header is the signature that is given, among as many others as the request has.
func (d draft) header(m maker, signature string) string {
	list := []string{signature}
	for range d.several + d.tokens {
		list = append(list, d.sign(m.text(wordText, 24, 24)))
	}
	m.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	return strings.Join(list, ",")
}

// signatures compares how a library and this module sign, in both directions, and what they refuse.
func (b *book) signatures(t *testing.T, lib *library, d driver) {
	m := newMaker()
	for _, r := range rules() {
		drafts := make([]draft, r.n)
		asks := make([]check, r.n)
		for i := range drafts {
			drafts[i] = r.make(m)
			asks[i] = drafts[i].check()
			asks[i].Header = drafts[i].header(m, drafts[i].sign(drafts[i].token))
		}
		t.Run(r.name, func(t *testing.T) {
			sum := tally{all: r.n}
			for i, v := range d.signatures(t, asks) {
				deviations := drafts[i].deviations(lib.column)
				b.compared(t, drafts[i], v, deviations)
				if deviations == nil {
					sum.agreed++
				}
				for _, x := range deviations {
					if !slices.Contains(sum.defects, x) {
						sum.defects = append(sum.defects, x)
					}
				}
			}
			b.tallies[cell{lib.column, r.name}] = sum
			forged(t, d, drafts, asks)
		})
	}
	t.Run(twoPlaces, func(t *testing.T) { b.inTwoPlaces(t, lib, d) })
}

// compared demands that a library validates our signature and we verify its one, unless it cannot
// but compute another one.
func (b *book) compared(t *testing.T, d draft, v verdict, deviations []defect) {
	t.Helper()
	if deviations != nil {
		require.Falsef(t, v.Valid, "the defect %v is gone: %+v", deviations, d)
		if v.Made != "" {
			require.ErrorIsf(t, d.verify(v.Made, d.token), cc.ErrUnauthenticated, "the defect %v is gone: %+v", deviations, d)
		}
		return
	}
	require.Truef(t, v.Valid, "%+v: %+v", v, d)
	b.ourSignatures++
	require.NoErrorf(t, d.verify(v.Made, d.token), "%+v: %+v", v, d)
	known := []string{d.token}
	for range d.tokens {
		known = append([]string{other(d.token, 2)}, known...)
	}
	require.NoError(t, d.verify(d.header(newMaker(), v.Made), known...))
	b.theirSignatures++
}

// forged demands that each side refuses what the other, or it itself, has signed, once anything of it
// is changed.
func forged(t *testing.T, d driver, drafts []draft, asks []check) {
	t.Helper()
	m := newMaker()
	for _, f := range forgeries() {
		changed := make([]check, len(drafts))
		for i, genuine := range drafts {
			x, header := f.make(m, genuine, asks[i].Header)
			changed[i] = x.check()
			changed[i].Header = header
			require.ErrorIsf(t, x.verify(header, x.token), cc.ErrUnauthenticated, "%s: %+v", f.name, x)
		}
		for i, v := range d.signatures(t, changed) {
			require.Falsef(t, v.Valid, "%s: %+v", f.name, changed[i])
		}
	}
}

const twoPlaces = "GET, a key in the URL and outside it"

// What each library signs of a key that is in two places. There is no agreement, so it is refused here.
var signedOfTwo = map[string]struct {
	word  string
	query string
}{
	"Go":     {"the one outside", "k=given"},
	"Node":   {"both", "k=given&k=url"},
	"Python": {"the one in the URL", "k=url"},
	"Java":   {"the one outside", "k=given"},
}

func (b *book) inTwoPlaces(t *testing.T, lib *library, d driver) {
	m := newMaker()
	x := m.plain("GET")
	x.hasQuery, x.query, x.form = true, [][2]string{{"k", "url"}}, [][2]string{{"k", "given"}}
	v := d.signatures(t, []check{x.check()})[0]
	_, err := plivo.SignV3(plivo.NewSecret(x.token), "GET", x.url(), x.values(), x.nonce)
	require.ErrorIs(t, err, cc.ErrInvalid)
	require.ErrorIs(t, x.verify(v.Made, x.token), cc.ErrInvalid)
	values, err := url.ParseQuery(signedOfTwo[lib.column].query)
	require.NoError(t, err)
	want, err := plivo.SignV3(plivo.NewSecret(x.token), "GET", x.origin+x.path, values, x.nonce)
	require.NoError(t, err)
	require.Equal(t, want, v.Made)
}

// signatureTable is the part of the document that is about signatures.
func (b *book) signatureTable(w *strings.Builder) {
	forged := 0
	for _, r := range rules() {
		forged += r.n * len(forgeries())
	}
	fmt.Fprintf(w, `
## Signatures

The same requests, made at random from a fixed seed, are signed and verified by each library and by this module. A number
is how many of them agree in both directions: our signature is valid for the library, and what the library itself computes is
valid for our `+"`Verifier`"+`. Where a library has a defect, whose numbers stand behind it, its signature is another one, and
each side refuses the other's. In all, %d signatures of ours were valid for a library, and %d of theirs for us.

Of each request there were %d forgeries: %s.
Each library refused all of its %d, and so did we.

`, b.ourSignatures, b.theirSignatures, len(forgeries()), forgeryNames(), forged)
	w.WriteString("| request | made |")
	for _, lib := range libraries() {
		w.WriteString(" " + lib.column + " |")
	}
	w.WriteString("\n|---|---|" + strings.Repeat("---|", len(libraries())) + "\n")
	for _, r := range rules() {
		fmt.Fprintf(w, "| %s | %d |", r.name, r.n)
		for _, lib := range libraries() {
			sum := b.tallies[cell{lib.column, r.name}]
			fmt.Fprintf(w, " %d%s |", sum.agreed, numbers(sum.defects))
		}
		w.WriteString("\n")
	}
	fmt.Fprintf(w, "| %s; refused by us, since each signs something else | 1 |", twoPlaces)
	for _, lib := range libraries() {
		w.WriteString(" " + signedOfTwo[lib.column].word + " |")
	}
	w.WriteString("\n")
}

func forgeryNames() string {
	var names []string
	for _, f := range forgeries() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
