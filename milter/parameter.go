package milter

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// parameter gives the value of a parameter among NUL-separated ones; "" if it is
// not there.
func parameter(all, name string) string {
	for p := range strings.SplitSeq(all, "\x00") {
		if n, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// notify reads NOTIFY as a set (RFC 3461 §4.1).
func notify(value string) smsengine.Notify {
	var n smsengine.Notify
	for keyword := range strings.SplitSeq(strings.ToUpper(value), ",") {
		switch keyword {
		case "NEVER":
			n |= smsengine.NotifyNever
		case "SUCCESS":
			n |= smsengine.NotifySuccess
		case "FAILURE":
			n |= smsengine.NotifyFailure
		case "DELAY":
			n |= smsengine.NotifyDelay
		}
	}
	return n
}

// original decodes ORCPT (RFC 3461 §4.2, RFC 6533 §3) to the address in it; what
// is malformed or of another kind of network is "".
func original(value string) string {
	kind, addr, ok := strings.Cut(value, ";")
	if !ok {
		return ""
	}
	switch strings.ToLower(kind) {
	case "rfc822":
		return unxtext(addr)
	case "utf-8":
		return unescape(addr)
	}
	return ""
}

// orcpt makes the parameter of an address.
func orcpt(addr string) string {
	ascii := !strings.ContainsFunc(addr, func(r rune) bool { return r >= utf8.RuneSelf })
	var b strings.Builder
	for _, r := range addr {
		switch {
		case r > ' ' && r < 0x7f && r != '+' && r != '=' && (ascii || r != '\\'):
			b.WriteRune(r)
		case ascii:
			fmt.Fprintf(&b, "+%02X", r)
		default:
			fmt.Fprintf(&b, `\x{%02X}`, r)
		}
	}
	if ascii {
		return "ORCPT=rfc822;" + b.String()
	}
	return "ORCPT=utf-8;" + b.String()
}

// publicOriginal is an ORCPT without secrets, and whether there was one in it.
func publicOriginal(p *phone.Parser, addr string) (public string, secret bool) {
	if clean, secret := mailbridge.Clean(p, addr); secret {
		return clean, true
	}
	public = phone.Redact(addr)
	return public, public != addr
}

// unxtext decodes xtext (RFC 3461 §4). A "+" that encodes nothing stands for
// itself: not every MTA encodes it.
func unxtext(s string) string {
	if !strings.Contains(s, "+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				out = append(out, c...)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// unescape decodes the \x{HEX} of utf-8-addr-xtext and utf-8-addr-unitext.
func unescape(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		digits, rest, ok := strings.Cut(after, "}")
		v, err := strconv.ParseUint(digits, 16, 21)
		if !ok || err != nil || !utf8.ValidRune(rune(v)) {
			b.WriteString(`\x{`)
			s = after
			continue
		}
		b.WriteRune(rune(v))
		s = rest
	}
}
