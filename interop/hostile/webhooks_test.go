package hostile_test

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A delivery is a callback as it arrives. URL is the public one, which the application knows.
type delivery struct {
	method, url string
	form        url.Values // of a POST
	nonce       string     // where the scheme has one
	signatures  []string
	headers     map[string]string // others
}

// A receiver decides about callbacks.
type receiver interface {
	// sign makes a genuine delivery by the vendor's documented scheme, which is written anew here.
	sign(d delivery, token string) string
	// take reports whether anything is done about a delivery. It may panic.
	take(d delivery) bool
	// form is a callback that the vendor could send, and other one that has the same bytes signed and
	// other parameters.
	form() (genuine, other url.Values)
}

// A validator is what a receiver is made with.
type validator struct {
	name    string
	open    func(token string) (receiver, error)
	source  []string // module, and the file that compares signatures
	several bool     // the scheme has several signatures in a header
	nonces  bool     // the scheme has nonces
}

const (
	hookToken = "hookhookhookhookhookhook"
	hookURL   = "https://hooks.example.net"
)

// A webhook is a case about callbacks.
type webhook struct {
	id, brings, expected string
	run                  func(t *testing.T, v validator) (why string)
}

func webhooks() []webhook {
	return []webhook{
		{"hook-genuine", "genuine callbacks: GET and POST, with and without query and port, several signatures in a header where the scheme has that",
			"taken", hookGenuine},
		{"hook-changed", "each single byte of URL, nonce, parameters and signature changed", "refused", hookChanged},
		{"hook-comparison", "a signature that is nearly right (by its source)", "compared in constant time", hookComparison},
		{"hook-boundary", "the same bytes signed, with another boundary between name and value", "nothing is done", hookBoundary},
		{"hook-nonce", "the same callback twice", "nothing is done about the second", hookNonce},
		{"hook-no-secret", "an empty secret", "an error when it is made", hookNoSecret},
		{"hook-excess", "a malformed URL, 1 MiB of signature, 10,000 signatures", "refused within 10 ms, no panic", hookExcess},
		{"hook-proxy", "`Host` and forwarded headers that lie", "the public URL is what the application says", hookProxy},
		{"hook-duplicate", "a parameter twice", "refused, or always taken alike", hookDuplicate},
	}
}

// judged runs every case with every validator.
func judged(t *testing.T) map[result]string {
	t.Helper()
	results := make(map[result]string)
	for _, v := range validators() {
		for _, w := range webhooks() {
			results[result{v.name, w.id}] = w.run(t, v)
		}
	}
	return results
}

func (v validator) opened(t *testing.T) receiver {
	t.Helper()
	r, err := v.open(hookToken)
	require.NoError(t, err)
	if c, ok := r.(io.Closer); ok {
		t.Cleanup(func() { require.NoError(t, c.Close()) })
	}
	return r
}

var nonces int

// genuine is a delivery of the vendor's.
func (v validator) genuine(r receiver, method, at string, form url.Values) delivery {
	d := delivery{method: method, url: at, form: form}
	if v.nonces {
		nonces++
		d.nonce = fmt.Sprint(9021044330000 + nonces)
	}
	if method == "GET" {
		if strings.Contains(at, "?") {
			d.url += "&" + form.Encode()
		} else {
			d.url += "?" + form.Encode()
		}
		d.form = nil
	}
	d.signatures = []string{r.sign(d, hookToken)}
	return d
}

// safely is take, whose panic is a refusal.
func safely(r receiver, d delivery) (taken, panics bool) {
	defer func() {
		if recover() != nil {
			taken, panics = false, true
		}
	}()
	return r.take(d), false
}

func hookGenuine(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	for _, method := range []string{"GET", "POST"} {
		for _, at := range []string{"/hook", "/hook?tenant=t9&b=1", ":8443/hook", ":8443/hook?tenant=t9"} {
			base := hookURL
			if strings.HasPrefix(at, ":") {
				base += ":8443"
				at = strings.TrimPrefix(at, ":8443")
			}
			d := v.genuine(r, method, base+at, form)
			if taken, _ := safely(r, d); !taken {
				return method + " " + at + " is refused"
			}
			if !v.several {
				continue
			}
			d = v.genuine(r, method, base+at, form)
			d.signatures = append([]string{r.sign(d, "another-token")}, d.signatures...)
			if taken, _ := safely(r, d); !taken {
				return "several signatures are refused"
			}
		}
	}
	return ""
}

func hookChanged(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	for _, method := range []string{"GET", "POST"} {
		whole := v.genuine(r, method, hookURL+"/hook?tenant=t9", form)
		for what, each := range map[string]func(func(delivery)){
			"the URL": func(try func(delivery)) {
				for _, s := range changed(whole.url) {
					d := whole
					d.url = s
					try(d)
				}
			},
			"the nonce": func(try func(delivery)) {
				for _, s := range changed(whole.nonce) {
					d := whole
					d.nonce = s
					try(d)
				}
			},
			"the signature": func(try func(delivery)) {
				for _, s := range changed(whole.signatures[0]) {
					d := whole
					d.signatures = []string{s}
					try(d)
				}
			},
			"a parameter": func(try func(delivery)) {
				for key, values := range whole.form {
					for _, s := range changed(key) {
						d := whole
						d.form = without(whole.form, key)
						d.form[s] = values
						try(d)
					}
					for _, s := range changed(values[0]) {
						d := whole
						d.form = without(whole.form, key)
						d.form[key] = []string{s}
						try(d)
					}
				}
			},
		} {
			bad := ""
			each(func(d delivery) {
				if taken, _ := safely(r, d); taken {
					bad = what + " changed is taken"
				}
			})
			if bad != "" {
				return bad
			}
		}
		if taken, _ := safely(r, whole); !taken {
			return "the genuine one is refused"
		}
	}
	return ""
}

// changed is s with each single byte changed.
func changed(s string) (list []string) {
	for i := range len(s) {
		b := []byte(s)
		b[i] ^= 1
		list = append(list, string(b))
	}
	return list
}

func without(form url.Values, key string) url.Values {
	left := url.Values{}
	for k, v := range form {
		if k != key {
			left[k] = v
		}
	}
	return left
}

// hookComparison looks at the source: what is compared in a time that tells nothing is compared by
// one of two functions of the standard library.
func hookComparison(t *testing.T, v validator) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", v.source[0]).Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(v.source[1])))
	require.NoError(t, err)
	for _, f := range []string{"hmac.Equal(", "subtle.ConstantTimeCompare("} {
		if strings.Contains(string(text), f) {
			return ""
		}
	}
	return "compared by `==`"
}

func hookBoundary(t *testing.T, v validator) string {
	r := v.opened(t)
	form, other := r.form()
	d := v.genuine(r, "POST", hookURL+"/hook", form)
	d.form = other
	if r.sign(d, hookToken) != d.signatures[0] {
		t.Errorf("%s: the scheme does not sign both alike", v.name)
	}
	if taken, _ := safely(r, d); taken {
		return "taken"
	}
	return ""
}

func hookNonce(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	d := v.genuine(r, "POST", hookURL+"/hook", form)
	if taken, _ := safely(r, d); !taken {
		return "the first is refused"
	}
	if taken, _ := safely(r, d); taken {
		return "taken again"
	}
	return ""
}

func hookNoSecret(_ *testing.T, v validator) string {
	if _, err := v.open(""); err == nil {
		return "made all the same"
	}
	return ""
}

func hookExcess(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	whole := v.genuine(r, "POST", hookURL+"/hook", form)
	malformed, long, many := whole, whole, whole
	malformed.url = hookURL + "/%zz\x7f"
	long.signatures = []string{strings.Repeat("A", 1<<20)}
	many.signatures = strings.Split(strings.Repeat(strings.Repeat("A", 44)+",", 10_000), ",")
	for _, d := range []struct {
		what string
		delivery
	}{{"a malformed URL", malformed}, {"a long signature", long}, {"many signatures", many}} {
		fastest := time.Hour
		for range 5 { // the machine may be busy with something else
			began := time.Now()
			taken, panics := safely(r, d.delivery)
			fastest = min(fastest, time.Since(began))
			switch {
			case panics:
				return "panics on " + d.what
			case taken:
				return d.what + " is taken"
			}
		}
		if fastest > 10*time.Millisecond {
			return d.what + " takes long"
		}
	}
	return ""
}

func hookProxy(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	lies := map[string]string{"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example;proto=http"}
	d := v.genuine(r, "POST", hookURL+"/hook", form)
	d.headers = lies
	if taken, _ := safely(r, d); !taken {
		return "the genuine one is refused"
	}
	d = v.genuine(r, "POST", "http://evil.example/hook", form)
	d.url, d.headers = hookURL+"/hook", lies
	if taken, _ := safely(r, d); taken {
		return "the headers are believed"
	}
	return ""
}

func hookDuplicate(t *testing.T, v validator) string {
	r := v.opened(t)
	form, _ := r.form()
	for key, values := range form {
		first := ""
		for range 50 {
			twice := without(form, key)
			twice[key] = []string{values[0], values[0] + "0"}
			taken, panics := safely(r, v.genuine(r, "POST", hookURL+"/hook", twice))
			now := fmt.Sprint(taken, panics)
			if first == "" {
				first = now
			}
			if now != first {
				return "taken now and then"
			}
		}
	}
	return ""
}
