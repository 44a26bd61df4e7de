package mailbridge

import (
	"regexp"
	"slices"
	"strings"
)

// part is a part of a mail as its header describes it.
type part struct {
	kind        string // media type in lower case
	params      map[string]string
	encoding    string // content transfer encoding in lower case
	disposition string // "attachment", "inline", ""
	filename    string // of Content-Disposition, "" if there is none
	name        string // filename, or the name of Content-Type
	id          string // Content-ID without angle brackets
}

func newPart(h Header) part {
	p := part{encoding: h.keyword("Content-Transfer-Encoding")}
	p.kind, p.params = mediaType(h.Get("Content-Type"))
	if p.kind == "" {
		p.kind = "text/plain"
	}
	var dispositioned map[string]string
	p.disposition, dispositioned = mediaType(h.Get("Content-Disposition"))
	p.filename = fileName(dispositioned["filename"])
	if p.name = p.filename; p.name == "" {
		p.name = fileName(p.params["name"])
	}
	p.id = strings.Trim(h.Get("Content-ID"), "<> \t")
	return p
}

func (p part) charset() string {
	label, _, _ := strings.Cut(p.params["charset"], " ")
	return label
}

// role is what a part is for.
type role uint8

const (
	roleNothing  role = iota // nobody reads it: a signature, a logo, a key
	roleParts                // a multipart
	rolePlain                // words
	rolePage                 // words in HTML
	roleCalendar             // an invitation, words if there are no others
	roleFile                 // an attachment
	roleMail                 // an attached mail
	roleStatus               // what a report says to programs
	roleCMS                  // S/MIME: perhaps a signed mail
	roleTNEF                 // Outlook's wrapping
)

// roleOf tells the role of a part in the multipart around it.
func (w *walker) roleOf(p part, around string, depth int) role {
	switch {
	case strings.HasPrefix(p.kind, "multipart/"):
		return roleParts
	case noise(p):
		return roleNothing
	case isStatus[p.kind]:
		return roleStatus
	case p.is("application/ms-tnef", "application/vnd.ms-tnef") || strings.EqualFold(p.name, "winmail.dat"):
		return roleTNEF
	case p.is("application/pkcs7-mime", "application/x-pkcs7-mime") || strings.EqualFold(p.name, "smime.p7m"):
		return roleCMS
	case around == "multipart/report" && (strings.HasPrefix(p.kind, "message/") || p.kind == "text/rfc822-headers"):
		return roleNothing // the mail that is reported on
	case p.is("message/rfc822", "message/global"):
		return roleMail
	case w.isWords(p, depth):
		return wordsRole(p.kind)
	case p.kind == "text/calendar" && p.disposition != "attachment" && (p.name == "" || around == "multipart/alternative"):
		return roleCalendar
	case around == "multipart/alternative" && p.disposition != "attachment":
		return roleNothing // the same once more, for other programs
	case strings.HasPrefix(p.kind, "image/") && w.embedded(p, around):
		return roleNothing
	}
	return roleFile
}

func (p part) is(kinds ...string) bool { return slices.Contains(kinds, p.kind) }

// wordsRole gives roleNothing for types that are no words.
func wordsRole(kind string) role {
	switch kind {
	case "text/plain", "text/enriched", "text/richtext", "text/markdown":
		return rolePlain
	case "text/html", "application/xhtml+xml":
		return rolePage
	}
	if !strings.Contains(kind, "/") { // "text", or nonsense
		return rolePlain
	}
	return roleNothing
}

// strayText is what Exchange calls the text that another program put below a
// picture.
var strayText = regexp.MustCompile(`(?i)^ATT\d{5}\.(txt|html?)$`)

// isWords reports whether a part is to be read and not to be kept. One with a
// file name is a file, unless it is the whole mail; some programs name the text
// itself, in Content-Type.
func (w *walker) isWords(p part, depth int) bool {
	switch {
	case wordsRole(p.kind) == roleNothing:
		return false
	case strayText.MatchString(p.name):
		return true
	case p.disposition == "attachment":
		return false
	case depth == 0 || p.name == "":
		return true
	}
	return p.filename == "" && !w.read
}

// noise reports whether a part means nothing to a person.
func noise(p part) bool {
	switch p.kind {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
		"application/pgp-encrypted", "application/pgp-keys", "application/applefile",
		"text/x-amp-html", "text/watch-html", "text/x-moz-deleted", "message/external-body":
		return true
	}
	switch strings.ToLower(p.name) {
	case "smime.p7s", "signature.asc", "pgpexch.htm":
		return true
	}
	return false
}

// isStatus lists what reports say to programs.
var isStatus = map[string]bool{
	"message/delivery-status": true, "message/global-delivery-status": true,
	"message/disposition-notification": true, "message/global-disposition-notification": true,
	"message/feedback-report": true,
}

// logo is what Outlook calls pictures in its pages and signatures.
var logo = regexp.MustCompile(`(?i)^(image\d{3}|outlook-[\w-]+)\.(png|jpe?g|gif|bmp)$`)

// embedded reports whether a picture belongs to a page, or to a signature. A
// photo that Apple Mail shows among the text is an attachment.
func (w *walker) embedded(p part, around string) bool {
	if p.id != "" && slices.Contains(w.cids, p.id) {
		return true
	}
	if p.disposition == "attachment" {
		return false
	}
	return around == "multipart/related" || p.disposition == "inline" && logo.MatchString(p.name)
}

// shown gives the Content-IDs that a page refers to (RFC 2392).
func shown(page string) (ids []string) {
	const maxShown = 200
	for len(ids) < maxShown {
		_, rest, ok := strings.Cut(page, "cid:")
		if !ok {
			break
		}
		end := strings.IndexAny(rest, "\"'>) \t\r\n")
		if end < 0 {
			end = len(rest)
		}
		if end < 500 {
			ids = append(ids, strings.Clone(rest[:end]))
		}
		page = rest[end:]
	}
	return ids
}
