package phone

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	p := site(b)
	for _, c := range []struct{ name, addr string }{
		{"home", home},
		{"quoted", mail},
		{"parameters", `"sms:+15551234567?user=john%example.org&pass=123&maxmsgs=3"@example.org`},
		{"national", `555-123-4567@sms.example.org`},
		{"other", "john@example.org"},
		{"elsewhere", "john@example.com"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = p.Parse(c.addr)
			}
		})
	}
}

// The repeated pieces are what makes a careless search quadratic: time per octet must be the same for both sizes.
func BenchmarkRedact(b *testing.B) {
	run := func(name, text string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Redact(text)
			}
		})
	}
	run("nothing", "Received: from mx.example.com (mx.example.com [192.0.2.1]) by mail.example.org (Postfix) with ESMTPS id 4XyZ12; keep it")
	run("address", `to=<"sms:+15551234567?user=john&pass=123"@example.org>, relay=sms`)
	for _, piece := range []string{"?pass=x ", "?pass=", "key=\"", "?key=\\\"", "k%2525", "pass \t\r\n ", "%25"} {
		run("32K"+piece, strings.Repeat(piece, 1<<15/len(piece)))
		run("1M"+piece, strings.Repeat(piece, 1<<20/len(piece)))
	}
}
