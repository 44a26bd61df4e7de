package milter

import (
	"fmt"
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

// orcpt makes the parameter of what [transport.Original] read.
func orcpt(original string) string {
	kind, addr, _ := strings.Cut(original, ";")
	ascii := kind != "utf-8" && !strings.ContainsFunc(addr, func(r rune) bool { return r >= utf8.RuneSelf })
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
		return "ORCPT=" + kind + ";" + b.String()
	}
	return "ORCPT=utf-8;" + b.String()
}

// publicOriginal is an ORCPT without secrets, and whether there was one in it.
func publicOriginal(p *phone.Parser, original string) (public string, secret bool) {
	kind, addr, _ := strings.Cut(original, ";")
	if clean, secret := mailbridge.Clean(p, addr); secret {
		return kind + ";" + clean, true
	}
	public = phone.Redact(original)
	return public, public != original
}
