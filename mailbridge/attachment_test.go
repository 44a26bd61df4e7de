package mailbridge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/postel-mail/postel/smsengine"
)

// listed writes attachments as the tests show them.
func listed(files []smsengine.Attachment) string {
	var all []string
	for _, f := range files {
		all = append(all, fmt.Sprintf("%s %s %d", f.Name, f.Type, f.Size))
	}
	return strings.Join(all, "; ")
}

func TestAttachments(t *testing.T) {
	const (
		mixed   = "Content-Type: multipart/mixed; boundary=aa"
		related = "Content-Type: multipart/related; boundary=cc"
		alt     = "Content-Type: multipart/alternative; boundary=bb"
		pdf     = "Content-Type: application/pdf; name=plan.pdf"
		png     = "Content-Type: image/png"
		file    = "Content-Disposition: attachment"
	)
	for _, test := range []struct {
		name string
		mail string
		want string
		text string
	}{
		{"one", eml(mixed, "", "--aa", "", "words", "--aa", pdf, "Content-Transfer-Encoding: base64", file+"; filename=plan.pdf", "", "JVBERi0xLjQ=", "--aa--"),
			"plan.pdf application/pdf 8", "words"},
		{"the whole mail", eml(pdf, "", "%PDF"), "plan.pdf application/pdf 6", ""},
		{"text with a file name", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: text/plain", "Content-Disposition: inline; filename=log.txt", "", "log", "--aa--"),
			"log.txt text/plain 3", "words"},
		{"the text itself, named", eml(mixed, "", "--aa", "Content-Type: text/plain; name=body.txt", "", "words", "--aa--"), "", "words"},
		{"text that Exchange named", eml(mixed, "", "--aa", "", "words", "--aa", pdf, "", "x", "--aa", "Content-Type: text/plain; name=ATT00001.txt", file+"; filename=ATT00001.txt", "", "more", "--aa--"),
			"plan.pdf application/pdf 1", "words\nmore"},
		{"text around a picture", eml(mixed, "", "--aa", "", "above", "--aa", "Content-Type: image/jpeg; name=IMG_1.jpeg", "Content-Disposition: inline; filename=IMG_1.jpeg", "", "x", "--aa", "", "below", "--aa--"),
			"IMG_1.jpeg image/jpeg 1", "above\nbelow"},
		{"a page's picture", eml(related, "", "--cc", "Content-Type: text/html", "", "<p>words<img src='cid:logo@x'>", "--cc", png, "Content-ID: <logo@x>", "", "x", "--cc--"), "", "words"},
		{"a page's picture, called an attachment", eml(mixed, "", "--aa", related, "", "--cc", "Content-Type: text/html", "", `<img src="cid:logo@x">words`, "--cc--",
			"--aa", png+"; name=a.png", "Content-ID: <logo@x>", file, "", "x", "--aa--"), "", "words"},
		{"a picture beside a page", eml(related, "", "--cc", "Content-Type: text/html", "", "words", "--cc", png+"; name=a.png", "Content-ID: <other@x>", file, "", "x", "--cc--"),
			"a.png image/png 1", "words"},
		{"a signature's logo", eml(mixed, "", "--aa", "", "words", "--aa", png+"; name=image001.png", "Content-Disposition: inline; filename=image001.png", "", "x", "--aa--"), "", "words"},
		{"a page's picture, beside plain text", eml(alt, "", "--bb", "", "words", "--bb", related, "", "--cc", "Content-Type: text/html", "", "<img src=cid:1>words", "--cc", png+"; name=b.png", "Content-ID: <1>", "", "x", "--cc--", "--bb--"), "", "words"},
		{"Apple Mail's alternative", eml(alt, "", "--bb", "", "words", "--bb", mixed, "", "--aa", "Content-Type: text/html", "", "words", "--aa", pdf, file+"; filename=plan.pdf", "", "x", "--aa", "Content-Type: text/html", "", "<br>", "--aa--", "--bb--"),
			"plan.pdf application/pdf 1", "words"},
		{"signatures", eml("Content-Type: multipart/signed; boundary=aa", "", "--aa", "", "words", "--aa", "Content-Type: application/pkcs7-signature; name=smime.p7s", file, "", "x", "--aa--"), "", "words"},
		{"keys and cards", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: application/pgp-keys; name=key.asc", file, "", "x", "--aa", "Content-Type: text/vcard; name=john.vcf", file, "", "x", "--aa--"),
			"john.vcf text/vcard 1", "words"},
		{"an attached mail", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: message/rfc822", "", "From: x", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe/\\Hi?=", "", "theirs", "--aa--"),
			"Hi.eml message/rfc822 59", "words"},
		{"an attached mail with a name", eml(mixed, "", "--aa", "", "words", "--aa", `Content-Type: message/rfc822; name="Old.eml"`, "", "Subject: x", "", "theirs", "--aa--"), "Old.eml message/rfc822 20", "words"},
		{"an attached mail without subject", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: message/rfc822", "", "", "theirs", "--aa--"), " message/rfc822 8", "words"},
		{"a report's mail", eml("Content-Type: multipart/report; boundary=aa; report-type=delivery-status", "", "--aa", "", "Sorry", "--aa", "Content-Type: message/delivery-status", "", "Action: failed",
			"--aa", "Content-Type: message/rfc822", "", "Subject: x", "", "theirs", "--aa--"), "", "Sorry"},
		{"appledouble", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: multipart/appledouble; boundary=dd", "", "--dd", "Content-Type: application/applefile; name=plan.pdf", "", "x", "--dd", pdf, "", "y", "--dd--", "--aa--"),
			"plan.pdf application/pdf 1", "words"},
		{"an invitation as a file", eml(mixed, "", "--aa", alt, "", "--bb", "", "words", "--bb", "Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VEVENT", "SUMMARY:x", "END:VEVENT", "--bb--",
			"--aa", "Content-Type: application/ics; name=invite.ics", file, "", "x", "--aa--"), "invite.ics application/ics 1", "words"},
		{"what an AMP page is", eml(alt, "", "--bb", "", "words", "--bb", "Content-Type: text/x-amp-html", "", "x", "--bb--"), "", "words"},
		{"nothing, without a name", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: application/octet-stream", "", "--aa--"), "", "words"},
		{"uuencoded in the text", eml("", "See", "begin 644 a/notes.txt", "#0V%T", "`", "end", "Bye"), "notes.txt application/octet-stream 3", "See\nBye"},
		{"uuencoded, the encoding of a part", eml(mixed, "", "--aa", "", "words", "--aa", "Content-Type: image/gif; name=a.gif", "Content-Transfer-Encoding: x-uuencode", "", "begin 644 a.gif", "#0V%T", "`", "end", "--aa--"),
			"a.gif image/gif 3", "words"},
		{"a beginning of one's own", eml("", "begin 100 pushups", "please"), "", "begin 100 pushups\nplease"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := read(t, test.mail)
			if got := listed(m.Attachments); got != test.want || m.Body != test.text {
				t.Errorf("got  %q, text %q\nwant %q, text %q", got, m.Body, test.want, test.text)
			}
		})
	}
}

func TestFileNames(t *testing.T) {
	for header, want := range map[string]string{
		`filename=plan.pdf`:                                                   "plan.pdf",
		`filename="the plan; v2.pdf"`:                                         "the plan; v2.pdf",
		`filename=the plan (2).pdf`:                                           "the plan (2).pdf",
		`filename="C:\\Users\\john\\plan.pdf"`:                                "plan.pdf",
		`filename="C:\Users\john\plan.pdf"`:                                   "plan.pdf",
		`filename="../../etc/passwd"`:                                         "passwd",
		`filename=".."`:                                                       "",
		`filename="a\"b.pdf"`:                                                 `a"b.pdf`,
		`filename="never closed.pdf`:                                          "never closed.pdf",
		`filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf`:                                "Grüße.pdf",
		`filename*=iso-8859-1'de'Gr%FC%DFe.pdf`:                               "Grüße.pdf",
		`filename*=koi8-r''%F0%D2%C9%D7%C5%D4`:                                "Привет",
		`filename*="utf-8''quoted%20it.pdf"`:                                  "quoted it.pdf",
		`filename*=Gr%C3%BC%C3%9Fe.pdf`:                                       "Grüße.pdf",
		`filename*=utf-8''100%`:                                               "100%",
		`filename*0="a long "; filename*1="name.pdf"`:                         "a long name.pdf",
		`filename*1="name.pdf"; filename*0="a long "`:                         "a long name.pdf",
		`filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=".pdf"`: "Grüße.pdf",
		`filename*0*=utf-8''%C3; filename*1*=%BC`:                             "ü",
		`filename*0=a; filename*99999999999=b`:                                "a",
		`filename=fallback.pdf; filename*=utf-8''Gr%C3%BC`:                    "Grü",
		`filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="`:                             "Grüße.pdf",
		`filename==?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=`:                            "Grüße.pdf",
		`filename="=?utf-8?Q?a_long_?= =?utf-8?Q?name.pdf?="`:                 "a long name.pdf",
		`filename="=?iso-2022-jp?B?GyRCJDM=?==?iso-2022-jp?B?JDMbKEI=?="`:     "ここ",
		"filename=\"Gr\xfc\xdfe.pdf\"":                                        "Grüße.pdf",
		"filename=\"Grüße.pdf\"":                                              "Grüße.pdf",
		"filename=\"a\x00b\x1b.pdf\"":                                         "a b .pdf",
		"filename=\"invoice\u202efdp.exe\"":                                   "invoicefdp.exe",
		`filename="` + strings.Repeat("ü", 300) + `.pdf"`:                     strings.Repeat("ü", 98) + ".pdf",
		`filename=""`: "",
	} {
		m := read(t, eml("Content-Type: application/pdf", "Content-Disposition: attachment; "+header, "", "x"))
		if len(m.Attachments) != 1 || m.Attachments[0].Name != want {
			t.Errorf("%s: got %+v, want %q", header, m.Attachments, want)
		}
	}
}

// memoryShelf keeps what it is given.
type memoryShelf struct {
	files map[string]string
	fail  error
	limit int64 // takes no more than so many octets of a file, 0 for all
}

func (s *memoryShelf) Put(name, mediaType string, content io.Reader) (string, error) {
	if s.fail != nil {
		return "", s.fail
	}
	if s.limit > 0 {
		content = io.LimitReader(content, s.limit)
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return "", err
	}
	if s.files == nil {
		s.files = make(map[string]string)
	}
	s.files[name] = mediaType + " " + string(data)
	return "https://sms.example.org/a/" + name, nil
}

func TestShelf(t *testing.T) {
	raw := eml("Content-Type: multipart/mixed; boundary=aa", "", "--aa", "", "words", "--aa", "Content-Type: application/pdf; name=plan.pdf",
		"Content-Transfer-Encoding: base64", "", "JVBERi0xLjQ=", "--aa", "Content-Type: text/csv; name=t.csv", "Content-Transfer-Encoding: quoted-printable", "", "a;=C3=BC=", ";b", "--aa", "", "more", "--aa--")
	shelf := &memoryShelf{}
	m, err := Reader{Shelf: shelf}.Read(iotest.OneByteReader(strings.NewReader(raw)))
	if err != nil || m.Body != "words\nmore" || m.Size != int64(len(raw)) {
		t.Fatalf("got %q, %d, %v", m.Body, m.Size, err)
	}
	if shelf.files["plan.pdf"] != "application/pdf %PDF-1.4" || shelf.files["t.csv"] != "text/csv a;ü;b" {
		t.Errorf("kept %q", shelf.files)
	}
	if len(m.Attachments) != 2 || m.Attachments[0] != (smsengine.Attachment{Name: "plan.pdf", Type: "application/pdf", Size: 8, URL: "https://sms.example.org/a/plan.pdf"}) {
		t.Errorf("listed %+v", m.Attachments)
	}

	shelf = &memoryShelf{limit: 2}
	m, err = Reader{Shelf: shelf}.Read(strings.NewReader(raw))
	if err != nil || m.Attachments[0].Size != 8 || m.Body != "words\nmore" {
		t.Errorf("a shelf that takes little: %+v, %v", m, err)
	}
}

func TestShelfFails(t *testing.T) {
	raw := eml("Content-Type: application/pdf", "", strings.Repeat("%PDF\n", 10_000))
	full := errors.New("no space left on /var/lib/postel")
	in := &counted{r: strings.NewReader(raw)}
	_, err := Reader{Shelf: &memoryShelf{fail: full}}.Read(in)
	status := smsengine.StatusOf(err)
	if !errors.Is(err, full) || status.Class != smsengine.Temporary || status.Code != "4.3.1" || strings.Contains(status.Text, "/var") {
		t.Errorf("got %+v, %v", status, err)
	}
	if in.n != int64(len(raw)) {
		t.Errorf("the mail was not read to its end: %d of %d", in.n, len(raw))
	}
	broken := errors.New("connection lost")
	shelf := &memoryShelf{}
	_, err = Reader{Shelf: shelf}.Read(io.MultiReader(strings.NewReader(raw), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(shelf.files) != 0 || smsengine.StatusOf(err).Code == "4.3.1" {
		t.Errorf("a mail that broke off: %v, kept %d", err, len(shelf.files))
	}
}

// discardShelf reads what it is given, and notes how much memory is in use.
type discardShelf struct{ peak uint64 }

func (s *discardShelf) Put(_, _ string, content io.Reader) (string, error) {
	buf := make([]byte, 32<<10)
	for n := 0; ; n++ {
		if _, err := content.Read(buf); err == io.EOF {
			return "", nil
		} else if err != nil {
			return "", err
		}
		if n%2000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.peak = max(s.peak, m.HeapAlloc)
		}
	}
}

// A mail of 25 MB passes through a few hundred kilobytes.
func TestLargeAttachmentsAreNotInMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for name, head := range map[string]string{
		"base64":           "Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		"quoted-printable": "Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		"8bit":             "Content-Type: image/png; name=a.png\r\n\r\n",
		"uuencode":         "\r\nSee\r\nbegin 644 a.png\r\n",
		"mail":             "Content-Type: multipart/mixed; boundary=aa\r\n\r\n--aa\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			shelf := &discardShelf{}
			m, err := Reader{Shelf: shelf}.Read(endless("Subject: x\r\n"+head, "M"+strings.Repeat("QUJD", 15)+"\r\n", 25<<20))
			runtime.ReadMemStats(&after)
			if err != nil || len(m.Attachments) != 1 || m.Attachments[0].Size < 8<<20 {
				t.Fatalf("got %+v, %v", m.Attachments, err)
			}
			heap, total := shelf.peak-min(before.HeapAlloc, shelf.peak), after.TotalAlloc-before.TotalAlloc
			t.Logf("%d octets of content: heap grew by %d KiB, %d KiB were allocated", m.Attachments[0].Size, heap>>10, total>>10)
			if total > 2<<20 {
				t.Errorf("allocated %d KiB", total>>10)
			}
		})
	}
}

func TestTooManyAttachments(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(eml("Content-Type: multipart/mixed; boundary=aa", ""))
	for range maxFiles + 20 {
		b.WriteString(eml("--aa", "Content-Type: application/pdf; name=a.pdf", "", "x"))
	}
	if m := read(t, b.String()); len(m.Attachments) != maxFiles {
		t.Errorf("%d", len(m.Attachments))
	}
}
