package hook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// twilio is Twilio's signature: an HMAC with SHA-1 over the URL and the fields of
// the form, each name followed by its value, in the order of the names. A body
// that is no form is covered by its digest, which stands in the URL.
type twilio struct {
	header string
	key    []byte
}

func (t twilio) verify(c *caller) *Refusal {
	got := c.Header.Get(t.header)
	if got == "" {
		return forged("there is no signature in %s", t.header)
	}
	if c.form == nil && len(c.Body) > 0 {
		sum := sha256.Sum256(c.Body)
		if !same(strings.ToLower(c.doc.Query.Get("bodySHA256")), hex.EncodeToString(sum[:])) {
			return forged("the body is not the one that was signed")
		}
	}
	fields := ""
	for _, name := range slices.Sorted(maps.Keys(c.form)) {
		values := slices.Clone(c.form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			fields += name + v
		}
	}
	for _, u := range withPorts(c.URL) {
		if same(got, base64.StdEncoding.EncodeToString(mac(hashes["sha1"], t.key, []byte(u+fields)))) {
			return nil
		}
	}
	return forged("the signature in %s is wrong", t.header)
}

// withPorts are the forms of a URL in which the usual port stands or does not:
// proxies and providers differ.
func withPorts(u *url.URL) []string {
	all := []string{u.String()}
	usual := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	other := *u
	switch u.Port() {
	case "":
		other.Host = net.JoinHostPort(u.Hostname(), usual)
	case usual:
		other.Host = strings.TrimSuffix(u.Host, ":"+usual)
	default:
		return all
	}
	return append(all, other.String())
}

// plivo is Plivo's signature V3: an HMAC with SHA-256 over the URL, the fields of
// the form and a nonce. There may be several, one for each key of the account.
type plivo struct {
	header string
	key    []byte
}

func (p plivo) verify(c *caller) *Refusal {
	all := candidates(c, p.header, "")
	nonce := c.Header.Get(p.header + "-Nonce")
	if len(all) == 0 || nonce == "" {
		return forged("there is no signature in %s", p.header)
	}
	for _, u := range withPorts(&url.URL{Scheme: c.URL.Scheme, Host: c.URL.Host, Path: c.URL.Path, RawPath: c.URL.RawPath}) {
		want := base64.StdEncoding.EncodeToString(mac(hashes["sha256"], p.key, []byte(p.text(c, u)+"."+nonce)))
		if slices.ContainsFunc(all, func(s string) bool { return same(s, want) }) {
			return nil
		}
	}
	return forged("the signature in %s is wrong", p.header)
}

// text is the URL without its query, the query in the order of its names, and
// what a form says.
func (plivo) text(c *caller, u string) string {
	query := joinSorted(c.doc.Query, "=", "&")
	if c.Method == http.MethodGet || len(c.form) == 0 {
		if query != "" {
			u += "?" + query
		}
		return u
	}
	u += "?" + query
	if query != "" {
		u += "."
	}
	return u + joinSorted(c.form, "", "")
}

// joinSorted writes fields in the order of their names and values.
func joinSorted(v url.Values, equal, between string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		values := slices.Clone(v[name])
		slices.Sort(values)
		for _, value := range values {
			all = append(all, name+equal+value)
		}
	}
	return strings.Join(all, between)
}
