package tpdu

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	their "github.com/warthog618/sms/encoding/tpdu"

	"github.com/postel-mail/postel/smsengine/sms"
)

func TestStrictWriting(t *testing.T) {
	submit := func(change func(*Submit)) *Submit {
		s := &Submit{To: Address{TOA: International, Value: "15555550123"}}
		change(s)
		return s
	}
	for _, c := range []struct {
		name  string
		tpdu  TPDU
		field string
	}{
		{"no recipient", submit(func(s *Submit) { s.To = Address{} }), "TP-DA"},
		{"empty number", submit(func(s *Submit) { s.To.Value = "" }), "TP-DA"},
		{"a plus sign", submit(func(s *Submit) { s.To.Value = "+1555" }), "TP-DA"},
		{"a letter", submit(func(s *Submit) { s.To.Value = "1d" }), "TP-DA"},
		{"21 digits", submit(func(s *Submit) { s.To.Value = strings.Repeat("1", 21) }), "TP-DA"},
		{"12 letters", submit(func(s *Submit) { s.To = Address{Alphanumeric, "twelveletter"} }), "TP-DA"},
		{"letters that are none", submit(func(s *Submit) { s.To = Address{Alphanumeric, "\u0416"} }), "TP-DA"},
		{"type without its highest bit", submit(func(s *Submit) { s.To.TOA = 0x11 }), "TP-DA"},
		{"reserved coding", submit(func(s *Submit) { s.DCS = 0x0c }), "TP-DCS"},
		{"reserved group", submit(func(s *Submit) { s.DCS = 0x84 }), "TP-DCS"},
		{"compressed", submit(func(s *Submit) { s.DCS = 0x20 }), "TP-DCS"},
		{"161 septets", submit(func(s *Submit) { s.Data = make([]byte, 161) }), "TP-UD"},
		{"154 septets and a header", submit(func(s *Submit) { s.UDH, s.Data = []byte{5, 0, 3, 1, 2, 1}, make([]byte, 154) }), "TP-UD"},
		{"an octet that is no septet", submit(func(s *Submit) { s.Data = []byte{0x80} }), "TP-UD"},
		{"141 octets", submit(func(s *Submit) { s.DCS, s.Data = 4, make([]byte, 141) }), "TP-UD"},
		{"half a code unit", submit(func(s *Submit) { s.DCS, s.Data = 8, make([]byte, 3) }), "TP-UD"},
		{"a broken header", submit(func(s *Submit) { s.UDH = []byte{5, 0} }), "TP-UDH"},
		{"six minutes", submit(func(s *Submit) { s.Validity = Validity{Format: Relative, For: 6 * time.Minute} }), "TP-VP"},
		{"until never", submit(func(s *Submit) { s.Validity = Validity{Format: Absolute} }), "TP-VP"},
		{"256 seconds", submit(func(s *Submit) { s.Validity = Validity{Format: Enhanced, Unit: Seconds, For: 256 * time.Second} }), "TP-VP"},
		{"a unit that is none", submit(func(s *Submit) { s.Validity = Validity{Format: Enhanced, Unit: 4} }), "TP-VP"},
		{"a format that is none", submit(func(s *Submit) { s.Validity.Format = 4 }), "TP-VPF"},
		{"sent at no time", &Deliver{From: Address{Unknown, "1"}}, "TP-SCTS"},
		{"done at no time", &StatusReport{Sent: TimestampOf(time.Now())}, "TP-DT"},
		{"a failure that is none", &DeliverReport{Failure: 5}, "TP-FCS"},
	} {
		b, err := c.tpdu.Encode()
		var e *Error
		if b != nil || !errors.As(err, &e) || e.Field != c.field || e.Octet != -1 {
			t.Errorf("%s: % X, %v", c.name, b, err)
		}
		if _, _, err := FormatLine(Address{}, c.tpdu); err == nil {
			t.Errorf("%s: a line of it", c.name)
		}
	}
	if _, _, err := FormatLine(Address{Alphanumeric, "SC"}, submit(func(*Submit) {})); err == nil {
		t.Error("a name for a service centre")
	}
}

func TestFormatLine(t *testing.T) {
	to, err := ParseAddress("+15555550123")
	if err != nil {
		t.Fatal(err)
	}
	content, err := NewContent(sms.Part{Text: "hello"}, sms.GSM7, Flash)
	if err != nil {
		t.Fatal(err)
	}
	s := &Submit{To: to, WantReport: true, RejectDuplicates: true, Validity: ValidFor(5 * 24 * time.Hour), Content: content}
	for _, c := range []struct {
		service Address
		digits  string
	}{
		{Address{}, "0035000B915155550521F30010AB05E8329BFD06"},
		{Address{International, "15555550199"}, "0791515555" + "0591F9" + "35000B915155550521F30010AB05E8329BFD06"},
	} {
		digits, length, err := FormatLine(c.service, s)
		if err != nil || digits != c.digits || length != 19 {
			t.Errorf("%s, %d, %v, want %s", digits, length, err, c.digits)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for number, want := range map[string]Address{
		"+15555550123": {0x91, "15555550123"}, "5550123": {0x81, "5550123"}, "12345": {0x81, "12345"},
		"*100#": {0x81, "*100#"}, "0123": {0x81, "0123"},
	} {
		if got, err := ParseAddress(number); err != nil || got != want || got.String() != number {
			t.Errorf("%s: %+v, %v", number, got, err)
		}
	}
	for _, number := range []string{"", "+", "+1 555", "ACME", "++1", "+123456789012345678901", "1\u0662"} {
		if a, err := ParseAddress(number); err == nil {
			t.Errorf("%q: %+v", number, a)
		}
	}
}

func TestValidity(t *testing.T) {
	for octet := range 256 {
		d := duration(byte(octet))
		if got := ValidFor(d); got.For != d || steps(d) != byte(octet) {
			t.Errorf("%#x is %v, which becomes %v and %#x", octet, d, got.For, steps(d))
		}
		if octet > 0 {
			if before := ValidFor(d - time.Second); before.For != duration(byte(octet-1)) {
				t.Errorf("just below %v: %v", d, before.For)
			}
		}
	}
	for d, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Minute, 7200 * time.Minute: 7200 * time.Minute, 25 * time.Hour: 24 * time.Hour,
		10 * 365 * day: longest,
	} {
		if got := ValidFor(d); got.Format != Relative || got.For != want {
			t.Errorf("%v: %+v", d, got)
		}
	}
	if got := ValidFor(0); got != (Validity{}) {
		t.Errorf("none: %+v", got)
	}
}

// All 256 coding schemes, against the other library and the standard's own words.
func TestDCS(t *testing.T) {
	alphabets := []sms.Alphabet{sms.GSM7, sms.Binary, sms.UCS2}
	for i := range 256 {
		d, theirs := DCS(i), their.DCS(i)
		if a, err := theirs.Alphabet(); err == nil && d.Alphabet() != alphabets[a] {
			t.Errorf("%#02x: %v, %v there", i, d.Alphabet(), a)
		}
		if c, err := theirs.Class(); err == nil && c != their.MClassUnknown && d.Class() != Class(c) {
			t.Errorf("%#02x: class %v, %v there", i, d.Class(), c)
		}
		if d.Compressed() != theirs.Compressed() {
			t.Errorf("%#02x: compressed %v", i, d.Compressed())
		}
	}
	for d, want := range map[DCS]struct {
		alphabet sms.Alphabet
		class    Class
		reserved bool
	}{
		0x00: {sms.GSM7, NoClass, false}, 0x0c: {sms.GSM7, NoClass, true}, 0x10: {sms.GSM7, Flash, false}, 0x1a: {sms.UCS2, InSIM, false},
		0x03: {sms.GSM7, NoClass, false}, 0x54: {sms.Binary, Flash, false}, 0x84: {sms.GSM7, NoClass, true}, 0xbf: {sms.GSM7, NoClass, true},
		0xc8: {sms.GSM7, NoClass, false}, 0xe0: {sms.UCS2, NoClass, false}, 0xe4: {sms.UCS2, NoClass, true}, 0xf0: {sms.GSM7, Flash, false},
		0xf7: {sms.Binary, InComputer, false}, 0xf8: {sms.GSM7, Flash, true},
	} {
		if d.Alphabet() != want.alphabet || d.Class() != want.class || d.Reserved() != want.reserved {
			t.Errorf("%#02x: %v %v %v", byte(d), d.Alphabet(), d.Class(), d.Reserved())
		}
	}
	if !DCS(0x51).Deletes() || DCS(0x11).Deletes() || DCS(0xd1).Deletes() {
		t.Error("marked for deletion")
	}
}

func TestPurpose(t *testing.T) {
	port := func(to byte) []byte { return []byte{6, 5, 4, 0x0b, to, 0x23, 0xf0} }
	for _, c := range []struct {
		name string
		Content
		want Purpose
	}{
		{"a text", Content{}, ForReading},
		{"a text that flashes", Content{DCS: 0x10}, ForReading},
		{"a text in UCS-2 kept on the SIM", Content{DCS: 0x1a}, ForReading},
		{"a part of a text", Content{UDH: []byte{5, 0, 3, 1, 2, 1}}, ForReading},
		{"octets", Content{DCS: 0x04}, ForApp},
		{"WAP push", Content{DCS: 0x04, UDH: port(0x84)}, ForWAP},
		{"secure WAP push, in text", Content{UDH: port(0x85)}, ForWAP},
		{"a port", Content{DCS: 0x04, UDH: port(0x86)}, ForApp},
		{"a text to a port", Content{UDH: []byte{4, 4, 2, 240, 241}}, ForApp},
		{"voicemail", Content{DCS: 0xc8}, ForMailbox},
		{"voicemail in the header", Content{UDH: []byte{4, 1, 2, 0x80, 3}}, ForMailbox},
		{"for the SIM", Content{DCS: 0xf6}, ForSIM},
		{"for the SIM, by protocol", Content{PID: 0x7f}, ForSIM},
		{"silent", Content{PID: 0x40}, ForNothing},
		{"a mail", Content{PID: 0x32}, ForMail},
		{"compressed", Content{DCS: 0x20}, ForApp},
	} {
		if got := c.Purpose(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestHeader(t *testing.T) {
	c := Content{UDH: []byte{15, 0, 3, 9, 2, 1, 5, 4, 0x0b, 0x84, 0x23, 0xf0, 1, 2, 0x81, 7}}
	if got, ok := c.Concat(); !ok || got != (sms.Concat{Ref: 9, Total: 2, Seq: 1}) {
		t.Errorf("concat: %v %v", got, ok)
	}
	if got, ok := c.Ports(); !ok || got != (Ports{To: 2948, From: 9200}) {
		t.Errorf("ports: %v %v", got, ok)
	}
	if got, ok := c.Waiting(); !ok || got != (Waiting{Kind: Fax, Active: true, Store: true, Count: 7}) {
		t.Errorf("waiting: %+v %v", got, ok)
	}
	if got := c.OwnHeader(); !slices.Equal(got, append([]byte{10}, c.UDH[6:]...)) {
		t.Errorf("own: % X", got)
	}
	alone := Content{UDH: []byte{6, 8, 4, 1, 2, 2, 2}}
	if got := alone.OwnHeader(); got != nil {
		t.Errorf("own of a part: % X", got)
	}
	broken := Content{UDH: []byte{8, 0, 3, 9, 2, 1, 5, 9, 1}}
	if got, ok := broken.Concat(); !ok || got.Ref != 9 {
		t.Errorf("concat before a broken element: %v %v", got, ok)
	}
	none := Content{UDH: []byte{0}}
	if got, ok := none.Concat(); ok || none.OwnHeader() != nil {
		t.Errorf("an empty header: %v", got)
	}
	if got, ok := DCS(0xda).Waiting(); !ok || got != (Waiting{Kind: Email, Active: true, Store: true, Count: -1}) {
		t.Errorf("waiting by coding: %+v %v", got, ok)
	}
}

// A text as it is cut into parts arrives as it was, in every alphabet and with national tables.
func TestSplitTextsArrive(t *testing.T) {
	for _, text := range []string{
		"", "hello", strings.Repeat("{[~]} ", 70), strings.Repeat("Grüße € ", 40), strings.Repeat("\U0001f600é", 90),
		strings.Repeat("ğüşıöç ", 50), strings.Repeat("नमस्ते ", 60),
	} {
		for _, o := range []sms.Options{{Ref: 77}, {Ref: 0x1234, Ref16: true}, {Ref: 5, Languages: sms.Languages()}} {
			split, err := sms.SplitText(text, o)
			if err != nil {
				t.Fatal(err)
			}
			var received []sms.Received
			for _, part := range split.Parts {
				content, err := NewContent(part, split.Alphabet, NoClass)
				if err != nil {
					t.Fatalf("%q: %v", part.Text, err)
				}
				s := &Submit{To: Address{Unknown, "123"}, Content: content}
				b, err := s.Encode()
				if err != nil {
					t.Fatal(err)
				}
				read, flaws, err := Decode(b, MobileOriginated)
				if err != nil || len(flaws) > 0 {
					t.Fatalf("% X: %v %v", b, flaws, err)
				}
				c := read.(*Submit)
				text, err := c.Text()
				if err != nil {
					t.Fatal(err)
				}
				concat, found := c.Concat()
				if found != (len(split.Parts) > 1) || found && (concat.Ref != o.Ref || concat.Ref16 != o.Ref16) {
					t.Errorf("%+v", concat)
				}
				received = append(received, sms.Received{Seq: max(concat.Seq, 1), Total: max(concat.Total, 1), Text: text})
			}
			if joined, missing := sms.Join(received); joined != text || missing != nil {
				t.Errorf("%q became %q, without %v", text, joined, missing)
			}
		}
	}
	if _, err := NewContent(sms.Part{Text: "\u0416"}, sms.GSM7, NoClass); err == nil {
		t.Error("a letter that the alphabet lacks")
	}
	if _, err := (Content{DCS: 4, Data: []byte("hello")}).Text(); !errors.Is(err, ErrNoText) {
		t.Errorf("octets as text: %v", err)
	}
}
