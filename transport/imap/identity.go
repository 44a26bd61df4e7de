package imap

import (
	"strings"

	"github.com/postel-mail/postel/mailbridge"
)

// proved gives the author of a mail if the named server says that DMARC passed
// for the author's domain. Of several fields with the server's name only the
// topmost counts: what stands below may have come with the mail, if the server
// lets it stand (RFC 8601 §5). The author must be one, and the domain exactly
// that of the field.
func proved(h mailbridge.Header, server string) (author string, ok bool) {
	if server == "" {
		return "", false
	}
	author, ok = h.Author()
	if !ok {
		return "", false
	}
	_, domain, _ := strings.Cut(author, "@")
	for _, value := range h.Values("Authentication-Results") {
		r, err := parseResults(value)
		if !strings.EqualFold(r.server, server) {
			continue
		}
		return author, err == nil && r.passes(domain)
	}
	return "", false
}

// passes reports whether the field has one result of DMARC, which is pass, for
// the domain.
func (r results) passes(domain string) bool {
	found := 0
	for _, m := range r.methods {
		if m.method != "dmarc" {
			continue
		}
		from := m.properties["header.from"]
		from = strings.TrimSuffix(from[strings.LastIndexByte(from, '@')+1:], ".")
		if m.result != "pass" || !strings.EqualFold(from, domain) {
			return false
		}
		found++
	}
	return found == 1
}
