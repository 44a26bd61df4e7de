package mailbridge

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// eml makes a mail of lines: the test data of this package is written with LF
// and read with CRLF, as it comes over the wire.
func eml(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\r\n") + "\r\n"
}

func read(t testing.TB, raw string) Mail {
	t.Helper()
	m, err := Read(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return m
}

func TestBody(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for _, test := range []struct {
		name string
		mail string
		want string
	}{
		{"plain", eml("Subject: x", "", "Call me"), "Call me"},
		{"LF line ends", "Subject: x\n\nCall\nme\n", "Call\nme"},
		{"no line end at the end", "Subject: x\r\n\r\nCall me", "Call me"},
		{"no header at all", eml("", "Call me"), "Call me"},
		{"a body that follows the header without blank line", eml("Subject: x", "Call me now", "please"), "Call me now\nplease"},
		{"mbox separator", eml("From john@example.org Mon Jan  5 10:11:12 2026", "Subject: x", "", "Call me"), "Call me"},
		{"empty", "", ""},
		{"header only", "Subject: x\r\n", ""},
		{"blank lines", eml("", "", "", "a", "", "", "", "b  ", "", ""), "a\n\nb"},
		{"control characters", eml("", "a\x00b\x1b[1mc\td"), "ab[1mc\td"},
		{"lone CR", "\r\na\rb\r\n", "a\nb"},

		{"quoted-printable", eml("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: Quoted-Printable", "",
			"Gr=C3=BC=C3=9Fe =3D 5 =E2=82=", "=AC  ", "end=", ""), "Grüße = 5 €\nend"},
		{"broken quoted-printable", eml("Content-Transfer-Encoding: quoted-printable", "", "50=% =ZZ =3d = x="), "50=% =ZZ = = x"},
		{"base64", eml("Content-Transfer-Encoding: BASE64", "", b64([]byte("Call me tomorrow"))), "Call me tomorrow"},
		{"broken base64", eml("Content-Transfer-Encoding: base64", "", "Q2Fs!bCB", " tZSB0b21", "vcnJvdw"), "Call me tomorrow"},
		{"joined base64", eml("Content-Transfer-Encoding: base64", "", b64([]byte("Call me"))+b64([]byte(" tomorrow"))), "Call me tomorrow"},
		{"base64, and a list's footer", eml("Content-Transfer-Encoding: base64", "", b64([]byte("Call me tomorrow, or the day after it\n"))[:48], b64([]byte("Call me tomorrow, or the day after it\n"))[48:], "", "____________________", "Talk to me -- talk@example.org", "bye"),
			"Call me tomorrow, or the day after it\n____________________\nTalk to me -- talk@example.org\nbye"},
		{"unknown encoding", eml("Content-Transfer-Encoding: x-uu", "", "Call me"), "Call me"},

		{"Latin-1", eml("Content-Type: text/plain; charset=ISO-8859-1", "", "Gr\xfc\xdfe"), "Grüße"},
		{"windows-1252 called Latin-1", eml("Content-Type: text/plain; charset=iso-8859-1", "", "5 \x80"), "5 €"},
		{"UTF-8 called Latin-1", eml("Content-Type: text/plain; charset=iso-8859-1", "", "Grüße"), "Grüße"},
		{"UTF-8 called ASCII", eml("Content-Type: text/plain; charset=us-ascii", "", "Grüße"), "Grüße"},
		{"Latin-1 called UTF-8", eml("Content-Type: text/plain; charset=utf-8", "", "Gr\xfc\xdfe"), "Grüße"},
		{"one broken octet in UTF-8", eml("Content-Type: text/plain; charset=utf-8", "", "Grüße aus K\xf6ln, schöne"), "Grüße aus K\uFFFDln, schöne"},
		{"UTF-8 called Shift_JIS", eml("Content-Type: text/plain; charset=shift_jis", "", "Grüße ½"), "Grüße ½"},
		{"unknown charset", eml("Content-Type: text/plain; charset=x-martian", "", "Grüße"), "Grüße"},
		{"no charset", eml("", "Gr\xfc\xdfe"), "Grüße"},
		{"KOI8-R", eml("Content-Type: text/plain; charset=koi8-r", "", "\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет"},
		{"ISO-2022-JP", eml("Content-Type: text/plain; charset=ISO-2022-JP", "", "\x1b$B$3$s$K$A$O\x1b(B"), "こんにちは"},
		{"Shift_JIS", eml("Content-Type: text/plain; charset=Shift_JIS", "", "\x82\xb1\x82\xf1"), "こん"},
		{"GBK called gb2312", eml("Content-Type: text/plain; charset=gb2312", "", "\xc4\xe3\xba\xc3\x81\x40"), "你好丂"},
		{"Big5", eml("Content-Type: text/plain; charset=big5", "", "\xa7\x41\xa6\x6e"), "你好"},
		{"UTF-16", eml("Content-Type: text/plain; charset=utf-16le", "Content-Transfer-Encoding: base64", "",
			b64([]byte("H\x00i\x00\x3d\xd8\x00\xde"))), "Hi😀"},
		{"byte order mark", eml("", "\ufeffHi"), "Hi"},
		{"decomposed", eml("", "e\u0301te\u0301"), "été"},
		{"emoji", eml("Content-Type: text/plain; charset=utf-8", "", "👩\u200d👩\u200d👧"), "👩\u200d👩\u200d👧"},

		{"flowed", eml("Content-Type: text/plain; format=flowed", "", "This is one ", "paragraph.", "", " >not a quote"), "This is one paragraph.\n\n>not a quote"},
		{"flowed, delsp", eml("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes", "", "日本 ", "語"), "日本語"},
		{"flowed, signature", eml("Content-Type: text/plain; format=flowed", "", "Words ", "-- ", "John"), "Words"},
		{"malformed type", eml("Content-Type: text/plain; charset=iso-8859-1; ; format", "", "Gr\xfc\xdfe"), "Grüße"},
		{"nonsense type", eml("Content-Type: hello", "", "Call me"), "Call me"},
		{"no words", eml("Content-Type: application/pdf", "", "%PDF-1.4"), ""},
		{"attachment", eml("Content-Type: text/plain", "Content-Disposition: attachment; filename=a.txt", "", "noise"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := read(t, test.mail).Body; got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestMultipart(t *testing.T) {
	const (
		mixed = "Content-Type: multipart/mixed; boundary=aa"
		alt   = "Content-Type: multipart/alternative; boundary=bb"
		plain = "Content-Type: text/plain"
		page  = "Content-Type: text/html"
		pdf   = "Content-Type: application/pdf"
	)
	for _, test := range []struct {
		name string
		mail string
		want string
	}{
		{"alternative", eml(alt, "", "preamble", "--bb", plain, "", "words", "--bb", page, "", "<b>page</b>", "--bb--", "epilogue"), "words"},
		{"alternative, HTML first", eml(alt, "", "--bb", page, "", "<b>page</b>", "--bb", plain, "", "words", "--bb--"), "words"},
		{"alternative, blank text", eml(alt, "", "--bb", plain, "", "  ", "--bb", page, "", "<b>page</b>", "--bb--"), "page"},
		{"attachment first", eml(mixed, "", "--aa", pdf, "", "%PDF", "--aa", plain, "", "words", "--aa--"), "words"},
		{"list footer", eml(mixed, "", "--aa", page, "", "<p>page", "--aa", plain, "", "unsubscribe", "--aa--"), "page\nunsubscribe"},
		{"text attached", eml(mixed, "", "--aa", plain, "Content-Disposition: attachment", "", "noise", "--aa", plain, "", "words", "--aa--"), "words"},
		{"nested", eml(mixed, "", "--aa", alt, "", "--bb", plain, "", "words", "--bb", page, "", "page", "--bb--", "--aa", pdf, "", "%PDF", "--aa--"), "words"},
		{"related in alternative, text last", eml(alt, "", "--bb", "Content-Type: multipart/related; boundary=cc", "",
			"--cc", page, "", "page", "--cc", "Content-Type: image/png", "", "x", "--cc--", "--bb", plain, "", "words", "--bb--"), "words"},
		{"inner never closed", eml(mixed, "", "--aa", alt, "", "--bb", plain, "", " ", "--aa", plain, "", "words", "--aa--"), "words"},
		{"never closed", eml(mixed, "", "--aa", plain, "", "words"), "words"},
		{"cut in the header of a part", eml(mixed, "", "--aa", "Content-Ty"), "Content-Ty"},
		{"part without header", eml(mixed, "", "--aa", "", "words", "--aa--"), "words"},
		{"part without header and blank line", eml(mixed, "", "--aa", "words of mine", "--aa--"), "words of mine"},
		{"malformed header of a part", eml(mixed, "", "--aa", plain, "no field", "", "words", "--aa--"), "no field\n\nwords"},
		{"no boundary parameter", eml("Content-Type: multipart/mixed", "", "preamble", "--zz", plain, "", "words", "--zz--"), "words"},
		{"no boundary at all", eml("Content-Type: multipart/mixed; boundary=zz", "", "words"), "words"},
		{"boundary a prefix of another", eml(mixed, "", "--aa", "Content-Type: multipart/mixed; boundary=aab", "", "--aab", plain, "", "words", "--aab--", "--aa--"), "words"},
		{"same boundary twice", eml(mixed, "", "--aa", mixed, "", "--aa", plain, "", "words", "--aa--", "--aa--"), "words"},
		{"quoted boundary", eml(`Content-Type: multipart/mixed; boundary="=_x y?:/"`, "", "--=_x y?:/", plain, "", "words", "--=_x y?:/--"), "words"},
		{"text that looks like a boundary", eml(mixed, "", "--aa", plain, "", "--a", "--aaa", "words", "--aa--"), "--a\n--aaa\nwords"},
		{"forwarded as attachment", eml(mixed, "", "--aa", "Content-Type: message/rfc822", "", plain, "", "theirs", "--aa", plain, "", "mine", "--aa--"), "mine"},
		{"signed", eml("Content-Type: multipart/signed; boundary=aa; micalg=x", "", "--aa", plain, "", "words", "--aa", "Content-Type: application/pgp-signature", "", "x", "--aa--"), "words"},
		{"only attachments", eml("Subject: the subject", mixed, "", "--aa", pdf, "", "%PDF", "--aa--"), ""},
		{"too deep", deep(1000), ""},
		{"deep", deep(maxDepth), "words"},
		{"too many parts", eml(mixed, "") + strings.Repeat("--aa\r\nContent-Type: image/png\r\n\r\nx\r\n", 100_000) + eml("--aa", "", "words"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := read(t, test.mail).Body; got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// deep nests a text in n multiparts.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		mark := strings.Repeat("b", i%60) + strings.Repeat("c", i/60+1)
		b.WriteString("Content-Type: multipart/mixed; boundary=" + mark + "\r\n\r\n--" + mark + "\r\n")
	}
	return b.String() + "\r\nwords\r\n"
}

func TestFacts(t *testing.T) {
	m := read(t, eml(
		"Received: from x",
		"Message-Id: <a1@example.org>",
		"references: <r1@example.org>\t<r2@example.org>",
		" <r3@example.org>",
		"In-Reply-To: <r4@example.org> (John's mail)",
		"Subject: =?utf-8?B?R3LDvMOfZQ==?= =?iso-8859-1?q?_aus_K=F6ln?=",
		" =?utf-8?Q?=F0=9F=98?= =?utf-8?Q?=80?=",
		"From: =?utf-8?q?J=C3=B6?= <joe@example.org>, x@example.org",
		"Date: Mon, 05 Jan 2026 10:11:12 +0100 (CET)",
		"Auto-Submitted: No",
		"Content-Type: Text/Plain",
		"X-Postel-Ticket: one", "X-Postel-Ticket: two", "",
		"hi"))
	if m.MessageID != "a1@example.org" || m.InReplyTo != "r4@example.org" {
		t.Errorf("Message-ID %q, In-Reply-To %q", m.MessageID, m.InReplyTo)
	}
	if got := strings.Join(m.References, " "); got != "r1@example.org r2@example.org r3@example.org r4@example.org" {
		t.Errorf("References %q", got)
	}
	if m.Subject != "Grüße aus Köln😀" {
		t.Errorf("Subject %q", m.Subject)
	}
	if m.From != "joe@example.org" || m.Date.Unix() != 1767604272 || m.Type != "text/plain" {
		t.Errorf("From %q, Date %v, Type %q", m.From, m.Date, m.Type)
	}
	if got := m.Header.Values(TicketHeader); len(got) != 2 || got[0] != "one" || got[1] != "two" {
		t.Errorf("tickets %q", got)
	}
}

func TestSubjects(t *testing.T) {
	for raw, want := range map[string]string{
		"Gr\xfc\xdfe":                        "Grüße",
		"Grüße":                              "Grüße",
		"=?x-martian?Q?a=FC?=":               "aü",
		"=?utf-8?X?a?=":                      "=?utf-8?X?a?=",
		"=?utf-8?Q?a=0D=0AB:_c?=":            "a B: c",
		"=?ISO-2022-JP?B?GyRCJDMkcxsoQg==?=": "こん",
		"a  \t b":                            "a b",
	} {
		if got := read(t, "Subject: "+raw+"\r\n\r\n").Subject; got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

func TestTextFallsBackToSubject(t *testing.T) {
	if got := read(t, eml("Subject: Call me", "", "-- ", "John")).Text(); got != "Call me" {
		t.Errorf("got %q", got)
	}
	if got := read(t, eml("Subject: x", "", "Call me")).Text(); got != "Call me" {
		t.Errorf("got %q", got)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("connection lost")
	for _, raw := range []string{"Sub", "Subject: x\r\n\r\nHalf a te", eml("Content-Type: image/png", "") + strings.Repeat("x", 100_000)} {
		_, err := Read(io.MultiReader(strings.NewReader(raw), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("%.20q: got error %v", raw, err)
		}
	}
}

func TestReadOneByteAtATime(t *testing.T) {
	raw := eml("Content-Type: multipart/mixed; boundary=aa", "", "--aa", "", "words", "--aa--")
	m, err := Read(iotest.OneByteReader(strings.NewReader(raw)))
	if err != nil || m.Body != "words" {
		t.Errorf("got %q, %v", m.Body, err)
	}
}

// endless is a mail of n octets that is never in memory as a whole.
func endless(head, line string, n int64) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&repeater{line: line}, n))
}

type repeater struct {
	line string
	at   int
}

func (r *repeater) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.line[r.at]
		r.at = (r.at + 1) % len(r.line)
	}
	return len(p), nil
}

// A mail eight times as large takes no more memory.
func TestLargeMailsCostLittle(t *testing.T) {
	const size = 1 << 20
	header := "Subject: x\r\n"
	for name, mail := range map[string][2]string{
		"text":       {"\r\n", "All work and no play\r\n"},
		"attachment": {"Content-Type: multipart/mixed; boundary=aa\r\n\r\n--aa\r\nContent-Type: image/png\r\n\r\n", "QUJDREVGR0g=\r\n"},
		"one line":   {"\r\n", "x"},
		"page":       {"Content-Type: text/html\r\n\r\n", "<p>x<b>"},
		"tags":       {"Content-Type: text/html\r\n\r\n", "<td><li><ol>"},
		"header":     {"", "X-A: b\r\n c\r\n"},
		"one field":  {"X: ", "b\r\n c\r\n "},
		"preamble":   {"Content-Type: multipart/mixed; boundary=aa\r\n\r\n", "no boundary\r\n"},
		"boundaries": {"Content-Type: multipart/mixed; boundary=aa\r\n\r\n", "--aa\r\n\r\n \r\n"},
		"pages":      {"Content-Type: multipart/mixed; boundary=aa\r\n\r\n", "--aa\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("<p>x<b>", 10_000) + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			cost := func(size int64) uint64 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				m, err := Read(endless(header+mail[0], mail[1], size))
				runtime.ReadMemStats(&after)
				if err != nil {
					t.Fatal(err)
				}
				if len(m.Body) > MaxText {
					t.Errorf("body of %d octets", len(m.Body))
				}
				return after.TotalAlloc - before.TotalAlloc
			}
			little, much := cost(size), cost(8*size)
			t.Logf("%d KiB, eight times as large: %d KiB", little>>10, much>>10)
			if much > 2*little+size {
				t.Errorf("allocated %d KiB, and eight times as large %d KiB", little>>10, much>>10)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(eml("Subject: =?utf-8?q?a?=", "Content-Type: multipart/alternative; boundary=bb", "", "--bb", "Content-Type: text/html; charset=koi8-r",
		"Content-Transfer-Encoding: base64", "", "PGI+eDwvYj4=", "--bb", "Content-Type: text/plain; format=flowed; delsp=yes", "", "> a ", "b", "--bb--")))
	f.Add([]byte(eml("In-Reply-To: <a@b>", "Content-Transfer-Encoding: quoted-printable", "", "x=", "=C3=A4", "On 2026 a@b wrote:", "> q", "-- ", "s")))
	f.Add([]byte(eml("Content-Type: text/html", "", "<table><tr><td><p>a<td>b</table><ol><li><a href=http://x>y</a><pre>z\n q</pre><div style='display:none'>")))
	f.Add([]byte("From x\nA\n"))
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{m.Body, m.Subject, m.Text()} {
			if s != strings.ToValidUTF8(s, "") && !strings.Contains(s, "\uFFFD") {
				t.Errorf("not UTF-8: %q", s)
			}
		}
		if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.ContainsAny(m.Body, "\r\x00") {
			t.Errorf("control characters: %q, %q", m.Subject, m.Body)
		}
		if len(m.Body) > MaxText {
			t.Errorf("body of %d octets", len(m.Body))
		}
		for _, a := range m.Attachments {
			if len(a.Name) > maxName || !utf8.ValidString(a.Name) || strings.ContainsAny(a.Name, "/\\\r\n\x00") || a.Size > int64(len(raw)) {
				t.Errorf("attachment %+v", a)
			}
		}
		if (m.Body != "" || m.Passages != nil) && m.Why != "" {
			t.Errorf("%s, but there is %q", m.Why, m.Body)
		}
		_ = m.Kind("a@example.org")
		for number, name := range NamesOf(m, testPhones) {
			if len(name) > maxNamed || !utf8.ValidString(name) || strings.ContainsAny(name+number, "\r\n\x00") {
				t.Errorf("%q is called %q", number, name)
			}
		}
		original := m.Original()
		if len(original) > maxOriginal {
			t.Errorf("original of %d octets", len(original))
		}
		again, err := Read(bytes.NewReader(original))
		if err != nil || again.MessageID != m.MessageID || again.Subject != m.Subject && isASCII(m.Header.Get("Subject")) {
			t.Errorf("the original tells another story: %q %q, was %q %q", again.MessageID, again.Subject, m.MessageID, m.Subject)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var raw bytes.Buffer
	raw.WriteString(eml("Received: from client (client [192.0.2.1]) by mx.example.org with ESMTPSA id 4X; Mon, 5 Jan 2026 10:11:12 +0100",
		"Message-ID: <a1@example.org>", "Date: Mon, 05 Jan 2026 10:11:12 +0100", "From: John <john@example.org>",
		"To: +15555550123@sms.example.org", "Subject: Hello", "MIME-Version: 1.0",
		"Content-Type: multipart/mixed; boundary=aa", "", "--aa", "Content-Type: multipart/alternative; boundary=bb", "",
		"--bb", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
		strings.Repeat("Gr=C3=BC=C3=9Fe from the meeting, call me when you are back\n", 3),
		"--bb", "Content-Type: text/html; charset=utf-8", "", strings.Repeat("<p>Hello <b>world</b></p>\n", 100), "--bb--", "--aa", "Content-Type: image/png", "Content-Transfer-Encoding: base64", ""))
	for raw.Len() < 20_000 {
		raw.WriteString(strings.Repeat("QUJD", 19) + "\r\n")
	}
	raw.WriteString("--aa--\r\n")
	b.SetBytes(int64(raw.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(raw.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

// Header fields of a stranger's making cost time in proportion to their length.
func BenchmarkHostileHeader(b *testing.B) {
	for name, value := range map[string]string{
		"separators": strings.Repeat(";", 50_000),
		"words":      strings.Repeat("=?a?Q?", 8_000),
		"quotes":     strings.Repeat(`"`, 50_001),
		"parameters": strings.Repeat(`;a="`, 12_000),
	} {
		raw := "From: " + value + "\r\nTo: " + value + "\r\nSubject: " + value + "\r\nContent-Type: x/y" + value + "\r\n\r\n"
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				NamesOf(read(b, raw), testPhones)
			}
		})
	}
}
