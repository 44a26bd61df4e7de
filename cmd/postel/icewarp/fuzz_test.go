package icewarp

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzLines(f *testing.F) {
	for _, seed := range []string{
		"alerts:alertpwd:office:Monitoring:100:7:1795168800:30:46387:0\r\n", "::office::5\n\n", "\xef\xbb\xbfa:b:c\rd:e", "\xff\xfea\x00:\x00\n\x00",
		"caf\xe9:p\xe4ss:::1:2:3:4:5:1", "a:b:c:d:e:f:g:h:i:j:k:l:m", "a:::::-1:::99999999:", strings.Repeat(":", 5000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, problems := parseFile("f", data, office)
		if len(records)+len(problems) > 1+strings.Count(decode(data), "\n")+strings.Count(decode(data), "\r") {
			t.Errorf("%d records and %d problems in fewer lines", len(records), len(problems))
		}
		for _, r := range records {
			switch {
			case r.Line < 1 || r.Limit < 0 || r.Sent < 0 || r.Previous < 0:
				t.Errorf("%+v", r)
			case !utf8.ValidString(r.User + r.Gateway + r.Description + string(r.Expires)):
				t.Errorf("%+v is not UTF-8", r)
			case r.Expires != "" && len(r.Expires) != len("2026-12-31"):
				t.Errorf("%+v expires on no day", r)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.What == "" || p.Remedy == "" {
				t.Errorf("%+v says too little", p)
			}
		}
	})
}

func FuzzGateways(f *testing.F) {
	for _, seed := range []string{
		"<S><ITEM><ID>office</ID><TYPE>GSM</TYPE></ITEM></S>", `<?xml version="1.0" encoding="windows-1252"?><A id="x"/>`, "<A><B></A>", "<A>&lt;&unknown;</A>", "<ID>", "<CLIENTCERT/>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, _ := parseGateways(data)
		for _, g := range found {
			if g.ID == "" || len([]rune(g.ID)) > 81 || strings.ContainsAny(g.ID+g.Type+g.Description, "\n\r\x1b") {
				t.Errorf("%+v", g)
			}
		}
	})
}
