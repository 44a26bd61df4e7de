package mailbridge

import (
	"mime"
	"regexp"
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
)

// Scrubber takes the secrets of phones' addresses out of header fields, so that
// what a mail's readers see lets none of them send. An address that is understood
// loses user name, password and key and can still be answered; in one that is
// not, and in display names and comments, the secret becomes "***".
type Scrubber struct {
	Phones *phone.Parser
	// Known are secrets that this mail is known to hold. A field of free text is
	// scrubbed where it has one of them or what looks like a phone's address: a
	// "key=" of any other kind, as in List-Unsubscribe, is left alone.
	Known []string
}

// Field gives the value of a field without secrets, and whether that differs.
// Folding is kept where nothing else changes.
func (s Scrubber) Field(name, value string) (scrubbed string, changed bool) {
	switch {
	case !hides(value):
		return value, false
	case holdsAddresses(name):
		scrubbed = s.addresses(value)
	default:
		scrubbed = s.text(value)
	}
	return scrubbed, scrubbed != value
}

// hides reports whether there is a secret in a value, encoded words included.
func hides(value string) bool {
	if phone.Redact(value) != value {
		return true
	}
	if !strings.Contains(value, "=?") {
		return false
	}
	decoded := decodeWords(value)
	return phone.Redact(decoded) != decoded
}

// masked is a value with each secret replaced by "***".
func masked(value string) string {
	plain := value
	if strings.Contains(value, "=?") {
		if decoded := decodeWords(value); phone.Redact(decoded) != decoded {
			plain = decoded
		}
	}
	out := phone.Redact(plain)
	if lost := strings.Count(out, "(") - strings.Count(out, ")"); lost > 0 && lost > strings.Count(plain, "(")-strings.Count(plain, ")") {
		out += ")" // the mask has taken the end of a comment
	}
	return encoded(out)
}

// encoded writes words as they can stand in a header. In base64, for in quoted
// printable "pass=3D***" would look like a secret again.
func encoded(words string) string {
	if isASCII(words) {
		return words
	}
	return mime.BEncoding.Encode("utf-8", words)
}

// holdsAddresses names the fields that are lists of addresses (RFC 5322 §3.6,
// RFC 8098 §2.1, and what is in use besides).
func holdsAddresses(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	switch strings.TrimPrefix(name, "resent-") {
	case "from", "sender", "reply-to", "to", "cc", "bcc",
		"return-receipt-to", "disposition-notification-to", "return-path", "errors-to",
		"mail-followup-to", "mail-reply-to", "apparently-to", "delivered-to", "envelope-to",
		"x-original-to", "x-envelope-to", "x-rcpt-to", "x-forwarded-to", "original-recipient":
		return true
	}
	return false
}

// likeOurs is the trace of a phone's address with a secret: a number, "?", the
// name of a secret, its value and "@", the signs perhaps encoded.
var likeOurs = regexp.MustCompile(`(?i)[0-9][ ")]*(\?|%3F|\+3F|=3F)[^<>]*(pass[a-z]*|pwd|key)\s*(=|%3D|\+3D)[^<>]*(@|%40|\+40|=40)`)

// text scrubs a field that holds no addresses by its nature, but may quote one:
// Subject, Received, Thread-Topic.
func (s Scrubber) text(value string) string {
	out := s.angles(value)
	decoded := decodeWords(out)
	suspect := likeOurs.MatchString(decoded)
	for _, known := range s.Known {
		suspect = suspect || strings.Contains(decoded, known)
	}
	if suspect {
		return masked(out)
	}
	return out
}

// angles cleans the addresses that stand in angle brackets.
func (s Scrubber) angles(value string) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(value, '<')
		if open < 0 {
			break
		}
		end := closingAngle(value[open:])
		if end < 0 {
			break
		}
		inside := value[open+1 : open+end]
		if clean, secret := Clean(s.Phones, unfold(inside)); secret {
			inside = clean
		}
		out.WriteString(value[:open+1] + inside + ">")
		value = value[open+end+1:]
	}
	out.WriteString(value)
	return out.String()
}

// addresses scrubs a list of addresses. If one of them is not understood, or the
// list cannot be taken apart, all secrets in it are masked instead.
func (s Scrubber) addresses(value string) string {
	pieces := splitList(value)
	for i, p := range pieces {
		if !hides(p) {
			continue
		}
		clean, ok := s.address(p)
		if !ok {
			return masked(value)
		}
		pieces[i] = clean
	}
	if out := strings.Join(pieces, ""); !hides(out) {
		return out
	}
	return masked(value)
}

// address scrubs one piece of a list: white space, perhaps a display name, an
// address, and the separator behind it.
func (s Scrubber) address(piece string) (string, bool) {
	lead := piece[:len(piece)-len(strings.TrimLeft(piece, " \t\r\n"))]
	core := piece[len(lead):]
	tail := core[len(strings.TrimRight(core, " \t\r\n,;")):]
	core = core[:len(core)-len(tail)]

	if open := topLevel(core, '<'); open >= 0 {
		end := closingAngle(core[open:])
		if end < 0 {
			return "", false
		}
		inside := core[open+1 : open+end]
		if hides(inside) {
			clean, secret := Clean(s.Phones, unfold(inside))
			if !secret {
				return "", false
			}
			inside = clean
		}
		return lead + s.name(core[:open]) + "<" + inside + ">" + masked(core[open+end+1:]) + tail, true
	}
	if clean, secret := Clean(s.Phones, unfold(core)); secret {
		return lead + clean + tail, true
	}
	if colon := topLevel(core, ':'); colon >= 0 { // the first of a group
		if clean, ok := s.address(core[colon+1:]); ok {
			return lead + masked(core[:colon+1]) + clean + tail, true
		}
	}
	return "", false
}

// name scrubs what stands before the angle bracket: a display name, perhaps
// behind the name of a group.
func (s Scrubber) name(raw string) string {
	if !hides(raw) {
		return raw
	}
	name := decodeWords(unquoteName(unfold(raw)))
	if clean, secret := Clean(s.Phones, name); secret {
		name = strings.ReplaceAll(clean, `"`, "")
	} else {
		name = phone.Redact(name)
	}
	if !isASCII(name) {
		return encoded(name) + " "
	}
	return `"` + quoting.Replace(name) + `" `
}
