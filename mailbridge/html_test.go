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
		{"link to mail", `<a href="mailto:info@example.org?subject=Hello%20you">Write to us</a>, <a href="mailto:x@example.org?subject=a">X@example.org</a>`, "Write to us (info@example.org), X@example.org"},
		{"link to a phone", `<a href="tel:+1555%20555-0123">+1 (555) 555-0123</a> <a href="tel:+15555550123">call</a>`, "+1 (555) 555-0123 call (+15555550123)"},
		{"link to what www stands before", `<a href="https://www.example.org/a/">example.org/a</a>`, "example.org/a"},
		{"link that is wrapped for protection", `<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fa&amp;data=05%7C02%7C&amp;reserved=0">plan</a>`, "plan (https://example.org/a)"},
		{"a stranger's protection", `<a href="https://x.example.com/?u=.safelinks.protection.outlook.com/&amp;url=https%3A%2F%2Fexample.org">plan</a>`, "plan (https://x.example.com/?u=.safelinks.protection.outlook.com/&url=https%3A%2F%2Fexample.org)"},
		{"pixels", `a<img alt="track" width="1" height=1 src=x>b<img alt=t style="width:0;height:0px" src=y>`, "ab"},
		{"preheader", `<div style="max-height:0;overflow:hidden">preview</div><span style="opacity: 0">o</span><div style='visibility:hidden'>v</div><td style="font-size:0px"><p style="font-size:14px">words`, "words"},
		{"Outlook's lines", `<p class=MsoNormal>One<o:p></o:p></p><p class=MsoNormal>two<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>three<o:p></o:p></p>`, "One\ntwo\n\nthree"},
		{"Outlook's smileys", `<p class=MsoNormal>Thanks <span style='font-family:Wingdings'>J</span> see J<o:p></o:p></p>`, "Thanks :-) see J"},
		{"Outlook's lists", `<p class=MsoListParagraph><span style='font-family:"Courier New"'><span style='mso-list:Ignore'>o<span style='font:7.0pt "Times New Roman"'>&nbsp; </span></span></span>milk o</p>` +
			`<p class=MsoListParagraph><span style='mso-list:Ignore'>2.<span>&nbsp; </span></span>bread</p>`, "- milk o\n2. bread"},
		{"OWA's lines", `<p style="margin-top:0; margin-bottom:0">One</p><p style="margin-top:0; margin-bottom:0">two</p><p style="margin-top:0; margin-bottom:0"><br></p><p style="margin: 0px;">three</p>`, "One\ntwo\n\nthree"},
		{"Apple's lines", `<div>One</div><div><br class=""></div><div>two<br></div><div>three</div>`, "One\n\ntwo\nthree"},
		{"indented, not quoted", `<div>a</div><blockquote style="margin: 0 0 0 40px; border: none; padding: 0px;"><div>b</div></blockquote><div>c</div>`, "a\nb\nc"},
		{"cited", `mine<blockquote type="cite" style="border:none">theirs</blockquote><blockquote class="gmail_quote" style="border:none">older</blockquote>`, "mine\n> theirs\n> older"},
		{"Yahoo's quote", `mine<div id="yahoo_quoted_1" class="yahoo_quoted"><div><div>On Monday, x wrote:</div><div>theirs</div></div></div><div>below</div>`, "mine\n> On Monday, x wrote:\n> theirs\nbelow"},
		{"GMX's quote", `mine<div name="quote" style="border-left:2px solid"><div><b>Von:</b> x</div><div name="quoted-content">theirs</div></div>`, "mine\n> Von: x\n> theirs"},
		{"OWA's answer", `<div>mine</div><hr><div id="divRplyFwdMsg" dir="ltr"><font><b>Von:</b> X &lt;x@example.org&gt;<br><b>Gesendet:</b> Montag<br></font><div>&nbsp;</div></div><div>theirs</div>`,
			"mine\n________________________________\nVon: X <x@example.org>\nGesendet: Montag\ntheirs"},
		{"Outlook's answer", `<p class=MsoNormal>mine</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> X<br><b>Sent:</b> Monday</p></div></div><p class=MsoNormal>theirs</p>`,
			"mine\n________________________________\nFrom: X\nSent: Monday\ntheirs"},
		{"table", "<table><tr><th>Train</th><th>Time</th></tr><tr><td> 5 </td><td><p>10:29</p></td></tr></table>after", "Train | Time\n5 | 10:29\n\nafter"},
		{"table for layout", "<table><tr><td></td><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"},
		{"quote", "mine<blockquote>theirs<blockquote>older</blockquote></blockquote>", "mine\n> theirs\n> > older"},
		{"preformatted", "<pre>\na  b\n  c</pre>d", "a  b\n  c\nd"},
		{"hidden", `<div style="display: none">preview<div>x</div></div>a<span hidden>b</span>c<img style="display:none" src=x>d`, "acd"},
		{"hidden and never closed", `<div style="display:none">all there is`, "all there is"},
		{"characters for layout", "a&shy;b&zwnj;c\u200b\u034f\u034fd", "abcd"},
		{"joiners that join", "<p>می\u200cخواهم 👩\u200d👧 &zwj; x", "می\u200cخواهم 👩\u200d👧 x"},
		{"a preview's padding", "<div>Hi&#847;&zwnj;&nbsp;&#8199;&#65279;&#847;&zwnj;&nbsp;&#8199;</div>there", "Hi\nthere"},
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
		"text/html; charset=us-ascii":   "<meta charset=koi8-r><p>\xf0\xd2\xc9\xd7\xc5\xd4",
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
