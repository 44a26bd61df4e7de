package mailbridge

import "strings"

// Addresses gives the addresses that stand in the fields of the given names, in
// order, as they are written, without display names, angle brackets and comments.
// The first of a group (RFC 5322 §3.4) has the name of the group before it, since
// "sms:+15551234567@example.org" looks like one, too.
func (h Header) Addresses(names ...string) []string {
	var all []string
	for _, name := range names {
		for _, value := range h.Values(name) {
			for _, piece := range splitList(value) {
				if addr := bare(piece); addr != "" {
					all = append(all, addr)
				}
			}
		}
	}
	return all
}

// bare gives the address in one piece of a list.
func bare(piece string) string {
	piece = strings.Trim(piece, ",; \t")
	if open := topLevel(piece, '<'); open >= 0 {
		if end := closingAngle(piece[open:]); end > 0 {
			return strings.TrimSpace(piece[open+1 : open+end])
		}
	}
	// A comment behind the domain is a name, as it was written once. One before the
	// "@" stays: it may be a part of a number, "+1 (555) 123-4567".
	at := topLevel(piece, '@')
	if at < 0 {
		return piece
	}
	for {
		more := topLevel(piece[at+1:], '@')
		if more < 0 {
			break
		}
		at += 1 + more
	}
	if end := strings.IndexAny(piece[at:], "( \t"); end > 0 {
		piece = piece[:at+end]
	}
	return piece
}

// Author gives the address of the author if there is exactly one: a second From
// field, or a second address in it, leaves open whose word the mail is (RFC 7489
// §6.6.1).
func (h Header) Author() (addr string, ok bool) {
	fields, all := h.Values("From"), h.Addresses("From")
	if len(fields) != 1 || len(all) != 1 {
		return "", false
	}
	addr = all[0]
	local, domain, found := strings.Cut(addr, "@")
	return addr, found && local != "" && domain != "" && !strings.ContainsAny(addr, "\"<>()[]:;,\\ \t") && !strings.Contains(domain, "@")
}
