package mailbridge

import (
	"fmt"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Pattern says what the mail address of a phone looks like. "%s" stands for the
// number: "%s@sms.example.org", "sms:%s@example.org", or with a display name
// `"Text from %s" <%s@sms.example.org>`.
type Pattern struct {
	name   string // display name, "%s" if the pattern gave none
	local  string
	domain string
}

// ParsePattern reads a pattern. One without "@" is completed with the domain.
func ParsePattern(s, domain string) (Pattern, error) {
	fail := func(why string) (Pattern, error) {
		return Pattern{}, fmt.Errorf("sender pattern %q: %s", s, why)
	}
	p := Pattern{name: "%s"}
	addr := strings.TrimSpace(s)
	if open := strings.LastIndexByte(addr, '<'); open >= 0 {
		if !strings.HasSuffix(addr, ">") {
			return fail("there is no > at its end")
		}
		p.name = strings.Trim(strings.TrimSpace(addr[:open]), `"`)
		addr = addr[open+1 : len(addr)-1]
	}
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		addr, at = addr+"@"+domain, len(addr)
	}
	p.local, p.domain = strings.Trim(addr[:at], `"`), strings.ToLower(addr[at+1:])
	switch {
	case strings.Count(p.local, "%s") != 1:
		return fail("the part before @ must hold %s, which stands for the number, once")
	case p.domain == "" || strings.ContainsAny(p.domain, "%<>\"@,;:() \t\r\n"):
		return fail("it has no domain, and none is configured")
	case strings.Contains(strings.ReplaceAll(p.local+p.name, "%s", ""), "%"):
		return fail("only %s may follow a %")
	case strings.ContainsFunc(p.local+p.name, unicode.IsControl):
		return fail("it holds control characters")
	case !isASCII(p.local + p.domain):
		return fail("the address must be ASCII")
	}
	return p, nil
}

// maxLocal is the longest local part (RFC 5321 §4.5.3.1.1).
const maxLocal = 64

// Address gives the mail address of a phone, without angle brackets, quoted as
// RFC 5321 §4.1.2 needs. What is no number gets one that leads nowhere.
func (p Pattern) Address(to smsengine.Address) string {
	if !isNumber(to.Value) {
		return p.mute(to)
	}
	return quoteLocal(strings.Replace(p.local, "%s", to.Value, 1)) + "@" + p.domain
}

// mute gives an address for a sender who cannot be answered: what it is called,
// with hexadecimal octets after "=" for all but letters, digits and hyphens,
// follows [phone.Mute]. Postel takes bounces there, and refuses all else.
func (p Pattern) mute(from smsengine.Address) string {
	local := phone.Mute + encodeLocal(from.Value, maxLocal-len(phone.Mute)-len(p.local))
	return quoteLocal(strings.Replace(p.local, "%s", local, 1)) + "@" + p.domain
}

// isNumber reports whether it is a number: E.164 or a short code.
func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return digits != "" && len(digits) <= 20 && strings.Trim(digits, "0123456789") == ""
}

// isShort reports whether a number is a short code, which the network knows and
// not everybody may send texts to.
func isShort(s string) bool { return isNumber(s) && s[0] != '+' && len(s) <= maxShort }

// maxShort is the longest short code, in digits.
const maxShort = 6

// encodeLocal writes a name as an atom of at most n characters.
func encodeLocal(s string, n int) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c, piece := s[i], ""
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' {
			piece = string(rune(c))
		} else {
			piece = fmt.Sprintf("=%02X", c)
		}
		if b.Len()+len(piece) > n {
			break
		}
		b.WriteString(piece)
	}
	if b.Len() == 0 {
		return "unknown"
	}
	return b.String()
}

// quoteLocal quotes a local part unless it is a dot-atom (RFC 5321 §4.1.2).
func quoteLocal(local string) string {
	atoms := local != "" && local[0] != '.' && !strings.HasSuffix(local, ".") && !strings.Contains(local, "..")
	for i := 0; i < len(local) && atoms; i++ {
		c := local[i]
		atoms = c >= utf8.RuneSelf || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' ||
			strings.IndexByte(".!#$%&'*+-/=?^_`{|}~", c) >= 0
	}
	if atoms {
		return local
	}
	return `"` + quoting.Replace(local) + `"`
}

var (
	quoting   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	unquoting = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
)

// path gives a mailbox, its local part quoted or not, as it stands between angle brackets
// in an envelope or a header; "" if it cannot stand there.
func path(mailbox string) string {
	at := strings.LastIndexByte(mailbox, '@')
	if at <= 0 || at == len(mailbox)-1 || !utf8.ValidString(mailbox) {
		return ""
	}
	local, domain := mailbox[:at], mailbox[at+1:]
	if strings.ContainsFunc(mailbox, unicode.IsControl) ||
		strings.ContainsAny(domain, " <>\"\\,;:()") {
		return ""
	}
	if len(local) > 1 && local[0] == '"' && strings.HasSuffix(local, `"`) {
		local = unquoting.Replace(local[1 : len(local)-1])
	}
	if local == "" {
		return ""
	}
	return quoteLocal(local) + "@" + domain
}

// mailbox writes an address field: display name and path.
func (w *writer) mailbox(field, name, path string) {
	switch {
	case name == "":
		w.raw(field, path)
		return
	case isASCII(name):
		name = `"` + quoting.Replace(oneLine(name)) + `"`
	default:
		name = mime.BEncoding.Encode("utf-8", oneLine(name))
	}
	w.raw(field, name+" <"+path+">")
}
