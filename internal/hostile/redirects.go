package hostile

import (
	"fmt"
	"net/http"
)

// redirects are the cases in which the server sends the client elsewhere.
func redirects() []Case {
	var list []Case
	for _, status := range []int{301, 302, 303, 307, 308} {
		list = append(list, Case{
			ID:       fmt.Sprintf("redirect-%d", status),
			Does:     fmt.Sprintf("%d, always, to a place on the same host, on another port, on another host, and without TLS", status),
			Expected: "not followed, an error that has the status, one mutating request, at most one read",
			Names:    true,
			play:     func(t *trial) { t.redirect(status) },
		})
	}
	return list
}

// A place is where a client is sent.
type place struct {
	what   string
	url    string
	listen string // empty: the vendor's own server has it
	plain  bool
}

const elsewherePath = "/elsewhere"

// places are four, the worst one last.
func places(host string) []place {
	return []place{
		{what: "on the same host", url: elsewherePath},
		{what: "to another host", url: "https://" + stranger + elsewherePath, listen: stranger + ":443"},
		{what: "to another port", url: "https://" + host + ":8443" + elsewherePath, listen: host + ":8443"},
		{what: "without TLS", url: "http://" + host + elsewherePath, listen: host + ":80", plain: true},
	}
}

// redirect tries all places, and tells of the worst that a client did.
func (t *trial) redirect(status int) {
	var worst struct {
		rank int
		why  string
	}
	for i := range places("") {
		t.begin()
		to := places(t.site.vendor.Host)[i]
		if to.listen != "" {
			if _, err := t.site.serve(to.listen, !to.plain, http.HandlerFunc(t.site.strange)); err != nil {
				panic(broken{err})
			}
		}
		t.meet(func(x *exchange) {
			if x.r.URL.Path == elsewherePath {
				x.answer(http.StatusAccepted, jsonType, x.site.vendor.Sample(`["1"]`))
				return
			}
			x.answer(status, htmlType, page, "Location", to.url)
		})
		o := t.command(t.peer.Posts)
		rank, why := 0, ""
		switch followed, secret := t.followed(); {
		case secret:
			rank, why = 4, "followed "+to.what+" with credentials"
		case followed:
			rank, why = 3, "followed "+to.what
		case o.err == nil:
			rank, why = 2, "reports success"
		case o.told.Status != status:
			rank, why = 1, "the status is lost"
		default:
			t.sent(1, 1)
		}
		if rank >= worst.rank {
			worst.rank, worst.why = rank, why
		}
	}
	if worst.rank > 0 {
		panic(lost(worst.why))
	}
}

// followed reports whether the client went where it was sent, and whether strangers saw its credentials.
func (t *trial) followed() (followed, secret bool) {
	for _, q := range t.site.requests() {
		followed = followed || q.path == elsewherePath
	}
	t.site.mu.Lock()
	defer t.site.mu.Unlock()
	for _, q := range t.site.strangers {
		followed, secret = true, secret || q.secret
	}
	return followed, secret
}
