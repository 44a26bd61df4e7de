package hook

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// plivo is Plivo's signature: an HMAC with SHA-256 over the URL and a nonce; in
// version 3 also over the query and the fields of the form. What messaging brings
// bears version 2, and where version 3 is there it alone counts. The key may be
// that of a subaccount, or that of the main account in a field of its own.
type plivo struct{ key []byte }

const plivoHeader = "X-Plivo-Signature-"

func (p plivo) verify(c *caller) *Refusal {
	version := "V3"
	if c.Header.Get(plivoHeader+version) == "" && c.Header.Get(plivoHeader+"Ma-"+version) == "" {
		version = "V2"
	}
	all := slices.Concat(candidates(c, plivoHeader+version, ""), candidates(c, plivoHeader+"Ma-"+version, ""))
	nonce := c.Header.Get(plivoHeader + version + "-Nonce")
	if len(all) == 0 || nonce == "" {
		return forged("there is no signature in %s", plivoHeader+version)
	}
	for _, u := range withPorts(&url.URL{Scheme: c.URL.Scheme, Host: c.URL.Host, Path: c.URL.Path, RawPath: c.URL.RawPath}) {
		text := u + nonce
		if version == "V3" {
			text = p.text(c, u) + "." + nonce
		}
		want := base64.StdEncoding.EncodeToString(mac(hashes["sha256"], p.key, []byte(text)))
		if slices.ContainsFunc(all, func(s string) bool { return same(s, want) }) {
			return nil
		}
	}
	return forged("the signature in %s is wrong", plivoHeader+version)
}

// text is what version 3 covers: the URL without its query, the query in the order of its names, and
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
