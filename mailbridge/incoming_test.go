package mailbridge

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// Whoever the reader knows is shown by name, with the number beside it.
func TestNamesOfSenders(t *testing.T) {
	for _, test := range []struct {
		pattern, from, name string
		shown               string
	}{
		{"", "+15555550123", "John Doe", `"John Doe (+15555550123)" <+15555550123@sms.example.org>`},
		{"", "+15555550123", `Dr. "J" <x@example.com>, y`, `"Dr. \"J\" <x@example.com>, y (+15555550123)" <+15555550123@sms.example.org>`},
		{"", "+15555550123", "Jürgen\r\nBcc: x", `=?utf-8?b?SsO8cmdlbiBCY2M6IHggKCsxNTU1NTU1MDEyMyk=?= <+15555550123@sms.example.org>`},
		{"", "+15555550123", "+15555550123", `"+15555550123" <+15555550123@sms.example.org>`},
		{`"Text from %s" <%s>`, "+15555550123", "John", `"Text from John (+15555550123)" <+15555550123@sms.example.org>`},
		{"", "ACME", "The bank", `"The bank (ACME, cannot be answered)" <noreply.ACME@sms.example.org>`},
		{"", "54321", "Parking", `"Parking (54321, cannot be answered)" <noreply.54321@sms.example.org>`},
	} {
		style := testStyle
		if test.pattern != "" {
			style.From = map[string]string{"office": test.pattern}
		}
		d := incomingDelivery()
		d.Message.From.Value, d.Message.Body.Received.Name = test.from, test.name
		l, err := newTestComposer(t, style).Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, string(l.Data))
		if got := m.Header.Get("From"); got != test.shown {
			t.Errorf("%q, %q:\n%s, want\n%s", test.from, test.name, got, test.shown)
		}
		if !strings.HasSuffix(test.shown, "<"+l.From+">") {
			t.Errorf("%q: the envelope sender is %s", test.from, l.From)
		}
	}
}

// What Postel has to say stands below the text, as a signature does, so that
// nobody takes it for the phone's words, and an answer does not repeat it.
func TestNotesOfIncoming(t *testing.T) {
	for _, test := range []struct{ from, note, language, want string }{
		{"+15555550123", "", "", "I am on my way\n"},
		{"+15555550123", "It answered one of several.", "", "I am on my way\n\n-- \nIt answered one of several.\n"},
		{"ACME", "", "", "I am on my way\n\n-- \nThis text cannot be answered: its sender has a name in place of a phone\nnumber.\n"},
		{"54321", "", "de", "I am on my way\n\n-- \nAuf diese SMS kann man von hier nicht antworten: 54321 ist eine Kurzwahl\ndes Telefonnetzes.\n"},
		{"", "Two\nlines.", "", "I am on my way\n\n-- \nThis text cannot be answered: its sender did not show a phone number.\nTwo\nlines.\n"},
	} {
		d := incomingDelivery()
		d.Message.From.Value, d.Message.Body.Received.Note, d.Message.Body.Language = test.from, test.note, test.language
		_, body, _ := bytes.Cut(compose(t, d).Data, []byte("\r\n\r\n"))
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); got != test.want {
			t.Errorf("%q: got\n%s\nwant\n%s", test.from, got, test.want)
		}
	}
}

// What is no text comes as a file under the type that its port tells.
func TestDataOfIncoming(t *testing.T) {
	card := []byte("BEGIN:VCARD\r\nN:Doe;John\r\nEND:VCARD\r\n")
	for name, test := range map[string]struct {
		udh        []byte
		text       string
		kind, file string
		says       []string
	}{
		"a business card":     {[]byte{6, 5, 4, 0x23, 0xF4, 0, 0}, "", "text/vcard", "card.vcf", []string{"business card", "06 05 04 23 F4 00 00"}},
		"a calendar entry":    {[]byte{6, 5, 4, 0x23, 0xF5, 0, 0}, "", "text/x-vcalendar", "event.vcs", []string{"calendar entry"}},
		"a push, long":        {[]byte{11, 5, 4, 0x0B, 0x84, 0, 0, 0, 3, 9, 2, 1}, "", "application/octet-stream", "push.wsp", []string{"WAP push", "(36"}},
		"another port":        {[]byte{4, 4, 2, 240, 0}, "", "application/octet-stream", "message.bin", []string{"no text", "(36", "04 04 02 F0 00"}},
		"no header":           {nil, "", "application/octet-stream", "message.bin", []string{"no text"}},
		"a header cut short":  {[]byte{6, 5, 4, 0x23}, "", "application/octet-stream", "message.bin", []string{"06 05 04 23"}},
		"with words before":   {nil, "Look", "application/octet-stream", "message.bin", []string{"Look\n\nThis message is no text."}},
		"a lonely length":     {[]byte{0}, "", "application/octet-stream", "message.bin", nil},
		"an element too long": {[]byte{3, 5, 200, 1}, "", "application/octet-stream", "message.bin", nil},
	} {
		d := incomingDelivery()
		d.Message.Body.Text, d.Message.Body.Received.Data, d.Message.Body.Received.UDH = test.text, card, test.udh
		m, err := mail.ReadMessage(bytes.NewReader(compose(t, d).Data))
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/mixed" {
			t.Fatalf("%s: %s, %v", name, kind, err)
		}
		parts := multipart.NewReader(m.Body, params["boundary"])
		words, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(words)
		for _, want := range test.says {
			if !strings.Contains(strings.ReplaceAll(string(said), "\r\n", "\n"), want) {
				t.Errorf("%s: %q does not say %q", name, said, want)
			}
		}
		file, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if kind, params, err := mime.ParseMediaType(file.Header.Get("Content-Type")); err != nil || kind != test.kind || params["name"] != test.file || file.FileName() != test.file {
			t.Errorf("%s: %s %v, %v", name, kind, params, err)
		}
		encoded, _ := io.ReadAll(file)
		if got := newTransfer("base64"); string(got.decode(got, nil, encoded)) != string(card) {
			t.Errorf("%s: the file is %q", name, encoded)
		}
		if _, err := parts.NextPart(); err != io.EOF {
			t.Errorf("%s: more parts, %v", name, err)
		}
	}
}

// Every mail of ours can be told from all others.
func TestEveryMailIsMarked(t *testing.T) {
	note := smsengine.Delivery{Message: smsengine.Message{ID: "01note", Kind: smsengine.Note, To: smsengine.Mailbox("john@example.org"), Body: smsengine.Body{Subject: "x", Text: "y"}}}
	for _, d := range []smsengine.Delivery{incomingDelivery(), reportDelivery(), note} {
		if got := read(t, string(compose(t, d).Data)).Header.Values(MessageHeader); len(got) != 1 || got[0] != string(d.Message.ID) {
			t.Errorf("%s: %q", d.Message.Kind, got)
		}
	}
}
