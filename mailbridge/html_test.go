package mailbridge

import (
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"words", "<html><head><title>No</title><style>p{}</style></head><body>One\n two&nbsp;&amp; <b>th</b>ree<script>x()</script></body>", "One two & three"},
		{"paragraphs", "<p>a</p><p>b<br>c</p><div>d</div><div>e</div>", "a\n\nb\nc\n\nd\ne"},
		{"empty paragraphs", "<p>a</p><p>&nbsp;</p><p></p><br><br><br><p>b</p>", "a\n\nb"},
		{"entities", "&lt;b&gt; &#8364; &#x1F600; &unknown;", "<b> € 😀 &unknown;"},
		{"link", `See <a href="https://example.org/a?b=1&amp;c">the plan</a>, please`, "See the plan (https://example.org/a?b=1&c), please"},
		{"link that shows itself", `<a href="https://example.org/">example.org</a> <a href="mailto:x@example.org">x@example.org</a>`, "example.org x@example.org"},
		{"link without words", `<a href="https://example.org/a"><img src="cid:1"></a>`, "https://example.org/a"},
		{"links that lead nowhere", `<a href="#top">up</a> <a href="javascript:x()">run</a> <a name=x>here</a>`, "up run here"},
		{"image", `<img alt="Logo" src=x> Hi <img src="data:x">`, "Logo Hi"},
		{"lists", "<ul><li>a<li>b<ol><li>c</li><li><p>d</p></li></ol></ul>e", "- a\n- b\n1. c\n2. d\ne"},
		{"table", "<table><tr><th>Train</th><th>Time</th></tr><tr><td> 5 </td><td><p>10:29</p></td></tr></table>after", "Train | Time\n5 | 10:29\n\nafter"},
		{"table for layout", "<table><tr><td></td><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"},
		{"quote", "mine<blockquote>theirs<blockquote>older</blockquote></blockquote>", "mine\n> theirs\n> > older"},
		{"preformatted", "<pre>\na  b\n  c</pre>d", "a  b\n  c\nd"},
		{"hidden", `<div style="display: none">preview<div>x</div></div>a<span hidden>b</span>c<img style="display:none" src=x>d`, "acd"},
		{"hidden and never closed", `<div style="display:none">all there is`, "all there is"},
		{"characters for layout", "a&shy;b&zwnj;c\u200b\u034f\u034fd", "ab\u200ccd"},
		{"comments", "a<!-- b --><![if mso]>c<![endif]>", "ac"},
		{"broken", "a<b <i>c</p></td></a></blockquote>", "ac"},
		{"cut", "a <a href='http", "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, "Content-Type: text/html; charset=utf-8\r\n\r\n"+test.page).Body
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestHTMLCharsets(t *testing.T) {
	for head, page := range map[string]string{
		"text/html; charset=iso-8859-5": "<p>\xbf\xe0\xd8\xd2\xd5\xe2",
		"text/html":                     "<meta charset=koi8-r><p>\xf0\xd2\xc9\xd7\xc5\xd4",
		"text/html;":                    "<meta charset=koi8-r><p>Привет",
	} {
		if got := read(t, "Content-Type: "+head+"\r\n\r\n"+page).Body; got != "Привет" {
			t.Errorf("%s: got %q", head, got)
		}
	}
}

func TestQuotedReplyInHTML(t *testing.T) {
	m := read(t, eml("In-Reply-To: <a@b>", "Content-Type: text/html", "",
		`<div>On my way</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, Jan 5, 2026 at 10:29 AM `+
			`&lt;<a href="mailto:x@y.org">x@y.org</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Where?</blockquote></div>`))
	if m.Body != "On my way" {
		t.Errorf("got %q", m.Body)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add(`<table><tr><td>a<td><p>b</table><ul><li><a href="http://x">y</a><pre> z`)
	f.Add(strings.Repeat("<td>x", 50) + strings.Repeat("</td>", 60))
	f.Fuzz(func(t *testing.T, page string) {
		if got := tidy(htmlText(page)); len(got) > MaxText+8*len(page)+100 {
			t.Errorf("%d octets of %d", len(got), len(page))
		}
	})
}
