package modem

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

var (
	someone = tpdu.Address{TOA: tpdu.International, Value: "15555550123"}
	sent    = time.Date(2026, 7, 4, 12, 30, 5, 0, time.FixedZone("", 2*60*60))
)

// octets writes a TPDU with the modem's own service centre in front.
func octets(t *testing.T, message tpdu.TPDU) (pdu string, length int) {
	t.Helper()
	pdu, length, err := tpdu.FormatLine(tpdu.Address{}, message)
	if err != nil {
		t.Fatal(err)
	}
	return pdu, length
}

func text(t *testing.T, words string, a sms.Alphabet, c tpdu.Class) *tpdu.Deliver {
	t.Helper()
	content, err := tpdu.NewContent(sms.Part{Text: words}, a, c)
	if err != nil {
		t.Fatal(err)
	}
	return &tpdu.Deliver{From: someone, Sent: tpdu.TimestampOf(sent), Content: content}
}

// What becomes of the texts that networks send.
func TestReceivedTexts(t *testing.T) {
	whole := func(words string) smsengine.IncomingPart {
		return smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: words, Seq: 1, Total: 1, Sent: sent}
	}
	data := func(d, udh []byte) smsengine.IncomingPart {
		p := whole("")
		p.Data, p.UDH = d, udh
		return p
	}
	with := func(p smsengine.IncomingPart, change func(*smsengine.IncomingPart)) smsengine.IncomingPart {
		change(&p)
		return p
	}
	plain := func(change func(*tpdu.Deliver)) *tpdu.Deliver {
		d := text(t, "hello", sms.GSM7, tpdu.NoClass)
		change(d)
		return d
	}
	for _, c := range []struct {
		name    string
		came    *tpdu.Deliver
		want    smsengine.IncomingPart
		nothing string
	}{
		{name: "text", came: text(t, "Grüße, 10 €", sms.GSM7, tpdu.NoClass), want: whole("Grüße, 10 €")},
		{name: "flash", came: text(t, "now", sms.GSM7, tpdu.Flash), want: whole("now")},
		{name: "UCS-2", came: text(t, "до завтра 👍🏽", sms.UCS2, tpdu.NoClass), want: whole("до завтра 👍🏽")},
		{
			name: "part, 8 bits", came: plain(func(d *tpdu.Deliver) { d.UDH = []byte{5, 0, 3, 200, 3, 2} }),
			want: with(whole("hello"), func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 200, 2, 3 }),
		},
		{
			name: "part, 16 bits", came: plain(func(d *tpdu.Deliver) { d.UDH = []byte{6, 8, 4, 1, 200, 3, 2} }),
			want: with(whole("hello"), func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 456, 2, 3 }),
		},
		{
			name: "part that counts wrongly", came: plain(func(d *tpdu.Deliver) { d.UDH = []byte{5, 0, 3, 200, 3, 4} }),
			want: whole("hello"),
		},
		{
			name: "part of data", came: plain(func(d *tpdu.Deliver) {
				d.DCS, d.Data, d.UDH = 0x04, []byte{1, 2, 3}, []byte{11, 5, 4, 0x0b, 0x84, 0x23, 0xf0, 0, 3, 9, 2, 1}
			}),
			want: with(data([]byte{1, 2, 3}, []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}), func(p *smsengine.IncomingPart) { p.Ref, p.Seq, p.Total = 9, 1, 2 }),
		},
		{
			name: "data without class", came: plain(func(d *tpdu.Deliver) { d.DCS, d.Data = 0x04, []byte{0, 0xff} }),
			want: data([]byte{0, 0xff}, nil),
		},
		{
			name: "mail by a gateway", came: plain(func(d *tpdu.Deliver) { d.PID = 0x32 }),
			want: whole("hello"),
		},
		{
			name: "from a name", came: plain(func(d *tpdu.Deliver) { d.From = tpdu.Address{TOA: tpdu.Alphanumeric, Value: "My Bank"} }),
			want: with(whole("hello"), func(p *smsengine.IncomingPart) { p.From = smsengine.Phone("My Bank") }),
		},
		{
			name: "from a short code", came: plain(func(d *tpdu.Deliver) { d.From = tpdu.Address{TOA: tpdu.Unknown, Value: "70707"} }),
			want: with(whole("hello"), func(p *smsengine.IncomingPart) { p.From = smsengine.Phone("70707") }),
		},
		{
			name: "from a name of line ends", came: plain(func(d *tpdu.Deliver) { d.From = tpdu.Address{TOA: tpdu.Alphanumeric, Value: "\r\n"} }),
			want: with(whole("hello"), func(p *smsengine.IncomingPart) { p.From = smsengine.Phone("unknown") }),
		},
		{name: "voicemail, to be kept", came: plain(func(d *tpdu.Deliver) { d.DCS = 0xd8 }), want: whole("hello")},
		{name: "voicemail, without words", came: plain(func(d *tpdu.Deliver) { d.DCS, d.Data = 0xd8, nil }), nothing: "mailbox"},
		{name: "voicemail, to be forgotten", came: plain(func(d *tpdu.Deliver) { d.DCS = 0xc8 }), nothing: "mailbox"},
		{
			name: "voicemail by its header, to be kept", came: plain(func(d *tpdu.Deliver) { d.UDH = []byte{4, 1, 2, 0x80, 3} }),
			want: whole("hello"),
		},
		{name: "type 0", came: plain(func(d *tpdu.Deliver) { d.PID = 0x40 }), nothing: "type 0"},
		{name: "for the SIM card", came: plain(func(d *tpdu.Deliver) { d.PID, d.DCS = 0x7f, 0xf6 }), nothing: "SIM card"},
	} {
		t.Run(c.name, func(t *testing.T) {
			it, err := readItem(octets(t, c.came))
			if err != nil {
				t.Fatal(err)
			}
			if c.nothing != "" {
				if it.text != nil || it.report != nil || !strings.Contains(it.nothing, c.nothing) {
					t.Fatalf("it is %+v", it)
				}
				return
			}
			if it.text == nil || it.cut || it.ours || it.name == (fingerprint{}) {
				t.Fatalf("it is %+v", it)
			}
			if got := *it.text; !got.Sent.Equal(c.want.Sent) || got.Text != c.want.Text || got.From != c.want.From {
				t.Errorf("it is %+v", got)
			} else if got.Sent = c.want.Sent; !reflect.DeepEqual(got, c.want) {
				t.Errorf("it is %+v, want %+v", got, c.want)
			}
		})
	}
}

// Receipts, by their status.
func TestReceivedReceipts(t *testing.T) {
	report := tpdu.StatusReport{Ref: 200, To: someone, Sent: tpdu.TimestampOf(sent), Done: tpdu.TimestampOf(sent.Add(time.Minute))}
	for status, want := range map[byte]smsengine.ReceiptReport{
		0x00: {Final: smsengine.PartDelivered, Status: smsengine.Status{Code: "2.1.5"}},
		0x01: {Final: smsengine.PartDelivered, Status: smsengine.Status{Code: "2.1.9"}},
		0x22: {Final: "", Status: smsengine.Status{Class: smsengine.Temporary, Code: "4.4.1"}},
		0x43: {Final: smsengine.PartFailed, Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1"}},
		0x46: {Final: smsengine.PartFailed, Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.4.7"}},
		0x62: {Final: smsengine.PartFailed, Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.4.1"}},
		0x81: {Final: smsengine.PartFailed, Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1"}},
	} {
		r := report
		r.Status = status
		it, err := readItem(octets(t, &r))
		if err != nil || it.report == nil {
			t.Fatalf("%02x: %+v, %v", status, it, err)
		}
		got := *it.report
		if got.Reference != "200" || got.Number != smsengine.Phone("+15555550123") || got.Final != want.Final ||
			got.Status.Class != want.Status.Class || got.Status.Code != want.Status.Code || got.Status.Text == "" ||
			!strings.HasPrefix(got.Status.Diagnostic, "TP-Status 0x") {
			t.Errorf("%02x: %+v", status, got)
		}
	}
	report.OfCommand = true
	if it, err := readItem(octets(t, &report)); err != nil || it.report != nil || it.nothing == "" {
		t.Errorf("of a command: %+v, %v", it, err)
	}
}

// The same text has the same fingerprint wherever it lies, and another one has another.
func TestFingerprints(t *testing.T) {
	names := map[fingerprint]string{}
	for what, change := range map[string]func(*tpdu.Deliver){
		"itself":     func(*tpdu.Deliver) {},
		"sender":     func(d *tpdu.Deliver) { d.From.Value = "15555550124" },
		"time":       func(d *tpdu.Deliver) { d.Sent = tpdu.TimestampOf(sent.Add(time.Second)) },
		"words":      func(d *tpdu.Deliver) { d.Data = d.Data[1:] },
		"part":       func(d *tpdu.Deliver) { d.UDH = []byte{5, 0, 3, 1, 2, 1} },
		"other part": func(d *tpdu.Deliver) { d.UDH = []byte{5, 0, 3, 1, 2, 2} },
	} {
		d := text(t, "hello", sms.GSM7, tpdu.NoClass)
		change(d)
		it, err := readItem(octets(t, d))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := names[it.name]; ok {
			t.Errorf("%s and %s look the same", what, other)
		}
		names[it.name] = what
	}
	d := text(t, "hello", sms.GSM7, tpdu.NoClass)
	d.More = true // that another waits behind it is not of the text
	if it, _ := readItem(octets(t, d)); names[it.name] != "itself" {
		t.Error("it is not the same when more wait")
	}
	timeless := "00040B915155550521F30000FFFFFFFFFFFFFF05E8329BFD06"
	if it, err := readItem(timeless, -1); err != nil || it.name != (fingerprint{}) || !it.text.Sent.IsZero() {
		t.Errorf("without a time stamp: %+v, %v", it, err)
	}
}

// What is ours stays ours, what cannot be read is said to be so, and what lost its end is not taken for a whole text.
func TestOddItems(t *testing.T) {
	content, _ := tpdu.NewContent(sms.Part{Text: "draft"}, sms.GSM7, tpdu.NoClass)
	pdu, length := octets(t, &tpdu.Submit{To: someone, Content: content})
	if it, err := readItem(pdu, length); err != nil || !it.ours {
		t.Errorf("a draft: %+v, %v", it, err)
	}
	pdu, length = octets(t, text(t, strings.Repeat("word ", 20), sms.GSM7, tpdu.NoClass))
	for n := range len(pdu) {
		it, err := readItem(pdu[:n], length)
		if err == nil && !it.cut {
			t.Errorf("%d digits of %d pass for a text", n, len(pdu))
		}
	}
	for _, bad := range []string{"", "00", "xyz", hex.EncodeToString([]byte("hello"))} {
		if it, err := readItem(bad, -1); err == nil {
			t.Errorf("%q: %+v", bad, it)
		}
	}
}

// A number that came as it is dialled at home gets its country code; short codes,
// names and foreign numbers stay as they are.
func TestSendersAreCompleted(t *testing.T) {
	for _, c := range []struct {
		value  string
		toa    byte
		region string
		want   string
	}{
		{"015112345678", tpdu.Unknown, "DE", "+4915112345678"},
		{"15112345678", tpdu.National, "DE", "+4915112345678"},
		{"5555550123", tpdu.National, "US", "+15555550123"},
		{"5555550123", tpdu.Unknown, "US", "5555550123"}, // who knows
		{"+15555550123", tpdu.International, "DE", "+15555550123"},
		{"72727", tpdu.National, "US", "72727"},
		{"My Bank", tpdu.Alphanumeric, "DE", "My Bank"},
		{"015112345678", tpdu.Unknown, "", "015112345678"},
	} {
		if got := completed(smsengine.Phone(c.value), c.toa, c.region); got != smsengine.Phone(c.want) {
			t.Errorf("%s (%x) in %q is %s, want %s", c.value, c.toa, c.region, got, c.want)
		}
	}
}
