package imap

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/mailbridge"
)

func TestParseResults(t *testing.T) {
	t.Parallel()
	const gmail = `mx.google.com; dkim=pass header.i=@example.org header.s=s1 header.b=a/b+c=; spf=pass (google.com: domain of john@example.org designates 192.0.2.1 as permitted sender) smtp.mailfrom=john@example.org; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.org`
	for _, c := range []struct {
		value  string
		server string
		want   string // methods, results and header.from
	}{
		{gmail, "mx.google.com", "dkim=pass spf=pass dmarc=pass,example.org"},
		{`mx.example.org; none`, "mx.example.org", ""},
		{`mx.example.org 1; none`, "mx.example.org", ""},
		{`(a (nested; dmarc=pass) comment) mx.example.org (x) 1 (y) ; dmarc (z) = (\)) pass (q) header (1) . (2) from (3) = (4) Example.ORG (5)`, "mx.example.org", "dmarc=pass,Example.ORG"},
		{`"mx.example.org"; dmarc/1=pass reason="it = \"aligned\"; header.from=evil.example" header.from=example.org`, "mx.example.org", "dmarc=pass,example.org"},
		{`mx.example.org;dmarc=pass policy.dmarc=none header.from="example.org";`, "mx.example.org", "dmarc=pass,example.org"},
		{`mx.example.org; auth=pass (plain) smtp.auth=john smtp.mailfrom=john@example.org; dmarc=fail header.from=example.org`, "mx.example.org", "auth=pass dmarc=fail,example.org"},
	} {
		r, err := parseResults(c.value)
		var got []string
		for _, m := range r.methods {
			s := m.method + "=" + m.result
			if from := m.properties["header.from"]; from != "" {
				s += "," + from
			}
			got = append(got, s)
		}
		if err != nil || r.server != c.server || strings.Join(got, " ") != c.want {
			t.Errorf("%s:\n%q %q %v, want %q %q", c.value, r.server, got, err, c.server, c.want)
		}
	}
	for _, bad := range []string{
		"", ";", "dmarc=pass", "spf=pass (x) smtp.mailfrom=a; dmarc=pass header.from=example.org",
		"mx.example.org 2; dmarc=pass header.from=example.org",
		"mx.example.org; dmarc=pass header.from=example.org header.from=example.com",
		"mx.example.org; dmarc=pass header.from=example.org (", `mx.example.org; dmarc=pass reason="`,
		"mx.example.org; dmarc", "mx.example.org; dmarc=", "mx.example.org; dmarc=pass header.from",
		"mx.example.org; dmarc=pass header.from=example.org, x",
	} {
		if r, err := parseResults(bad); err == nil {
			t.Errorf("%q is understood as %+v", bad, r)
		}
	}
}

func TestProved(t *testing.T) {
	t.Parallel()
	const (
		from = "From: John <john@example.org>\n"
		pass = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\n"
	)
	for _, c := range []struct {
		name, header, want string
	}{
		{"pass", pass + from, "john@example.org"},
		{"any case", "AUTHENTICATION-RESULTS: MX.Example.Org; DMARC=Pass HEADER.FROM=Example.Org.\nFrom: john@EXAMPLE.org\n", "john@EXAMPLE.org"},
		{"folded", "Authentication-Results: mx.example.org;\n\tdmarc=pass\n header.from=example.org\n" + from, "john@example.org"},
		{"other fields between", "Authentication-Results: other.example; dmarc=fail header.from=example.org\n" + pass + from, "john@example.org"},

		{"none", from, ""},
		{"another server's", "Authentication-Results: mx.example.com; dmarc=pass header.from=example.org\n" + from, ""},
		{"fail", "Authentication-Results: mx.example.org; dmarc=fail header.from=example.org\n" + from, ""},
		{"forged below", "Authentication-Results: mx.example.org; dmarc=none header.from=example.org\n" + pass + from, ""},
		{"forged below a field without DMARC", "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.org\n" + pass + from, ""},
		{"forged below a broken field", "Authentication-Results: mx.example.org; dmarc=(\n" + pass + from, ""},
		{"twice, once failed", "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org\n" + from, ""},
		{"another domain", "Authentication-Results: mx.example.org; dmarc=pass header.from=example.com\n" + from, ""},
		{"the domain above", "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\nFrom: john@sub.example.org\n", ""},
		{"in a comment", "Authentication-Results: mx.example.org; spf=pass (dmarc=pass header.from=example.org)\n" + from, ""},
		{"in a reason", `Authentication-Results: mx.example.org; spf=pass reason="; dmarc=pass header.from=example.org"` + "\n" + from, ""},
		{"without a server", "Authentication-Results: dmarc=pass header.from=example.org\n" + from, ""},
		{"two From fields", pass + from + "From: eve@example.org\n", ""},
		{"two authors", pass + "From: john@example.org, eve@example.org\n", ""},
		{"a group", pass + "From: Us: john@example.org;\n", ""},
		{"an address for a name", pass + "From: john@example.org <eve@example.com>\n", ""},
		{"quoted address for a name", pass + `From: "john@example.org" <eve@example.com>` + "\n", ""},
		{"no From", pass, ""},
	} {
		m, err := mailbridge.Read(strings.NewReader(c.header + "\nx\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := proved(m.Header, "mx.example.org"); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, ok, c.want)
		}
		if got, ok := proved(m.Header, ""); ok {
			t.Errorf("%s: without a server that is believed, %q is proved", c.name, got)
		}
	}
}

func FuzzParseResults(f *testing.F) {
	f.Add(`mx.example.org; dmarc=pass (p=none) header.from=example.org`)
	f.Add(`"a\"b" 1; none`)
	f.Add(`(((x; a/1=b reason="y" c.d=@e f.g="h"@i`)
	f.Fuzz(func(t *testing.T, value string) {
		r, err := parseResults(value)
		if err != nil {
			return
		}
		if r.server == "" {
			t.Errorf("%q has no server", value)
		}
		// A comment says nothing, wherever it stands.
		again, err := parseResults("(dmarc=pass)" + value + " (; dmarc=pass header.from=example.org)")
		if err != nil || len(again.methods) != len(r.methods) || again.passes("example.org") != r.passes("example.org") {
			t.Errorf("%q with comments: %+v, %v; without: %+v", value, again, err, r)
		}
	})
}
