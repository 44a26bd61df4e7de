package hook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// twilio is Twilio's signature: an HMAC with SHA-1 over the URL and the fields of
// the form, each name followed by its value, in the order of the names. A body
// that is no form is covered by its digest, which stands in the URL.
type twilio struct{ key []byte }

const twilioHeader = "X-Twilio-Signature"

// twilioRetries stands behind the address in Twilio's console, so that it comes
// again after a failure. It is a fragment, which no request carries; whether
// the signature covers it the documents do not say.
const twilioRetries = "#rc=5&rp=all"

func (t twilio) verify(c *caller) *Refusal {
	got := c.Header.Get(twilioHeader)
	if got == "" {
		return forged("there is no signature in %s", twilioHeader)
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
		if t.signed(got, u+fields) || t.signed(got, u+twilioRetries+fields) {
			return nil
		}
	}
	return forged("the signature in %s is wrong", twilioHeader)
}

// signed reports whether a signature is that of a text.
func (t twilio) signed(signature, text string) bool {
	return same(signature, base64.StdEncoding.EncodeToString(mac(hashes["sha1"], t.key, []byte(text))))
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
